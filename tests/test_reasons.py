"""The lists of reasons: what a place begins with, how an admin changes them, what they ask."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, select

from core import catalog, schema
from core.booking import SetAside
from core.booking.fitting import check_set_aside
from core.catalog import (
    EditedReason,
    MovedReason,
    NewReason,
    OnlyReason,
    OrganisationDetails,
    ReasonDetails,
)
from core.catalog.reasons import AT_FIRST
from core.errors import Invalid, NotAllowed, NotFound, Stale
from core.models import ListedReason, Organisation, ReasonKind, Role
from core.policy import CONSOLE
from tests import a

CANCEL, OVERRIDE = ReasonKind.CANCEL, ReasonKind.OVERRIDE


@pytest.fixture
def place(session):
    a.organisation(session)
    return session


def names(session, kind=CANCEL):
    return [each.name for each in catalog.load_reasons(session, kind)]


def reason(session, name, kind=CANCEL):
    found = select(ListedReason).where(ListedReason.kind == kind, ListedReason.name == name)
    return session.scalars(found).one()


def add(session, name, kind=CANCEL, **values):
    request = NewReason(kind, ReasonDetails(name, **values))
    return catalog.add_reason(session, CONSOLE, request, now=a.BEFORE)


def edit(session, known, name, **values):
    request = EditedReason(known.id, known.version, ReasonDetails(name, **values))
    return catalog.edit_reason(session, CONSOLE, request, now=a.BEFORE)


def move(session, name, *, up):
    known = reason(session, name)
    request = MovedReason(known.id, known.version, up)
    catalog.move_reason(session, CONSOLE, request, now=a.BEFORE)
    session.flush()


def archive(session, name, kind=CANCEL):
    known = reason(session, name, kind)
    catalog.archive_reason(session, CONSOLE, known.id, known.version, now=a.BEFORE)
    session.flush()


# --- what a place begins with


def test_a_new_place_has_the_reasons_it_needs_from_the_first_day(session):
    details = OrganisationDetails("Rua Velha", a.ZONE, "PT", "EUR")
    catalog.set_up_organisation(session, CONSOLE, details, now=a.BEFORE)
    catalog.set_up_organisation(session, CONSOLE, details, now=a.BEFORE)

    assert names(session) == [
        "Patient is ill",
        "Patient cannot come",
        "Professional is away",
        "Booked by mistake",
        "Other",
    ]
    assert names(session, OVERRIDE)[0] == "Urgent"


def test_a_place_from_before_keeps_the_reasons_it_had(database):
    with database.writing() as session:
        a.organisation(session)
    schema.downgrade(database, "0030")
    schema.migrate(database)

    with database.reading() as session:
        for kind, reasons in AT_FIRST.items():
            found = catalog.load_reasons(session, kind)
            assert [(each.name, each.by_patient, each.needs_words) for each in found] == [
                (each.name, each.by_patient, each.needs_words) for each in reasons
            ]


def test_an_empty_database_stays_empty_until_the_place_has_a_name(database):
    with database.writing() as session:
        session.execute(delete(Organisation))
        session.execute(delete(ListedReason))
    schema.downgrade(database, "0030")
    schema.migrate(database)

    with database.reading() as session:
        assert session.scalars(select(ListedReason)).all() == []


# --- what an admin does with them


def test_a_reason_is_added_at_the_end_renamed_and_put_elsewhere(place):
    add(place, "  Moved   away ", by_patient=True)
    assert names(place)[-1] == "Moved away"

    move(place, "Moved away", up=True)
    move(place, "Patient is ill", up=False)
    edit(place, reason(place, "Moved away"), "Has moved")

    assert names(place) == [
        "Patient cannot come",
        "Patient is ill",
        "Professional is away",
        "Booked by mistake",
        "Has moved",
        "Other",
    ]
    assert names(place, OVERRIDE) == [each.name for each in AT_FIRST[OVERRIDE]]


def test_at_the_ends_of_the_list_nothing_moves(place):
    before = names(place)
    move(place, "Patient is ill", up=True)
    move(place, "Other", up=False)
    assert names(place) == before


def test_what_was_taken_out_of_use_comes_back_where_it_stood(place):
    archive(place, "Patient cannot come")
    add(place, "Moved away")
    assert "Patient cannot come" not in names(place)

    id = reason(place, "Patient cannot come").id
    catalog.restore(place, CONSOLE, ListedReason, id, now=a.BEFORE)
    place.flush()

    assert names(place)[:2] == ["Patient is ill", "Patient cannot come"]
    assert names(place)[-2:] == ["Other", "Moved away"]


def test_the_last_reason_of_a_list_stays(place):
    for name in names(place)[1:]:
        archive(place, name)
    with pytest.raises(OnlyReason, match="Patient is ill is the only reason left"):
        archive(place, "Patient is ill")

    add(place, "Moved away")
    archive(place, "Patient is ill")
    assert names(place) == ["Moved away"]


def test_of_two_admins_who_archive_the_last_two_at_once_one_is_refused(database):
    with database.writing() as session:
        a.organisation(session)
        for name in names(session)[2:]:
            archive(session, name)
    start = threading.Barrier(2)

    def leave_out(name):
        start.wait()
        try:
            with database.writing() as session:
                archive(session, name)
        except OnlyReason:
            return "refused"
        return "archived"

    with ThreadPoolExecutor(2) as admins:
        ended = sorted(admins.map(leave_out, ("Patient is ill", "Patient cannot come")))
    assert ended == ["archived", "refused"]
    with database.reading() as session:
        assert len(names(session)) == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (" ", "Please enter a name."),
        ("patient is ILL", "There is already one called patient is ILL."),
    ],
)
def test_a_reason_that_cannot_be_is_refused(place, name, sentence):
    with pytest.raises(Invalid, match=sentence):
        add(place, name)
    with pytest.raises(Invalid, match=sentence):
        edit(place, reason(place, "Other"), name)


def test_both_lists_may_have_the_same_words_and_nothing_that_is_not_theirs(place):
    late = add(place, "Late", by_patient=True, needs_words=True)
    urgent = add(place, "Late", OVERRIDE, by_patient=True, needs_words=True)
    assert (late.by_patient, late.needs_words) == (True, False)
    assert (urgent.by_patient, urgent.needs_words) == (False, True)


def test_what_somebody_else_changed_meanwhile_is_not_written_over(place):
    known = reason(place, "Other")
    seen = known.version
    edit(place, known, "Something else")
    place.flush()

    stale = MovedReason(known.id, seen, up=True)
    with pytest.raises(Stale):
        catalog.move_reason(place, CONSOLE, stale, now=a.BEFORE)
    with pytest.raises(Stale):
        catalog.archive_reason(place, CONSOLE, known.id, seen, now=a.BEFORE)
    archive(place, "Something else")
    with pytest.raises(NotFound):
        catalog.move_reason(
            place, CONSOLE, MovedReason(known.id, known.version, up=True), now=a.BEFORE
        )


@pytest.mark.parametrize("role", [Role.PROFESSIONAL, Role.RECEPTIONIST, Role.PATIENT])
def test_only_admins_change_the_lists(place, role):
    known, actor = reason(place, "Other"), a.actor(place, role)
    for change, request in (
        (catalog.add_reason, NewReason(CANCEL, ReasonDetails("Moved away"))),
        (catalog.edit_reason, EditedReason(known.id, known.version, ReasonDetails("Moved"))),
        (catalog.move_reason, MovedReason(known.id, known.version, up=True)),
    ):
        with pytest.raises(NotAllowed):
            change(place, actor, request, now=a.BEFORE)
    with pytest.raises(NotAllowed):
        catalog.archive_reason(place, actor, known.id, known.version, now=a.BEFORE)


# --- what the desk is asked for


def test_a_reason_that_says_nothing_alone_needs_words_whatever_it_is_called(place):
    rita = a.actor(place)
    edit(place, reason(place, "Other", OVERRIDE), "Something else", needs_words=True)
    edit(place, reason(place, "Urgent", OVERRIDE), "Urgent", needs_words=False)
    place.flush()

    with pytest.raises(Invalid, match="Please say in your own words why"):
        check_set_aside(place, rita, SetAside("Something else", " "))
    check_set_aside(place, rita, SetAside("Something else", "came from abroad"))
    check_set_aside(place, rita, SetAside("Urgent"))
    check_set_aside(place, rita, SetAside("Other"))
