"""The desk's page and its dialogs, without a browser."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.booking import (
    BookingRequest,
    CancelRequest,
    MarkRequest,
    MoveRequest,
    book,
    cancel,
    load_confirmed,
    mark,
    move,
)
from core.booking.groups import SeatRequest, join
from core.catalog import (
    EditedReason,
    NewReason,
    ReasonDetails,
    add_reason,
    edit_reason,
    load_reasons,
)
from core.db import utc_now
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Frequency,
    Override,
    Patient,
    PreferredProfessional,
    ReasonKind,
    Role,
    Service,
)
from core.policy import CONSOLE, Actor
from core.series import Repeats, Scope, SeriesAsked, SeriesRequest, book_series
from dashboard import moving, new_booking, open_booking
from tests import a, screen

CANCEL, OVERRIDE = ReasonKind.CANCEL, ReasonKind.OVERRIDE
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


class Desk:
    """Rita at the desk of Dr Ada, who works every day; Bea sits at another desk."""

    def __init__(self, monkeypatch, database, **service_values):
        self.database = database
        with database.writing() as session:
            self.service = a.service(session, name="Consultation", **service_values)
            self.ada = a.professional(
                session,
                name="Dr Ada",
                hours=((0, 24),),
                weekdays=EVERY_DAY,
                services=(self.service,),
            )
            self.other = a.professional(session, name="Dr Ben", weekdays=EVERY_DAY)
            self.ana = a.patient(session, name="Ana Silva")
            self.rita = a.user(session, Role.RECEPTIONIST, name="Rita")
            bea = a.user(session, Role.RECEPTIONIST, name="Bea")
        self.bea = Actor(role=Role.RECEPTIONIST, name="Bea", user_id=bea.id)
        self.start = utc_now().replace(hour=9, minute=0, second=0) + timedelta(days=1)
        self.page = screen.show_to(monkeypatch, database, self.rita).run()

    def booked(self, patient=None, start=None):
        with self.database.writing() as session:
            request = BookingRequest(
                self.ada.id,
                self.service.id,
                (patient or self.ana).id,
                start or self.start,
                request_key=f"{start}",
            )
            return book(session, self.bea, request, now=utc_now())

    def open(self, booking):
        self.page.session_state[open_booking.KEY] = open_booking.Opened(booking.id)
        return self.page.run()

    def ask(self, start=None):
        self.page.session_state[new_booking.KEY] = new_booking.Asked(
            self.ada.id, self.service.id, start or self.start, request_key="form"
        )
        return self.page.run()

    def press(self, label):
        button = next(each for each in self.page.button if each.label == label)
        return button.click().run()

    def read(self, booking):
        with self.database.reading() as session:
            return session.get(Booking, booking.id)


@pytest.fixture
def desk(monkeypatch, sqlite_database):
    return Desk(monkeypatch, sqlite_database)


def said(page):
    return " ".join(each.value for each in page.error)


def toasts(page):
    return " ".join(each.value for each in page.toast)


def test_a_known_patient_is_searched_and_booked(desk):
    desk.ask()
    desk.page.text_input(key="new_booking_words").input("silva").run()
    desk.press("Book Ana Silva")
    assert "Booked Ana Silva with Dr Ada" in toasts(desk.page)
    with desk.database.reading() as session:
        assert session.scalars(select(Booking)).one().starts_at == desk.start


def test_what_has_to_be_known_is_seen_as_soon_as_somebody_is_chosen(desk):
    with desk.database.writing() as session:
        ana = session.get_one(Patient, desk.ana.id)
        ana.alerts, ana.preferred_parts = "Needs the ground floor room\nPays in advance", "morning"
        session.add(PreferredProfessional(patient_id=ana.id, professional_id=desk.other.id))
    desk.ask()
    assert not desk.page.warning
    desk.page.text_input(key="new_booking_words").input("silva").run()
    assert desk.page.warning[0].value == "Needs the ground floor room  \nPays in advance"
    assert any("Prefers mornings, with Dr Ben" in each.value for each in desk.page.caption)
    desk.press("Book Ana Silva")
    with desk.database.reading() as session:
        booking = session.scalars(select(Booking)).one()
    assert "ground floor" in desk.open(booking).warning[0].value


def test_nobody_chosen_nothing_to_book(desk):
    desk.ask()
    button = next(each for each in desk.page.button if each.label == "Book")
    assert button.disabled


def test_a_new_patient_without_phone_and_email_is_refused_and_nothing_is_lost(desk):
    desk.ask()
    desk.press("New patient")
    desk.page.text_input(key="new_booking_name").input("Zé").run()
    desk.press("Book Zé")
    assert said(desk.page)
    assert desk.page.text_input(key="new_booking_name").value == "Zé"
    with desk.database.reading() as session:
        assert session.scalars(select(Patient.name)).all() == ["Ana Silva"]


@pytest.mark.parametrize(
    "name", ["![x](http://elsewhere.example/x.png)", "<script>alert(1)</script>", "😀", "مريم"]
)
def test_any_name_a_person_may_have_is_taken_as_it_is(desk, name):
    desk.ask()
    desk.press("New patient")
    desk.page.text_input(key="new_booking_name").input(name)
    desk.page.text_input(key="new_booking_phone").input("912345678").run()
    button = next(each for each in desk.page.button if each.key == "new_booking_book")
    button.click().run()
    with desk.database.reading() as session:
        assert name in session.scalars(select(Patient.name)).all()


def test_a_name_of_ten_thousand_characters_gets_a_sentence(desk):
    desk.ask()
    desk.press("New patient")
    desk.page.text_input(key="new_booking_name").input("x" * 10_000)
    desk.page.text_input(key="new_booking_phone").input("912345678").run()
    next(each for each in desk.page.button if each.key == "new_booking_book").click().run()
    assert "200" in said(desk.page)
    assert not desk.page.exception


def test_an_unknown_service_or_a_past_time_is_refused(desk):
    """T019, T130: what a forged click would ask for."""
    for service_id, start in ((999, desk.start), (desk.service.id, desk.start - timedelta(days=9))):
        desk.page.session_state[new_booking.KEY] = new_booking.Asked(
            desk.ada.id, service_id, start, request_key=f"{service_id}"
        )
        desk.page.run()
        desk.page.text_input(key="new_booking_words").input("silva").run()
        button = next(each for each in desk.page.button if each.key == "new_booking_book")
        if not button.disabled:
            button.click().run()
        assert not desk.page.exception
    with desk.database.reading() as session:
        assert session.scalars(select(Booking)).all() == []


def test_a_taken_time_is_booked_over_only_with_a_reason(desk):
    with desk.database.writing() as session:
        ben = a.patient(session, name="Ben")
    desk.booked(patient=ben)
    desk.ask()
    desk.page.text_input(key="new_booking_words").input("silva").run()
    desk.press("Book Ana Silva")
    assert "Dr Ada is already booked" in said(desk.page)

    desk.page.pills(key="new_booking_because").set_value("Urgent").run()
    desk.press("Book Ana Silva")

    assert "Booked Ana Silva" in toasts(desk.page)
    with desk.database.reading() as session:
        assert session.scalars(select(Override.reason)).all() == ["Urgent"]


def test_a_visit_is_marked_and_the_step_undone(desk):
    booking = desk.booked()
    with desk.database.writing() as session:
        row = session.get(Booking, booking.id)
        assert row is not None
        row.starts_at -= timedelta(days=1)
    desk.open(booking)
    desk.press("Arrived")
    assert desk.read(booking).state is BookingState.ARRIVED
    desk.open(booking)
    desk.press("Undo last step")
    assert desk.read(booking).state is BookingState.BOOKED


def test_what_another_desk_changed_meanwhile_is_told_and_not_written_over(desk):
    """T035"""
    booking = desk.booked(start=utc_now().replace(minute=0, second=0) + timedelta(hours=2))
    desk.open(booking)
    with desk.database.writing() as session:
        request = CancelRequest(booking.id, booking.version, "patient called")
        cancel(session, desk.bea, request, now=utc_now())

    desk.press("Arrived")

    assert "Bea has changed this in the meantime" in said(desk.page)
    assert desk.read(booking).state is BookingState.CANCELLED


def test_cancelling_needs_a_reason(desk):
    booking = desk.booked()
    desk.open(booking)
    assert "Cancel booking" not in [each.label for each in desk.page.button]
    desk.page.pills(key="open_booking_reason").set_value("Patient is ill").run()
    desk.press("Cancel booking")
    assert desk.read(booking).cancel_reason == "Patient is ill"


def test_a_booking_goes_straight_to_a_free_time_nearby(desk):
    booking = desk.booked()
    desk.open(booking)
    nearby = [each for each in desk.page.button if "_to_20" in (each.key or "")]
    assert len(nearby) == 5
    assert not [each for each in nearby if booking.starts_at.isoformat() in each.key]

    wished = next(each for each in nearby if each.label > f"{booking.starts_at:%H:%M}")
    wished.click().run()

    moved = desk.read(booking)
    assert (moved.starts_at, moved.version) == (wished_at(wished.key), booking.version + 1)


def test_a_taken_time_is_booked_beside_the_visit_that_has_it_with_a_reason(desk):
    booking = desk.booked()
    desk.open(booking)
    with desk.database.writing() as session:
        a.patient(session, name="Bo Lind")

    desk.press("Book somebody else at this time")
    desk.page.text_input(key="new_booking_words").input("bo").run()
    desk.page.pills(key="new_booking_because").set_value("Urgent").run()
    desk.press("Book Bo Lind")

    with desk.database.reading() as session:
        assert len(session.scalars(select(Booking)).all()) == 2
        assert session.scalars(select(Override.reason)).all() == ["Urgent"]


def later(desk, label):
    return next(each for each in desk.page.button if each.label.startswith(label))


@pytest.mark.parametrize(("label", "days"), [("A week later", 7), ("A day later", 1)])
def test_a_booking_goes_to_the_same_time_later_by_one_press(desk, label, days):
    booking = desk.booked()
    desk.open(booking)

    assert f"{booking.starts_at + timedelta(days=days):%H:%M}" in later(desk, label).label
    later(desk, label).click().run()

    assert desk.read(booking).starts_at == booking.starts_at + timedelta(days=days)
    assert "Moved Ana Silva to" in toasts(desk.page)
    assert open_booking.KEY not in desk.page.session_state


def test_a_week_later_pressed_in_two_tabs_moves_once_and_says_that_it_is_there(desk):
    booking = desk.booked()
    desk.open(booking)
    button, there = later(desk, "A week later"), desk.start + timedelta(days=7)
    with desk.database.writing() as session:
        rita = Actor(role=Role.RECEPTIONIST, name="Rita", user_id=desk.rita.id)
        asked = MoveRequest(booking.id, booking.version, desk.ada.id, there)
        version = move(session, rita, asked, now=utc_now()).version

    button.click().run()

    assert "Ana Silva is there already" in toasts(desk.page)
    assert (desk.read(booking).starts_at, desk.read(booking).version) == (there, version)


def test_a_week_later_that_is_taken_says_so_and_offers_the_nearest_free_times(desk):
    with desk.database.writing() as session:
        bo = a.patient(session, name="Bo Lind")
    wished = desk.start + timedelta(days=7)
    desk.booked(bo, wished)
    booking = desk.booked()
    desk.open(booking)

    later(desk, "A week later").click().run()

    assert "Taken until" in said(desk.page)
    assert desk.read(booking).starts_at == booking.starts_at
    nearest = [each for each in desk.page.button if "_instead_" in (each.key or "")]
    assert len(nearest) == 3
    nearest[0].click().run()
    moved = desk.read(booking).starts_at
    assert moved != wished
    assert moved.date() == wished.date()


def test_a_week_later_is_by_the_clock_on_the_wall():
    zone = ZoneInfo("Europe/Lisbon")
    before = datetime(2027, 3, 24, 10, tzinfo=zone)

    there = moving.at_the_same_time(before, 7, zone)

    assert there == datetime(2027, 3, 31, 10, tzinfo=zone)
    assert there - before.astimezone(UTC) == timedelta(days=7, hours=-1)


def wished_at(key: str) -> datetime:
    return datetime.fromisoformat(key.rpartition("_to_")[2])


def test_a_group_shows_its_seats_and_lets_a_patient_go(monkeypatch, sqlite_database):
    desk = Desk(monkeypatch, sqlite_database, seats=2)
    booking = desk.booked()
    with desk.database.writing() as session:
        ben = a.patient(session, name="Ben", alerts="Pays *in* advance")
        row = session.get(Booking, booking.id)
        assert row is not None
        join(session, desk.bea, SeatRequest(booking.id, row.version, ben.id), now=utc_now())
    desk.open(booking)
    assert "2 of 2 seats taken" in " ".join(each.value for each in desk.page.markdown)
    assert any(r"Pays \*in\* advance" in each.value for each in desk.page.markdown)
    leaves = next(each for each in desk.page.button if each.key.endswith(f"_leave_{ben.id}"))
    leaves.click().run()
    with desk.database.reading() as session:
        states = dict(session.execute(select(Attendee.patient_id, Attendee.state)).all())
    assert states[ben.id] is BookingState.CANCELLED


def test_each_seat_of_a_group_is_confirmed_and_taken_back_by_one_click(
    monkeypatch, sqlite_database
):
    desk = Desk(monkeypatch, sqlite_database, seats=3)
    booking = desk.booked()
    with desk.database.writing() as session:
        people = [a.patient(session, name=name) for name in ("Ben", "Cleo")]
        for each in people:
            version = session.get_one(Booking, booking.id).version
            join(session, desk.bea, SeatRequest(booking.id, version, each.id), now=utc_now())
    desk.open(booking)
    assert [each.value for each in ticks(desk)] == [False, False, False]
    tick_of(desk, people[0]).check().run()
    tick_of(desk, people[1]).check().run()
    assert [each.value for each in ticks(desk)] == [False, True, True]
    assert "By telephone · Rita" in tick_of(desk, people[0]).help
    tick_of(desk, people[0]).uncheck().run()

    with desk.database.reading() as session:
        sure = load_confirmed(session, desk.bea, [booking.id])
    assert list(sure) == [(booking.id, people[1].id)]


def test_who_has_come_or_waits_for_a_seat_is_not_asked_whether_they_will(
    monkeypatch, sqlite_database
):
    desk = Desk(monkeypatch, sqlite_database, seats=2)
    booking = desk.booked()
    with desk.database.writing() as session:
        people = [a.patient(session, name=name) for name in ("Ben", "Waits")]
        for each in people:
            version = session.get_one(Booking, booking.id).version
            join(session, desk.bea, SeatRequest(booking.id, version, each.id), now=utc_now())
    desk.open(booking)
    assert len(ticks(desk)) == 2
    with desk.database.writing() as session:
        seat = select(Attendee).where(Attendee.patient_id == people[0].id)
        session.scalars(seat).one().state = BookingState.ARRIVED
    desk.page.run()
    assert [each.key.split("_")[-2] for each in ticks(desk)] == [str(desk.ana.id)]


def ticks(desk):
    assert not desk.page.exception
    return [each for each in desk.page.checkbox if each.label == "Confirmed"]


def tick_of(desk, patient):
    return next(each for each in ticks(desk) if f"_confirmed_{patient.id}_" in each.key)


def test_a_booking_that_is_gone_says_so(desk):
    desk.page.session_state[open_booking.KEY] = open_booking.Opened(999_999)
    desk.page.run()
    assert "not there any more" in said(desk.page)


def test_a_mark_by_another_desk_is_seen_when_the_dialog_opens(desk):
    booking = desk.booked(start=utc_now().replace(minute=0, second=0) + timedelta(hours=2))
    with desk.database.writing() as session:
        request = MarkRequest(booking.id, booking.version, BookingState.ARRIVED)
        mark(session, desk.bea, request, now=utc_now())
    desk.open(booking)
    assert "Start" in [each.label for each in desk.page.button]
    assert "Arrived" not in [each.label for each in desk.page.button]


def test_a_cancelled_booking_is_found_below_the_day_and_brought_back(desk):
    booking = desk.booked()
    with desk.database.writing() as session:
        request = CancelRequest(booking.id, booking.version, "patient called")
        cancel(session, desk.bea, request, now=utc_now())
    desk.page.date_input(key="day").set_value(desk.start.date()).run()
    desk.press("Open")
    desk.press("Undo last step")
    assert desk.read(booking).state is BookingState.BOOKED


def test_of_two_with_one_name_the_one_pressed_is_booked(desk):
    with desk.database.writing() as session:
        twins = [
            a.patient(session, name="Twin Name", phone=f"+35191234567{each}") for each in (1, 2)
        ]
    desk.ask()
    desk.press("New patient")
    desk.page.text_input(key="new_booking_name").input("Twin Name").run()
    next(
        each for each in desk.page.button if each.key == f"new_booking_known_{twins[1].id}"
    ).click().run()
    desk.press("Book Twin Name")
    with desk.database.reading() as session:
        assert session.scalars(select(Attendee.patient_id)).all() == [twins[1].id]


# --- the tax in a price


def prices(page):
    return [line for each in page.markdown for line in each.value.split("  \n") if "EUR" in line]


def test_the_desk_sees_the_tax_in_a_price_and_not_that_of_today_for_a_visit_that_was(
    monkeypatch, sqlite_database
):
    desk = Desk(monkeypatch, sqlite_database, price_cents=6000, tax_rate=2300)
    booking = desk.booked(start=desk.start + timedelta(hours=2))
    assert prices(desk.open(booking)) == [r"**Price** 60\.00 EUR, incl. 23 % tax"]

    with desk.database.writing() as session:
        session.get(Booking, booking.id).state = BookingState.COMPLETED
    assert prices(desk.open(booking)) == [r"**Price** 60\.00 EUR"]


def test_the_desk_tells_a_price_with_its_tax_before_it_books(monkeypatch, sqlite_database):
    desk = Desk(monkeypatch, sqlite_database, price_cents=6000, tax_rate=2300)
    found = prices(desk.ask())
    assert len(found) == 1
    assert found[0].endswith(r"60\.00 EUR, incl. 23 % tax")


# --- reasons of the lists


def pills(desk, key):
    return desk.page.pills(key=key).options


@pytest.mark.parametrize("by_patient", [True, False])
def test_the_desk_cancels_with_a_reason_of_its_own_and_the_list_says_whose_wish_it_is(
    desk, by_patient
):
    with desk.database.writing() as session:
        details = ReasonDetails("Has moved away", by_patient=by_patient)
        add_reason(session, CONSOLE, NewReason(CANCEL, details), now=a.BEFORE)
        session.get(Service, desk.service.id).cancel_notice_minutes = 60 * 24 * 300
    booking = desk.booked()
    desk.open(booking)
    desk.page.pills(key="open_booking_reason").set_value("Has moved away").run()
    desk.press("Cancel booking")

    cancelled = desk.read(booking)
    assert cancelled.cancel_reason == "Has moved away"
    assert cancelled.cancel_asked_by_patient is by_patient
    assert cancelled.cancelled_late is by_patient


def test_a_series_the_place_itself_cancels_is_never_late(desk):
    with desk.database.writing() as session:
        repeats = Repeats(Frequency.DAILY, desk.start.date(), count=2)
        minute = desk.start.astimezone(ZoneInfo(a.ZONE)).hour * 60
        asked = SeriesAsked(desk.ada.id, desk.service.id, desk.ana.id, minute, repeats)
        bookings = book_series(session, desk.bea, SeriesRequest(asked, "key"), now=utc_now())
        session.get(Service, desk.service.id).cancel_notice_minutes = 60 * 24 * 300
    desk.open(bookings[0])
    desk.page.segmented_control(key="open_booking_scope").set_value(Scope.ALL).run()
    desk.page.pills(key="open_booking_reason").set_value("Professional is away").run()
    desk.press("Cancel booking")

    cancelled = [desk.read(each) for each in bookings]
    assert {each.state for each in cancelled} == {BookingState.CANCELLED}
    assert not any(each.cancelled_late or each.cancel_asked_by_patient for each in cancelled)


def test_a_reason_renamed_while_the_form_is_open_is_to_be_chosen_again(desk):
    booking = desk.booked()
    desk.open(booking)
    desk.page.pills(key="open_booking_reason").set_value("Patient is ill").run()
    with desk.database.writing() as session:
        ill = load_reasons(session, CANCEL)[0]
        request = EditedReason(ill.id, ill.version, ReasonDetails("Is ill", by_patient=True))
        edit_reason(session, CONSOLE, request, now=a.BEFORE)
    desk.page.run()
    assert not desk.page.exception

    assert pills(desk, "open_booking_reason")[0] == "Is ill"
    assert "Cancel booking" not in [each.label for each in desk.page.button]


def test_a_time_is_booked_over_with_a_reason_of_the_list_that_needs_words(desk):
    with desk.database.writing() as session:
        ben = a.patient(session, name="Ben")
        urgent = load_reasons(session, OVERRIDE)[0]
        details = ReasonDetails("Pain", needs_words=True)
        edit_reason(session, CONSOLE, EditedReason(urgent.id, 1, details), now=a.BEFORE)
    desk.booked(patient=ben)
    desk.ask()
    desk.page.text_input(key="new_booking_words").input("silva").run()
    desk.press("Book Ana Silva")
    assert pills(desk, "new_booking_because")[0] == "Pain"
    desk.page.pills(key="new_booking_because").set_value("Pain").run()

    assert "Please say in your own words why." in [each.value for each in desk.page.caption]


def test_the_line_that_says_when_goes_by_the_clock_it_is_given():
    def draw():
        from zoneinfo import ZoneInfo

        from dashboard.components.booking_forms import time_line
        from tests import a

        span = {"starts_at": a.at(9), "ends_at": a.at(10), "zone": ZoneInfo(a.ZONE)}
        time_line("Dr Ada", **span, now=a.at(8))
        time_line("Dr Ada", **span, now=a.at(8, day=-1))

    page = AppTest.from_function(draw).run()

    assert [each.value for each in page.markdown] == [
        "**today 09:00-10:00** · Dr Ada",
        "**tomorrow 09:00-10:00** · Dr Ada",
    ]
