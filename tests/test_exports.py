"""Downloads: one file, once, for the session that asked."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import exports
from core.db import utc_now
from core.errors import NotAllowed, NotFound, SignInNeeded
from core.models import AuditEntry, OneTimeLink, Override, OverrideKind, Role
from core.policy import Actor
from dashboard import places
from tests import a, screen

NOW = a.BEFORE
MONTH = "2026-12-01"


def signed_in(session, role=Role.RECEPTIONIST, session_id=1) -> Actor:
    a.organisation(session)
    made = a.actor(session, role)
    return Actor(role=role, name=made.name, user_id=made.user_id, session_id=session_id)


def offer(session, actor, now=NOW) -> str:
    return exports.offer(session, actor, "overrides", MONTH, now=now)


def test_a_link_gives_its_file_once(session):
    rita = signed_in(session)
    link = offer(session, rita)

    file = exports.take(session, rita, link, now=NOW)

    assert file.name == "overrides-2026-12.csv"
    with pytest.raises(NotFound):
        exports.take(session, rita, link, now=NOW)


def test_the_day_sheet_comes_as_a_pdf_and_to_no_patient(session):
    rita = signed_in(session)
    ada = a.professional(session, name="Dr Ada")
    about = (a.DAY.isoformat(), str(ada.id))
    link = exports.offer(session, rita, "day-sheet", *about, now=NOW)

    file = exports.take(session, rita, link, now=NOW)

    assert (file.name, file.content[:5]) == ("day-sheet-2026-12-07.pdf", b"%PDF-")
    with pytest.raises(NotAllowed):
        exports.offer(session, signed_in(session, Role.PATIENT), "day-sheet", *about, now=NOW)


def test_t135_a_link_is_nothing_to_another_session_even_of_the_same_person(session):
    rita = signed_in(session)
    elsewhere = Actor(role=rita.role, name=rita.name, user_id=rita.user_id, session_id=2)
    link = offer(session, rita)

    with pytest.raises(NotFound):
        exports.take(session, elsewhere, link, now=NOW)
    assert exports.take(session, rita, link, now=NOW)


def test_a_link_lasts_five_minutes(session):
    rita = signed_in(session)
    in_time, late = offer(session, rita), offer(session, rita)

    assert exports.take(session, rita, in_time, now=NOW + timedelta(minutes=4, seconds=59))
    with pytest.raises(NotFound):
        exports.take(session, rita, late, now=NOW + timedelta(minutes=5))


@pytest.mark.parametrize("other", ["2026-11-01", "2026-12-01.x", ""])
def test_what_a_link_is_about_cannot_be_changed(session, other):
    rita = signed_in(session)
    link = offer(session, rita)

    with pytest.raises(NotFound):
        exports.take(session, rita, link.replace(MONTH, other), now=NOW)


def test_who_may_not_have_a_file_gets_no_link(session):
    with pytest.raises(NotAllowed):
        offer(session, signed_in(session, Role.PATIENT))
    with pytest.raises(SignInNeeded):
        offer(session, a.actor(session))
    with pytest.raises(NotFound):
        exports.offer(session, signed_in(session), "anything", now=NOW)


def test_whoever_may_no_more_gets_no_file_for_an_older_link(session):
    rita = signed_in(session)
    link = offer(session, rita)
    demoted = Actor(role=Role.PATIENT, name=rita.name, user_id=rita.user_id, session_id=1)

    with pytest.raises(NotAllowed):
        exports.take(session, demoted, link, now=NOW)


def test_offering_and_taking_are_on_record(session):
    rita = signed_in(session)
    exports.take(session, rita, offer(session, rita), now=NOW)

    said = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert said == ["export.offered", "export.taken"]


def test_t060_the_link_itself_is_kept_nowhere(session):
    link = offer(session, signed_in(session))
    kept = session.scalars(select(OneTimeLink.token_sha256)).all()

    assert link not in kept
    assert session.scalar(select(func.count()).select_from(OneTimeLink)) == 1


def test_t101_nothing_in_the_file_is_a_formula(session):
    rita = signed_in(session)
    doctor = a.professional(session, name="=HYPERLINK(1)")
    booking = a.booking(session, doctor, a.span(9, 10))
    session.add(
        Override(
            booking_id=booking.id,
            kind=next(iter(OverrideKind)),
            reason="@SUM(A1)",
            note='-1+"x";\t=2',
            user_id=rita.user_id,
            role=rita.role,
            at=a.at(8),
        )
    )
    session.flush()

    file = exports.take(session, rita, offer(session, rita), now=NOW)

    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[1][4:7] == ["'@SUM(A1)", '\'-1+"x";\t=2', "'=HYPERLINK(1)"]
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r"))]


def test_the_page_offers_the_download_where_there_is_something(monkeypatch, sqlite_database):
    with sqlite_database.writing() as db:
        rita = a.user(db)
        booking = a.booking(db, a.professional(db), a.span(9, 10))
        made = {"reason": "asked", "note": "", "user_id": rita.id, "role": rita.role}
        kind = next(iter(OverrideKind))
        db.add(Override(booking_id=booking.id, kind=kind, at=utc_now(), **made))
    page = screen.show_to(monkeypatch, sqlite_database, rita).run()
    page.switch_page(str(places.PAGES / "overrides.py")).run()

    page.button(key="overrides_download").click().run()

    assert not page.exception
    with sqlite_database.reading() as db:
        said = db.scalars(select(AuditEntry.action)).all()
    assert said[-1:] == ["export.offered"]
