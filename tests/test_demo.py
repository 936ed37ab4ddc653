"""The demo: filled once, alike each time, and never against the rules."""

import itertools
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from core import audit, waiting
from core.accounts import SignInRequest, sign_in
from core.analytics import AnalyticsAsked, By, searches, utilisation
from core.availability import Busy, Days, Explainer, load_busy, load_sheets
from core.booking import UndoRequest, undo
from core.day_board import load_board
from core.db import Database
from core.demo import describe, ensure
from core.demo_sign_ins import SIGN_INS
from core.interval import to_instant, to_seconds
from core.merging import MergeRequest, load_pairs, merge
from core.models import (
    OCCUPYING,
    Attendee,
    AuditEntry,
    Booking,
    BookingEvent,
    BookingState,
    Claim,
    Organisation,
    PartOfDay,
    Patient,
    Priority,
    Professional,
    ProfessionalService,
    Role,
    Room,
    Service,
    User,
)
from core.patients import NewPatient, load_to_know
from core.patients.preferences import preferences_of
from core.patients.typed import Place, cleaned
from core.policy import CONSOLE, Actor
from core.recalls import load_recalls
from core.visits import visit_of
from tests import a

NOW = datetime(2026, 11, 18, 11, 10, tzinfo=UTC)
"""A Wednesday, late in the morning."""
S = BookingState


@pytest.fixture(scope="module")
def filled_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    fill(migrated_file, path, NOW)
    return path


def fill(migrated_file: Path, path: Path, now: datetime) -> None:
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    assert ensure(database, now=now)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        connection.exec_driver_sql("BEGIN")
    database.dispose()


@pytest.fixture
def demo(filled_file: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "demo.db"
    shutil.copyfile(filled_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture
def filled(demo: Database) -> Iterator[Session]:
    with demo.writing() as session:
        yield session


def rows(session: Session) -> list[tuple[object, ...]]:
    columns = (
        Booking.professional_id,
        Booking.service_id,
        Booking.room_id,
        Booking.starts_at,
        Booking.state,
        Booking.created_at,
        Booking.completed_at,
        Attendee.patient_id,
    )
    found = session.execute(select(*columns).join(Booking.attendees).order_by(Booking.id))
    return [tuple(each) for each in found]


def test_some_services_were_asked_for_and_not_to_be_had(filled):
    today = NOW.date()
    asked = AnalyticsAsked(today - timedelta(days=56), today)
    found = {each.name: each for each in searches(filled, CONSOLE, asked, By.SERVICE)}

    assert len(found) == 12
    assert next(iter(found)) == "Physiotherapy"
    assert all(each.searches > each.nothing > 0 for each in found.values())
    assert found["Physiotherapy"].share > 0.25 > 0.1 > found["Consultation"].share
    assert found["Career mentoring"].why == "Nobody works then"
    assert found["Therapy session"].days_ahead > found["Consultation"].days_ahead


def test_the_practice_has_its_people_rooms_and_services(filled):
    counts = {
        table: filled.scalar(select(func.count()).select_from(table))
        for table in (Professional, Service, Room, Patient, Organisation, User)
    }

    assert counts == {
        Professional: 8,
        Service: 12,
        Room: 3,
        Patient: 401,
        Organisation: 1,
        User: len(SIGN_INS),
    }
    assert filled.scalar(select(func.count()).where(Professional.premium)) == 2


def test_a_second_time_changes_nothing_and_keeps_what_was_booked(demo):
    with demo.writing() as session:
        before = rows(session)
        cancelled = session.get(Booking, 1)
        cancelled.desk_note = "Changed by hand"

    assert ensure(demo, now=NOW + timedelta(days=3)) is False
    with demo.reading() as session:
        assert rows(session) == before
        assert session.get(Booking, 1).desk_note == "Changed by hand"


def test_the_same_moment_fills_alike(demo, migrated_file, tmp_path):
    again = tmp_path / "again.db"
    fill(migrated_file, again, NOW)

    other = Database(f"sqlite:///{again}")
    with demo.reading() as one, other.reading() as two:
        assert rows(one) == rows(two)
        names = select(Patient.name, Patient.phone, Patient.born_on).order_by(Patient.id)
        assert one.execute(names).all() == two.execute(names).all()
    other.dispose()


def test_it_fills_postgresql_too(postgresql_database, demo):
    assert ensure(postgresql_database, now=NOW)
    with postgresql_database.writing() as theirs, demo.reading() as ours:
        assert rows(theirs) == rows(ours)
        a.user(theirs)  # ids go on where the demo stopped
        a.professional(theirs)


def test_it_is_one_entry_on_record(filled):
    assert filled.scalars(select(AuditEntry.action)).all() == ["demo.filled"]
    assert list(audit.verify(filled)) == []


def test_no_calendar_is_claimed_twice(filled):
    claims = filled.execute(
        select(Claim.calendar_id, Claim.starts_at, Claim.ends_at).order_by(
            Claim.calendar_id, Claim.starts_at
        )
    ).all()

    assert len(claims) > 6000
    for one, other in itertools.pairwise(claims):
        assert one.calendar_id != other.calendar_id or one.ends_at <= other.starts_at


def test_exactly_what_occupies_claims_its_professional_patient_and_room(filled):
    expected = {
        id: 3 if room else 2
        for id, state, room in filled.execute(select(Booking.id, Booking.state, Booking.room_id))
        if state in OCCUPYING
    }
    claimed = Counter(filled.scalars(select(Claim.booking_id)))

    assert claimed == expected


def test_the_engine_has_nothing_against_any_booking(filled):
    """Each, asked again the day before, fits beside all the others."""
    people = {each.id: each for each in filled.scalars(select(Professional))}
    services = {each.id: each for each in filled.scalars(select(Service))}
    own = {
        (each.professional_id, each.service_id): each.length_minutes
        for each in filled.scalars(select(ProfessionalService))
    }
    bookings = filled.scalars(select(Booking).where(Booking.state.in_(OCCUPYING))).all()
    first = min(each.starts_at for each in bookings).date()
    last = max(each.starts_at for each in bookings).date()
    days = (last - first).days
    for day in (first + timedelta(days=number) for number in range(0, days + 1, 3)):
        sheets = load_sheets(filled, people.values(), Days(day, day), now=NOW)
        for sheet in sheets:
            for booking in bookings:
                if booking.professional_id != sheet.professional_id or not (
                    sheet.span[0] <= to_seconds(booking.starts_at) < sheet.span[1]
                ):
                    continue
                visit = visit_of(
                    CONSOLE,
                    services[booking.service_id],
                    own[sheet.professional_id, booking.service_id],
                    booking_id=booking.id,
                )
                asked = to_instant(sheet.span[0]) - timedelta(days=1)
                explainer = Explainer(sheet, visit, now=asked)
                assert explainer.reasons(to_seconds(booking.starts_at)) == []


def test_states_fit_the_time_and_stamps_are_in_order(filled):
    for each in filled.scalars(select(Booking)):
        stamps = [each.arrived_at, each.started_at, each.completed_at]
        known = [stamp for stamp in stamps if stamp is not None]
        assert known == sorted(known)
        assert all(stamp <= NOW for stamp in known)
        assert each.created_at <= min(NOW, each.starts_at)
        expected = {S.ARRIVED: 1, S.IN_PROGRESS: 2, S.COMPLETED: 3}.get(each.state, 0)
        assert len(known) == expected
        if each.state is S.BOOKED:
            assert each.starts_at > NOW
        if each.state in (S.COMPLETED, S.NO_SHOW):
            assert each.ends_at <= NOW
        if each.state is S.CANCELLED:
            assert each.created_at <= each.cancelled_at <= NOW
            assert each.cancel_reason


def test_today_is_under_way(filled):
    zone = ZoneInfo("Europe/Lisbon")
    today = Counter(
        each.state
        for each in filled.scalars(select(Booking))
        if each.starts_at.astimezone(zone).date() == NOW.astimezone(zone).date()
    )

    assert all(today[state] for state in (S.COMPLETED, S.IN_PROGRESS, S.ARRIVED, S.BOOKED))


def test_the_past_is_well_booked_and_the_weeks_ahead_less_and_less(filled):
    monday = NOW.date() - timedelta(days=NOW.weekday())
    asked = AnalyticsAsked(monday - timedelta(weeks=8), monday + timedelta(days=34))
    booked, offered = Counter(), Counter()
    for each in utilisation(filled, CONSOLE, asked, now=NOW):
        booked[each.week_starts_on] += each.booked_minutes
        offered[each.week_starts_on] += each.offered_minutes
    shares = [booked[week] / offered[week] for week in sorted(offered)]

    assert all(0.7 <= share <= 0.85 for share in shares[:8])
    ahead = shares[9:]
    assert ahead == sorted(ahead, reverse=True)
    assert 0.1 < ahead[-1] < ahead[0] < 0.7


def test_patients_are_as_the_desk_could_have_typed_them(filled):
    place = Place("PT", "Europe/Lisbon")
    patients = filled.scalars(select(Patient)).all()

    assert len({each.name for each in patients}) == len(patients)
    assert sum(not each.email for each in patients) > 50
    assert len({each.phone[:4] for each in patients if each.phone}) > 8
    for each in patients:
        typed = NewPatient(
            *(each.name, each.phone, each.email, each.born_on, each.language),
            alerts=each.alerts,
            preferences=preferences_of(filled, each),
        )
        assert cleaned(typed, place, NOW) == typed


def test_ana_silva_has_visits_behind_and_before_her(filled):
    ana = filled.scalars(select(User).where(User.role == Role.PATIENT)).one()
    visits = filled.scalars(
        select(Booking).join(Booking.attendees).where(Attendee.patient_id == ana.patient_id)
    ).all()

    assert sum(each.state is S.BOOKED for each in visits) == 3
    assert sum(each.state is S.COMPLETED for each in visits) >= 3


def test_a_mark_of_the_demo_can_be_taken_back_like_any_other(filled):
    booking = filled.scalars(
        select(Booking)
        .where(Booking.state == S.COMPLETED)
        .options(selectinload(Booking.attendees))
        .limit(1)
    ).one()
    desk = Actor(Role.RECEPTIONIST, "Rita", user_id=1)

    assert undo(filled, desk, UndoRequest(booking.id, booking.version), now=NOW).state is (
        S.IN_PROGRESS
    )


def test_every_booking_remembers_how_it_came_to_be(filled):
    last = dict(
        filled.execute(
            select(BookingEvent.booking_id, BookingEvent.new_state).order_by(
                BookingEvent.booking_id, BookingEvent.at, BookingEvent.id
            )
        ).all()
    )
    states = dict(filled.execute(select(Booking.id, Booking.state)).all())

    assert last == states


def test_everybody_can_sign_in_as_described(demo):
    for each in SIGN_INS:
        assert sign_in(demo, SignInRequest(each.username, each.password), now=NOW)
        assert each.username in describe()
        assert each.password in describe()


def test_rooms_are_never_shared(filled):
    span = (to_seconds(NOW - timedelta(weeks=9)), to_seconds(NOW + timedelta(weeks=6)))
    calendars = filled.scalars(select(Room.calendar_id)).all()
    busy = load_busy(filled, calendars, span, now=NOW)

    assert all(in_order(busy[calendar]) for calendar in calendars)
    assert any(busy[calendar] for calendar in calendars)


def in_order(busy: list[Busy]) -> bool:
    return all(one.end <= other.start for one, other in itertools.pairwise(busy))


def test_some_wait_and_free_time_suits_them(filled_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    shutil.copyfile(filled_file, path)
    database = Database(f"sqlite:///{path}")
    with database.reading() as session:
        waits = waiting.load_waiting(session, CONSOLE, now=NOW)
        fits = waiting.gaps_for_waiting(session, CONSOLE, now=NOW)
    database.dispose()

    assert len(waits) == 7
    assert len(fits) >= 4
    assert waits[0].wishes.priority is Priority.URGENT


def test_some_are_to_be_seen_again_a_few_of_them_by_now(filled):
    recalls = load_recalls(filled, CONSOLE, now=NOW)
    booked = set(
        filled.scalars(
            select(Attendee.patient_id)
            .join(Attendee.booking)
            .where(Booking.state == S.BOOKED, Booking.starts_at > NOW)
        )
    )

    assert Counter(each.is_due for each in recalls) == {True: 4, False: 4}
    assert any(each.last_called_at for each in recalls)
    assert not booked & {each.patient_id for each in recalls}


def test_two_are_on_file_twice(filled):
    pairs = load_pairs(filled, CONSOLE, now=NOW, limit=20)

    assert len(pairs) == 2
    for each in pairs:
        assert len(each.reasons) == 2
        asked = MergeRequest(each.first.id, each.first.version, each.second.id, each.second.version)
        merge(filled, CONSOLE, asked, now=NOW)
    assert load_pairs(filled, CONSOLE, now=NOW, limit=20) == []


def test_some_have_alerts_and_preferences_also_today(filled):
    patients = filled.scalars(select(Patient)).all()
    ana = load_to_know(filled, CONSOLE, patients[0].id, now=NOW)
    today = load_board(filled, CONSOLE, NOW.date(), now=NOW)

    assert sum(bool(each.alerts) for each in patients) >= 8
    assert sum(bool(each.preferred_parts) for each in patients) >= 4
    assert (ana.preferences.parts, list(ana.names.values())) == (
        (PartOfDay.MORNING,),
        ["Dr Elena Ruiz"],
    )
    assert any(each.alerts for each in today.rows)
