"""Whatever takes something away has a reason or a way back; one that lacks both fails here.

What takes something away is found by looking: every verb is run, and what was there before it
is looked for afterwards. A way back is run as well, and has to leave everything as it was.
"""

import re
from dataclasses import is_dataclass, replace

import pytest
from sqlalchemy import select

from core import catalog, merging, recalls, running_late, schedule, sick_day, waiting
from core.booking import ConfirmRequest, UndoRequest, confirm_by_phone, undo
from core.edits import UNDO_FOR
from core.errors import Invalid
from core.models import MADE_AGAIN, Base, Booking, Room, Service
from core.rights import RIGHTS, Answer
from tests import a
from tests.test_every_change_on_record import DOINGS, MODULES, Desk

NOW = a.at(8)
LATE = NOW + UNDO_FOR / 2

TRAIL = {"audit_entries", "booking_events", "absence_calls"}
DERIVED = {"claims"}
"""Laid anew whenever what they follow from comes back."""
ANEW = {"claims", "attendees", "confirmations", "professional_services", "date_hours", "delays"}
"""Come back as rows of their own: told by what they hold."""
STAMPS = {"version", "updated_at", "created_at", "confirmed_at", "user_id", "said_at"}
GONE = ("archived_at", "cancelled_at", "closed_at", "removed_at", "revoked_at")

REASON = ("core.booking.cancel", "core.recalls.close_recall", "core.waiting.close")
"""Asks for a reason, and refuses to do it without one."""


def restored(session, desk, kind, row):
    return catalog.restore(session, desk.admin, kind, row.id, now=LATE)


WAY_BACK = {
    "core.booking.cancel": lambda s, desk, booking, _asked: undo(
        s, desk.admin, UndoRequest(booking.id, booking.version), now=LATE
    ),
    "core.booking.groups.leave": lambda s, desk, booking, _asked: undo(
        s, desk.admin, UndoRequest(booking.id, booking.version), now=LATE
    ),
    "core.booking.take_back_confirmation": lambda s, desk, _none, asked: confirm_by_phone(
        s, desk.admin, confirmed_again(s, asked[0]), now=LATE
    ),
    "core.catalog.archive_professional": lambda s, desk, row, _asked: restored(
        s, desk, type(row), row
    ),
    "core.catalog.archive_service": lambda s, desk, row, _asked: restored(s, desk, Service, row),
    "core.catalog.archive_room": lambda s, desk, row, _asked: restored(s, desk, Room, row),
    "core.merging.merge": lambda s, desk, _kept, asked: merging.undo_merge(
        s, desk.admin, asked[0].other_id, now=LATE
    ),
    "core.recalls.close_recall": lambda s, desk, recall, _asked: recalls.reopen_recall(
        s, desk.admin, recall.id, now=LATE
    ),
    "core.running_late.say_on_time": lambda s, desk, _none, _asked: running_late.say_late(
        s, desk.admin, desk.ada.id, 20, now=LATE
    ),
    "core.schedule.remove_closure": lambda s, desk, _none, asked: schedule.put_back_closure(
        s, desk.admin, *asked, now=LATE
    ),
    "core.schedule.remove_time_off": lambda s, desk, _none, asked: schedule.put_back_time_off(
        s, desk.admin, *asked, now=LATE
    ),
    "core.schedule.withdraw_opening": lambda s, desk, _none, asked: schedule.put_back_opening(
        s, desk.admin, *asked, now=LATE
    ),
    "core.changing_hours.drop_opening": lambda s, desk, _none, asked: schedule.put_back_opening(
        s, desk.admin, *asked, now=LATE
    ),
    "core.schedule.clear_date_hours": lambda s, desk, _none, asked: schedule.close_date(
        s, desk.admin, *asked, now=LATE
    ),
    "core.sick_day.cancel_stranded": lambda s, desk, _booking, asked: opened_again(
        s, desk, asked[0]
    ),
    "core.waiting.close": lambda s, desk, entry, _asked: waiting.reopen(
        s, desk.admin, entry.id, now=LATE
    ),
    "core.catalog.withdraw_service_offer": lambda s, desk, _none, _asked: catalog.offer_service(
        s, desk.admin, catalog.OfferedService(desk.ada.id, desk.visit.id), now=LATE
    ),
    "core.catalog.set_offers": lambda s, desk, _none, _asked: catalog.set_offers(
        s,
        desk.admin,
        catalog.ServicesOffered(
            desk.ada.id,
            tuple(
                catalog.OfferedService(desk.ada.id, each.id) for each in (desk.visit, desk.group)
            ),
        ),
        now=LATE,
    ),
}
"""Done within ten minutes, it leaves everything as it was."""

NOTHING_LOST = {
    "core.catalog.archive_reason": "it stays wherever it was given, and is typed again",
    "core.catalog.merge_expertise": "the word goes on, and means the tag that is kept",
    "core.catalog.remove_logo": "whoever manages the place has it, and can show it again",
    "core.catalog.remove_portrait": "whose picture it is has it, and can show it again",
    "core.catalog.remove_tier": "refused while anybody is in it; it is typed again",
    "core.changing_hours.take_back_weekly_hours": "the hours of before stand again, to be changed",
    "core.schedule.undo_weekly_hours": "the hours of before stand again, to be changed",
    "core.merging.undo_merge": "both records are there again, and can be merged again",
    "core.recalls.close_met": "they have the visit they were to come for",
    "core.running_late.take_back_told": "takes a note back, which is noted again by one key",
    "core.waiting.accept": "they have what they waited for; the visit itself can be cancelled",
    "core.waiting.close_served": "they have what they waited for",
}

TAKES_AWAY = re.compile(
    r"archive|cancel|clear|close|deactivate|decline|delete|discard|end_|erase|forget|leave|release"
    r"|remove|reset|revoke|sign_out|switch_off|take_back|withdraw"
)
ELSEWHERE = {
    "series.changing.cancel_series": "asks for a reason; test_series_undo.py takes it back",
    "holds.release_hold": "a hold was never a booking",
    "drafts.discard": "test_drafts.py takes it back",
    "privacy.erasing.withdraw_request": "they can ask again",
    "privacy.erasing.erase": "is to be for good: asks for the name and the password once more",
    "accounts.users.deactivate_user": "activate_user lets them in again",
    "accounts.own_sessions.end_all_sessions": "whoever it was signs in again",
    "accounts.own_sessions.end_session": "whoever it was signs in again",
    "accounts.own_sessions.end_sessions_of": "whoever it was signs in again",
    "accounts.own_sessions.sign_out_elsewhere": "whoever it was signs in again",
    "accounts.sessions.sign_out": "whoever it was signs in again",
    "second_step_set_up.leave_to_staff": "require_of_staff asks for it again",
    "second_step_set_up.reset": "asks for the admin's own password; it is set up again",
    "second_step_set_up.switch_off": "asks for the password; it is set up again",
}
"""Of modules whose verbs are not run here."""


def opened_again(session, desk, time_off_id):
    """The visit lies before whoever cancelled it, as it did then."""
    step = sick_day.load_worklist(session, desk.admin, time_off_id, now=LATE).undoable
    sick_day.undo_last(session, desk.admin, time_off_id, step, now=LATE)


def confirmed_again(session, asked):
    version = session.get_one(Booking, asked.booking_id).version
    return ConfirmRequest(asked.booking_id, version, asked.patient_id)


def rows_of(session):
    """Every row of every table by its key; a hold was never a booking."""
    session.flush()
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.info == MADE_AGAIN:
            continue
        rows = session.connection().execute(select(table)).mappings().all()
        found[table.name] = {
            tuple(row[each.name] for each in table.primary_key): dict(row) for row in rows
        }
    held = {key for key, row in found["bookings"].items() if row["state"] == "held"}
    for name in ("bookings", "attendees"):
        found[name] = {
            key: row
            for key, row in found[name].items()
            if (row.get("booking_id", key[0]),) not in held
        }
    return found


def as_it_is(session):
    """The same, without stamps and without the keys of rows that come back as new ones."""
    said = {}
    for table, rows in rows_of(session).items():
        if table not in TRAIL:
            left_out = STAMPS | ({"id"} if table in ANEW else set())
            said[table] = sorted(
                repr([(k, v) for k, v in row.items() if k not in left_out]) for row in rows.values()
            )
    return said


def lost(before, after):
    """What was there and is not any more, or is out of use."""
    for table in set(before) - TRAIL - DERIVED:
        for key, row in before[table].items():
            now = after[table].get(key)
            if now is None or is_out_of_use(now) > is_out_of_use(row):
                yield table


def is_out_of_use(row):
    return row.get("state") == "cancelled" or any(row.get(each) is not None for each in GONE)


@pytest.fixture
def session(sqlite_database):
    with sqlite_database.reading() as opened:
        yield opened


@pytest.mark.parametrize("name", DOINGS)
def test_what_takes_something_away_has_a_reason_or_a_way_back(session, name):
    desk = Desk(session)
    a.needs(session, desk.visit, desk.room, a.room(session))
    verb, asked = DOINGS[name](desk)
    before, whole = rows_of(session), as_it_is(session)
    result = verb(session, desk.admin, *asked, now=NOW)
    session.expire_all()
    taken = set(lost(before, rows_of(session)))

    assert bool(taken) is (name in REASON or name in WAY_BACK or name in NOTHING_LOST), taken
    if name in WAY_BACK:
        WAY_BACK[name](session, desk, result, asked)
        session.expire_all()
        assert as_it_is(session) == whole


@pytest.mark.parametrize("name", REASON)
def test_a_reason_is_asked_for_and_nothing_but_blanks_is_none(session, name):
    desk = Desk(session)
    verb, asked = DOINGS[name](desk)
    with pytest.raises(Invalid, match=r"reason|why"):
        verb(session, desk.admin, *without_reason(asked), now=NOW)


def without_reason(asked):
    """The words among what is asked, or within it, left blank."""
    return tuple(
        replace(each, reason=" ")
        if is_dataclass(each) and hasattr(each, "reason")
        else " "
        if isinstance(each, str)
        else each
        for each in asked
    )


def test_no_verb_of_another_module_takes_away_without_a_word_about_it():
    run = tuple(f"{each.removeprefix('core.')}." for each in MODULES)
    others = {
        name
        for name, right in RIGHTS.items()
        if right.answer is not Answer.INNER
        and TAKES_AWAY.match(name.rsplit(".", 1)[1])
        and (not name.startswith(run) or name in ELSEWHERE)
    }
    assert others == set(ELSEWHERE)
