"""The place "Practice" as its admin sees it: each section adds, changes and refuses."""

import re

import pytest
from sqlalchemy import select

from core import catalog
from core.accounts import Standing
from core.models import (
    Anchor,
    Booking,
    BufferRule,
    Closure,
    ExpertiseSynonym,
    HoursKind,
    ListedReason,
    OneTimeLink,
    Professional,
    ProfessionalService,
    ReasonKind,
    Role,
    Room,
    Service,
    ServiceColour,
    StrandedVisit,
    Tier,
    User,
    WorkingHours,
)
from core.passwords import secret_hash
from core.policy import CONSOLE
from core.schedule import WeekdayWindow
from dashboard import places
from dashboard.components.service_colours import SHADES
from dashboard.practice import hours
from dashboard.practice.hours import Line, line_of, minute_of, windows_of
from tests import a, screen

WORK, BREAK = HoursKind.WORK, HoursKind.BREAK
CANCEL, OVERRIDE = ReasonKind.CANCEL, ReasonKind.OVERRIDE


@pytest.fixture
def admin(sqlite_database) -> User:
    with sqlite_database.writing() as session:
        a.organisation(session)
        return a.user(session, Role.ADMIN, name="Alex Moreau", password_hash="x")


@pytest.fixture
def practice(monkeypatch, sqlite_database, admin):
    """``practice("People")`` opens that section, on the Friday before the days of ``a``."""
    screen.set_clock(monkeypatch, a.BEFORE)

    def open_section(section="Services"):
        page = screen.show_to(monkeypatch, sqlite_database, admin).run()
        page.switch_page(str(places.PAGES / "practice.py")).run()
        page.segmented_control(key="section").set_value(section).run()
        return shown(page)

    return open_section


def shown(page):
    assert not page.exception
    return page


def press(page, key):
    return shown(page.button(key=key).click().run())


def send(page, label="Save"):
    """Press the button that sends the form."""
    found = [each for each in page.button if each.label == label]
    return shown(found[-1].click().run())


def fill(page, **values):
    kinds = ("text_input", "number_input", "checkbox", "radio", "multiselect", "date_input")
    for name, value in values.items():
        key = f"practice_form_{name}"
        widgets = [each for kind in (*kinds, "selectbox") for each in getattr(page, kind)]
        next(each for each in widgets if each.key == key).set_value(value)
    return page


def toasts(page):
    return [each.value for each in page.toast]


def errors(page):
    return [each.value for each in page.error]


def text_of(page):
    return "\n".join(each.value for kind in (page.markdown, page.caption) for each in kind)


def only(database, kind):
    with database.reading() as session:
        return session.scalars(select(kind)).one()


def add(database, make, **values):
    with database.writing() as session:
        return make(session, **values)


# --- services


def test_an_empty_place_says_what_comes_first(practice):
    page = practice()

    assert page.info[0].value == "Add a service, then the professionals who offer it."
    assert "No services yet." in text_of(page)


def test_a_service_is_added(practice, sqlite_database):
    page = press(practice(), "practice_add_service")
    fill(page, name="First *visit*", length=45, price=60.5, notice=1.5)
    page = send(page)

    made = only(sqlite_database, Service)
    assert (made.name, made.length_minutes, made.price_cents) == ("First *visit*", 45, 6050)
    assert made.notice_minutes == 90
    assert toasts(page) == [r"Added First \*visit\*."]
    assert r"**First \*visit\***" in text_of(page)
    assert page.info[0].value.startswith("Next, add the professionals")


def test_a_service_says_its_tax_and_its_colour(practice, sqlite_database):
    visit = add(sqlite_database, a.service, name="Visit", price_cents=6000)
    page = press(practice(), f"practice_edit_service_{visit.id}")
    send(fill(page, tax=5.5, colour=ServiceColour.PINK))

    made = only(sqlite_database, Service)
    assert (made.tax_rate, made.colour) == (550, ServiceColour.PINK)
    page = practice()
    assert r"60\.00 EUR, incl. 5.5 % tax" in text_of(page)
    assert any(SHADES[ServiceColour.PINK] in each.proto.body for each in page.get("html"))

    send(fill(press(practice(), f"practice_edit_service_{visit.id}"), tax=0, colour=""))
    made = only(sqlite_database, Service)
    assert (made.tax_rate, made.colour) == (0, None)


def test_who_offers_a_service_is_said_where_it_is(practice, sqlite_database):
    ada = add(sqlite_database, a.professional, name="Ada")
    bela = add(sqlite_database, a.professional, name="Bela")
    page = fill(press(practice(), "practice_add_service"), name="Visit", length=30)
    page = send(page)
    assert "Added Visit." in toasts(page)
    assert page.segmented_control(key="practice_form_part").value == "Who offers it"

    visit = only(sqlite_database, Service)
    fill(page, **{f"by_{ada.id}_offers": True, f"by_{bela.id}_offers": True})
    page = send(fill(page, **{f"by_{bela.id}_length_{visit.id}": 45}))
    assert "Saved who offers Visit." in toasts(page)
    with sqlite_database.reading() as session:
        offers = session.scalars(select(ProfessionalService)).all()
    assert {each.professional_id: each.length_minutes for each in offers} == {
        ada.id: None,
        bela.id: 45,
    }


def test_an_offer_changed_meanwhile_is_told_and_kept(practice, sqlite_database):
    visit = add(sqlite_database, a.service, name="Visit")
    ada = add(sqlite_database, a.professional, name="Ada", services=(visit,))
    page = press(practice(), f"practice_edit_service_{visit.id}")
    page.segmented_control(key="practice_form_part").set_value("Who offers it").run()
    with sqlite_database.writing() as session:
        longer = catalog.OfferedService(ada.id, visit.id, 60)
        catalog.offer_service(session, CONSOLE, longer, now=a.BEFORE)
    send(fill(page, **{f"by_{ada.id}_offers": False}))

    assert "changed this in the meantime" in errors(page)[0]
    assert only(sqlite_database, ProfessionalService).length_minutes == 60


def test_a_service_nobody_offers_says_so(practice, sqlite_database):
    visit = add(sqlite_database, a.service, name="Visit")
    assert "Nobody offers it yet" in text_of(practice())
    add(sqlite_database, a.professional, services=(visit,))
    assert "Nobody offers it yet" not in text_of(practice())


def test_a_service_without_a_name_is_refused_and_nothing_typed_is_lost(practice, sqlite_database):
    page = press(practice(), "practice_add_service")
    fill(page, length=45)
    page = send(page)

    assert errors(page) == ["Please enter a name."]
    assert page.number_input(key="practice_form_length").value == 45
    fill(page, name="Visit")
    send(page)
    assert only(sqlite_database, Service).length_minutes == 45


def test_a_service_is_edited_and_keeps_what_the_form_does_not_show(practice, sqlite_database):
    made = add(sqlite_database, a.service, name="Visit", seats=3, anchor="opening")
    room = add(sqlite_database, a.room, name="Room 1")
    page = press(practice(), f"practice_edit_service_{made.id}")
    fill(page, name="Check-up", rooms=[room.id])
    page = send(page)

    found = only(sqlite_database, Service)
    assert (found.name, found.seats, found.anchor) == ("Check-up", 3, "opening")
    assert "in Room 1" in text_of(page)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(practice, sqlite_database):
    made = add(sqlite_database, a.service, name="Visit")
    page = press(practice(), f"practice_edit_service_{made.id}")
    with sqlite_database.writing() as session:
        session.get(Service, made.id).length_minutes = 20
    fill(page, name="Check-up")
    page = send(page)

    assert errors(page) == ["Somebody else has changed this in the meantime. Please look again."]
    assert only(sqlite_database, Service).name == "Visit"


def test_a_service_is_archived_and_restored(practice, sqlite_database):
    made = add(sqlite_database, a.service, name="Visit")
    page = press(practice(), f"practice_edit_service_{made.id}")
    page = press(page, "practice_form_archive")
    assert toasts(page) == ["Archived Visit."]

    page = press(page, f"practice_restore_services_{made.id}")
    assert toasts(page) == ["Restored Visit."]
    assert only(sqlite_database, Service).archived_at is None


def test_a_service_that_is_booked_is_not_archived(practice, sqlite_database):
    with sqlite_database.writing() as session:
        made = a.service(session, name="Visit")
        a.booking(session, a.professional(session), a.span(9, 10), service=made)
    page = press(practice(), f"practice_edit_service_{made.id}")
    page = press(page, "practice_form_archive")

    assert "bookings to come: 1" in errors(page)[0]


# --- professionals


def test_a_professional_is_added_with_services_and_hours_in_one_go(practice, sqlite_database):
    visit = add(sqlite_database, a.service, name="Visit")
    page = press(practice("Professionals"), "practice_add_professional")
    fill(page, name="Dr Ruiz", title="GP", expertise="Skin, , Eyes ")
    page = send(page, "Save and go on")
    assert page.segmented_control(key="practice_form_part").value == "Services"

    fill(page, **{f"offers_{visit.id}": True, f"length_{visit.id}": 45})
    page = send(page)
    assert page.segmented_control(key="practice_form_part").value == "Weekly hours"

    fill(page, hours_1_0="9", hours_1_1="17:30", hours_1_2="13", hours_1_3="14.00")
    page = send(page, "Copy Monday to Tuesday-Friday")
    assert page.text_input(key="practice_form_hours_5_1").value == "17:30"
    page = send(page)

    assert toasts(page) == ["Saved the hours of Dr Ruiz."]
    with sqlite_database.reading() as session:
        made = session.scalars(select(Professional)).one()
        offer = session.scalars(select(ProfessionalService)).one()
        rows = session.scalars(select(WorkingHours)).all()
    assert (offer.length_minutes, offer.price_cents) == (45, None)
    assert {(each.weekday, each.kind, each.starts_minute, each.ends_minute) for each in rows} == {
        each for day in range(1, 6) for each in ((day, WORK, 540, 1050), (day, BREAK, 780, 840))
    }
    assert made.title == "GP"
    assert "Mon, Tue, Wed, Thu, Fri · Visit" in text_of(page)


def test_a_professional_in_an_unknown_zone_is_refused_beside_the_form(practice, sqlite_database):
    page = press(practice("Professionals"), "practice_add_professional")
    fill(page, name="Dr Ruiz", zone="Mars")
    page = send(page, "Save and go on")

    assert errors(page) == ["Mars is not a time zone we know. Please choose one from the list."]
    assert page.text_input(key="practice_form_name").value == "Dr Ruiz"


def test_a_second_press_of_the_same_form_adds_nobody_again(practice, sqlite_database):
    page = press(practice("Professionals"), "practice_add_professional")
    fill(page, name="Dr Ruiz")
    form = page.session_state["practice_form"]
    page = send(page, "Save and go on")
    page.session_state["practice_form"] = form  # the first run was cut off before it closed it
    page = shown(page.run())

    assert only(sqlite_database, Professional).name == "Dr Ruiz"
    assert page.session_state["practice_form"].id is not None


def test_a_professional_is_edited(practice, sqlite_database):
    premium = add(sqlite_database, a.tier)
    ada = add(sqlite_database, a.professional, name="Ada", languages="Portuguese")
    page = press(practice("Professionals"), f"practice_edit_professional_{ada.id}")
    fill(page, name="Dr Ada", tier=premium.id)
    page = send(page)

    found = only(sqlite_database, Professional)
    assert (found.name, found.premium, found.languages) == ("Dr Ada", True, "Portuguese")
    assert "Saved Dr Ada." in toasts(page)


def test_a_professional_with_bookings_is_not_archived(practice, sqlite_database):
    with sqlite_database.writing() as session:
        ada = a.professional(session, name="Ada")
        a.booking(session, ada, a.span(9, 10))
    page = press(practice("Professionals"), f"practice_edit_professional_{ada.id}")
    page = press(page, "practice_form_archive")

    assert errors(page) == ["Ada still has bookings to come: 1. Move or cancel them first."]


def hours_of(practice, professional):
    page = press(practice("Professionals"), f"practice_edit_professional_{professional.id}")
    return shown(page.segmented_control(key="practice_form_part").set_value("Weekly hours").run())


def test_hours_that_cannot_be_are_refused_and_stay_typed(practice, sqlite_database):
    ada = add(sqlite_database, a.professional, weekdays=())
    page = fill(hours_of(practice, ada), hours_2_0="9", hours_2_1="noon")
    page = send(page)
    assert errors(page) == ["Tuesday: noon is not a time. Write it like 9:00 or 17:30."]

    page = send(fill(page, hours_2_1="8"))
    assert "ends before it begins" in errors(page)[0]
    assert page.text_input(key="practice_form_hours_2_0").value == "9"


def test_whom_other_hours_would_strand_is_shown_before_they_are_saved(
    practice, sqlite_database, monkeypatch
):
    screen.set_clock(monkeypatch, a.BEFORE)
    with sqlite_database.writing() as session:
        visit = a.service(session, name="Visit")
        ada = a.professional(session, name="Dr Ada", services=(visit,))
        ana = a.patient(session, name="Ana *Silva*")
        a.booking(session, ada, a.span(15, 16), service=visit, patient=ana)
    page = send(fill(hours_of(practice, ada), hours_1_1="13"))

    assert "1 visit would lie outside these hours" in page.warning[0].value
    assert r"Ana \*Silva\* · Visit" in text_of(page)
    with sqlite_database.reading() as session:
        assert session.scalars(select(StrandedVisit)).all() == []
        assert {each.ends_minute for each in session.scalars(select(WorkingHours))} == {17 * 60}

    page = send(fill(page, hours_1_1="16"))  # nobody is stranded by these
    assert not page.warning
    assert toasts(page) == ["Saved the hours of Dr Ada."]

    page = send(fill(hours_of(practice, ada), hours_1_1="13"))
    page = press(page, "practice_form_hours_all_the_same")
    assert toasts(page) == [
        "Saved the hours of Dr Ada. 1 visit outside the new hours stays booked; the desk moves it."
    ]
    assert only(sqlite_database, StrandedVisit).starts_at == a.at(15)


def test_a_day_with_more_than_one_break_stays_as_it_is_unless_its_line_changes(
    practice, sqlite_database
):
    ada = add(sqlite_database, a.professional, weekdays=(1, 2), hours=((8, 10), (11, 13), (14, 18)))
    page = hours_of(practice, ada)
    assert "More than one break on Monday, Tuesday" in text_of(page)
    send(fill(page, hours_2_0="10"))

    with sqlite_database.reading() as session:
        rows = session.scalars(select(WorkingHours).where(WorkingHours.valid_to.is_(None))).all()
    days = [
        sorted((each.starts_minute, each.ends_minute) for each in rows if each.weekday == day)
        for day in (1, 2)
    ]
    assert days == [[(480, 600), (660, 780), (840, 1080)], [(600, 660), (600, 1080)]]


@pytest.mark.parametrize(
    ("typed", "minute"),
    [("9", 540), ("09:00", 540), ("0930", 570), ("17.30", 1050), ("9h15", 555), ("30:00", 1800)],
)
def test_a_time_may_be_typed_in_many_ways(typed, minute):
    assert minute_of(typed, "Monday") == minute


@pytest.mark.parametrize("typed", ["noon", "9:60", "49", "-1", "9:5", "9-17", "１２３"])
def test_what_is_no_time_is_refused(typed):
    with pytest.raises(hours.Invalid, match="not a time"):
        minute_of(typed, "Monday")


@pytest.mark.parametrize(
    ("line", "windows"),
    [
        (Line(), []),
        (Line("09:00", "17:00"), [(540, 1020, WORK)]),
        (Line("22:00", "30:00"), [(1320, 1800, WORK)]),
        (Line("09:00", "17:00", "13:00", "14:00"), [(540, 1020, WORK), (780, 840, BREAK)]),
    ],
)
def test_a_line_says_what_its_windows_say(line, windows):
    found = windows_of(3, line)

    assert found == [WeekdayWindow(3, *each) for each in windows]
    assert line_of(found) == line


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (Line("9"), "one of the two times is missing"),
        (Line("9", "17", "13"), "one of the two times is missing"),
        (Line("", "", "13", "14"), "a break needs working hours"),
    ],
)
def test_half_a_line_is_refused(line, words):
    with pytest.raises(hours.Invalid, match=words):
        windows_of(3, line)


def test_a_split_day_is_shown_as_one_with_a_break():
    split = [WeekdayWindow(1, 540, 780), WeekdayWindow(1, 840, 1080)]

    assert line_of(split) == Line("09:00", "18:00", "13:00", "14:00")


# --- rooms, closures


def test_a_room_is_added_renamed_and_kept_when_a_service_has_no_other(practice, sqlite_database):
    page = press(practice("Rooms"), "practice_add_room")
    page = send(fill(page, name="Lab"))
    room = only(sqlite_database, Room)
    with sqlite_database.writing() as session:
        a.needs(session, a.service(session, name="Scan"), room)
    page = press(page, f"practice_edit_room_{room.id}")
    page = send(fill(page, name="Laboratory"))
    assert toasts(page) == ["Saved Laboratory."]

    page = press(press(page, f"practice_edit_room_{room.id}"), "practice_form_archive")
    assert "Laboratory is the only room for Scan." in errors(page)[0]


def test_a_closure_is_added_with_the_bookings_in_its_way_and_removed(practice, sqlite_database):
    with sqlite_database.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))
    page = press(practice("Closures"), "practice_add_closure")
    page = send(fill(page, name="Training", first=a.DAY))
    assert toasts(page) == [
        "Closed: Monday 7 December. "
        "Bookings in these days, to be moved or cancelled at the desk: 1."
    ]
    closure = only(sqlite_database, Closure)
    assert (closure.first_on, closure.last_on) == (a.DAY, a.DAY)

    page = press(page, f"practice_remove_{closure.id}")
    assert toasts(page) == ["Open again: Monday 7 December."]
    assert only(sqlite_database, Closure).removed_at
    assert only(sqlite_database, Booking)

    next(each for each in page.button if each.label == "Undo").click().run()
    assert only(sqlite_database, Closure).removed_at is None


def test_public_holidays_of_the_country_become_closures_once(practice, sqlite_database):
    page = press(practice("Closures"), "holidays_add")
    with sqlite_database.reading() as session:
        names = set(session.scalars(select(Closure.name)))
    assert "Natal" in names or "Dia de Natal" in names
    press(page, "holidays_add")
    with sqlite_database.reading() as session:
        assert len(session.scalars(select(Closure)).all()) == len(names)


def test_public_holidays_of_no_country_are_refused(practice, sqlite_database):
    page = practice("Closures")
    page.text_input(key="holidays_country").input("XX")
    page = press(page, "holidays_add")
    assert "No public holidays are known for XX" in page.error[0].value


def test_a_closure_without_a_name_is_refused(practice, sqlite_database):
    page = press(practice("Closures"), "practice_add_closure")

    assert errors(send(page)) == ["Please say why the place is closed."]


# --- people


def link_in(page):
    return re.search(r"/activate\?link=(\S+)", page.code[0].value)[1]


def test_somebody_new_gets_a_link_that_is_shown_once_and_kept_as_a_hash(practice, sqlite_database):
    page = press(practice("People"), "practice_add_user")
    page = press(fill(page, name="Rita *F*", username="Rita"), "practice_form_save")

    assert r"Give this link to Rita \*F\*" in text_of(page)
    assert only(sqlite_database, OneTimeLink).token_sha256 == secret_hash(link_in(page))
    secret = link_in(page)
    page = press(page, "practice_form_done")
    assert not page.code
    assert secret not in str(page.session_state._state.filtered_state)
    with sqlite_database.reading() as session:
        rita = session.scalars(select(User).where(User.username == "rita")).one()
    assert (rita.role, rita.password_hash) == (Role.RECEPTIONIST, "")


def test_a_user_name_that_is_taken_is_refused_and_the_rest_stays_typed(
    practice, sqlite_database, admin
):
    page = press(practice("People"), "practice_add_user")
    page = press(fill(page, name="Rita", username=admin.username.upper()), "practice_form_save")

    assert errors(page) == ["This user name is taken. Please choose another."]
    assert page.text_input(key="practice_form_name").value == "Rita"


def test_a_professional_is_linked_to_a_calendar(practice, sqlite_database):
    ada = add(sqlite_database, a.professional, name="Dr Ada")
    page = press(practice("People"), "practice_add_user")
    page = fill(page, name="Ada", username="ada", role=Role.PROFESSIONAL).run()
    page = press(page, "practice_form_save")
    assert errors(page) == ["Choose whose calendar this professional has."]

    page = press(fill(page, professional=ada.id), "practice_form_save")
    assert link_in(page)
    assert "Dr Ada" in text_of(press(page, "practice_form_done"))


def test_a_patient_is_found_and_linked_to_their_record(practice, sqlite_database):
    ana = add(sqlite_database, a.patient, name="Ana Silva")
    page = press(practice("People"), "practice_add_user")
    page = fill(page, name="Ana", username="ana", role=Role.PATIENT).run()
    page = press(page, "practice_form_save")
    assert errors(page) == ["Choose whose record this patient sees."]

    page = press(fill(page, patient_words="silva").run(), "practice_form_save")
    assert link_in(page)
    with sqlite_database.reading() as session:
        user = session.scalars(select(User).where(User.username == "ana")).one()
    assert user.patient_id == ana.id


def test_a_person_is_changed_shut_out_and_let_in_again(practice, sqlite_database):
    bea = add(sqlite_database, a.user, name="Bea", password_hash="x")
    page = press(practice("People"), f"practice_edit_user_{bea.id}")
    page = press(fill(page, name="Beatriz", role=Role.ADMIN), "practice_form_save")
    assert toasts(page) == ["Saved Beatriz."]

    page = press(press(page, f"practice_edit_user_{bea.id}"), "practice_form_deactivate")
    assert toasts(page) == ["Beatriz cannot sign in any more."]
    page = press(press(page, f"practice_edit_user_{bea.id}"), "practice_form_activate")
    assert toasts(page) == ["Beatriz can sign in again."]


def test_the_last_admin_is_not_let_go(practice, admin):
    page = press(practice("People"), f"practice_edit_user_{admin.id}")
    page = press(page, "practice_form_deactivate")

    assert "Alex Moreau is the only admin who can sign in." in errors(page)[0]


def test_a_lost_link_is_made_anew(practice, sqlite_database):
    bea = add(sqlite_database, a.user, name="Bea")
    page = practice("People")
    page = press(press(page, f"practice_edit_user_{bea.id}"), "practice_form_link")
    first = link_in(page)
    page = press(press(page, "practice_form_done"), f"practice_edit_user_{bea.id}")

    assert link_in(press(page, "practice_form_link")) != first


def test_the_place_is_renamed_and_what_cannot_be_says_why(practice, sqlite_database):
    page = fill(press(practice("Place"), "practice_edit_place_1"), currency="E1")
    assert "currency" in errors(send(page))[0].lower()

    page = send(fill(page, name="Rua Velha", currency="CHF", zone="Europe/Zurich"))

    assert toasts(page) == ["Saved Rua Velha."]
    with sqlite_database.reading() as session:
        place = catalog.get_organisation(session)
    assert (place.name, place.currency, place.zone) == ("Rua Velha", "CHF", "Europe/Zurich")


def test_a_service_says_where_starts_fall_and_which_buffers_count(practice, sqlite_database):
    visit = add(sqlite_database, a.service, name="Visit")
    page = press(practice(), f"practice_edit_service_{visit.id}")

    send(fill(page, anchor=Anchor.OPENING, buffer_rule=BufferRule.ADD))

    with sqlite_database.reading() as session:
        saved = session.get_one(Service, visit.id)
    assert (saved.anchor, saved.buffer_rule) == (Anchor.OPENING, BufferRule.ADD)


def test_people_are_narrowed_down_and_turned_over(practice, sqlite_database):
    with sqlite_database.writing() as session:
        for number in range(60):
            a.user(session, name=f"Zz {number:02}", active=number != 7)
    page = practice("People")
    assert "**Zz 48**" in written(page)
    assert "**Zz 49**" not in written(page)

    page.session_state["practice_people_page"] = 2
    assert "**Zz 59**" in written(shown(page.run()))

    page.selectbox(key="practice_people_can").set_value(Standing.DEACTIVATED).run()

    assert [each for each in written(page) if each.startswith("**Zz")] == ["**Zz 07**"]


def written(page):
    return [each.value.partition("  \n")[0] for each in page.markdown]


# --- the activation page


@pytest.fixture
def open_link(monkeypatch, sqlite_database):
    """``open_link(secret)`` follows an activation link, as a stranger or somebody signed in."""
    from streamlit.util import calc_hash

    def follow(link, user=None):
        page = screen.show_to(monkeypatch, sqlite_database, user)
        page.query_params["link"] = link
        page._page_hash = calc_hash("activate")
        return shown(page.run())

    return follow


@pytest.fixture
def invited(sqlite_database, monkeypatch):
    from core import activation, passwords
    from core.db import utc_now
    from core.policy import CONSOLE

    monkeypatch.setattr(passwords, "COST", 4)
    with sqlite_database.writing() as session:
        a.organisation(session)
        request = activation.Invitation("rita", "Rita [F](x)", Role.RECEPTIONIST)
        return activation.invite_user(session, CONSOLE, request, now=utc_now())


def test_t055_the_link_asks_for_a_password_and_hands_the_sign_in_over(
    open_link, invited, sqlite_database
):
    page = open_link(invited.link)
    assert r"Welcome, Rita \[F\](x). Your user name is **rita**." in text_of(page)
    page.text_input(key="activation_password").set_value("too short")
    page = send(page, "Start with Frontdesk")
    assert errors(page) == ["The password needs at least 12 characters."]

    page.text_input(key="activation_password").set_value("a long enough password")
    page = send(page, "Start with Frontdesk")
    assert text_of(page) == "Signing in …"
    assert "link" not in page.query_params
    assert only(sqlite_database, User).password_hash


@pytest.mark.parametrize("link", ["wrong", "é" * 300])
def test_t056_a_link_that_does_not_work_says_so_above_the_sign_in_form(open_link, invited, link):
    page = open_link(link)

    assert errors(page) == [
        "This link has been used or has run out. Ask whoever gave it to you for a new one."
    ]
    assert [field.label for field in page.text_input] == ["User name", "Password"]


def test_somebody_signed_in_does_not_use_up_the_link_of_another(open_link, invited, admin):
    page = open_link(invited.link, admin)

    assert "you are signed in as Alex Moreau" in page.info[0].value
    assert not page.text_input


def test_the_activation_page_without_a_good_link_leads_home(open_link, admin):
    page = open_link("", admin)

    assert not errors(page)
    assert [each.key for each in page.segmented_control] == ["view"]


# --- the desk while there is nobody to book


def test_an_empty_desk_tells_the_admin_where_to_begin(monkeypatch, sqlite_database, admin):
    page = screen.show_to(monkeypatch, sqlite_database, admin).run()
    page.switch_page(str(places.PAGES / "desk.py")).run()

    assert shown(page).info[0].value == "Add your services and professionals under Practice."


def test_an_empty_desk_tells_a_receptionist_whom_to_ask(monkeypatch, sqlite_database, admin):
    rita = add(sqlite_database, a.user)
    page = screen.show_to(monkeypatch, sqlite_database, rita).run()
    assert "Ask Alex Moreau to add" in shown(page).info[0].value

    with sqlite_database.writing() as session:
        ada = a.professional(session)
    page = shown(page.run())
    assert not page.info
    with sqlite_database.writing() as session:
        catalog.archive_professional(
            session, a.actor(session, Role.ADMIN), ada.id, ada.version, now=a.BEFORE
        )
    assert shown(page.run()).info


def test_the_admin_says_what_patients_do_by_themselves(practice, sqlite_database):
    with sqlite_database.writing() as session:
        a.professional(session, name="Dr Ada", listed=False)
    page = press(practice("Online booking"), "practice_edit_patients_book_1")
    page = send(fill(page, open=True, most=5))

    assert toasts(page) == ["Saved what patients do by themselves."]
    text = " ".join(each.value for each in page.markdown)
    assert "Seen by everybody" in text
    assert "5 visits to come at most" in text
    assert "not with Dr Ada" in text

    page = send(fill(press(page, "practice_edit_patients_book_1"), books=False))
    assert "Patients call to book" in " ".join(each.value for each in page.markdown)


def test_a_professional_and_a_service_are_kept_from_patients(practice, sqlite_database):
    with sqlite_database.writing() as session:
        doctor, service = a.professional(session, name="Dr Ada"), a.service(session, name="Review")
    page = press(practice("Services"), f"practice_edit_service_{service.id}")
    send(fill(page, listed=False))
    page = press(practice("Professionals"), f"practice_edit_professional_{doctor.id}")
    send(fill(page, listed=False), label="Save")

    with sqlite_database.reading() as session:
        assert not session.get(Service, service.id).listed
        assert not session.get(Professional, doctor.id).listed


# --- expertise


@pytest.fixture
def tags(sqlite_database):
    """Ada is tagged Cardiology, Ben Heart; the ids of both tags."""
    with sqlite_database.writing() as session:
        for name, word in (("Ada", "Cardiology"), ("Ben", "Heart")):
            request = catalog.ExpertiseTags(a.professional(session, name=name).id, (word,))
            catalog.tag_expertise(session, CONSOLE, request, now=a.BEFORE)
        return {each.name: each.id for each in catalog.load_expertise(session)}


def vocabulary(database):
    with database.reading() as session:
        found = catalog.load_vocabulary(session, CONSOLE)
    return {each.name: (each.synonyms, each.professionals) for each in found}


def test_a_word_is_said_to_mean_the_same(practice, sqlite_database, tags):
    page = press(practice("Expertise"), f"practice_edit_expertise_{tags['Cardiology']}")
    page = send(fill(page, synonyms="cardiac, heart doctor"))

    assert "Saved Cardiology." in toasts(page)
    assert "also: cardiac, heart doctor" in text_of(page)
    assert vocabulary(sqlite_database)["Cardiology"] == (("cardiac", "heart doctor"), 1)


def test_words_somebody_else_gave_meanwhile_are_not_dropped(practice, sqlite_database, tags):
    page = press(practice("Expertise"), f"practice_edit_expertise_{tags['Cardiology']}")
    with sqlite_database.writing() as session:
        session.add(
            ExpertiseSynonym(folded="ticker", word="ticker", expertise_id=tags["Cardiology"])
        )

    page = send(fill(page, synonyms="cardiac"))

    assert "has changed this in the meantime" in errors(page)[0]
    assert vocabulary(sqlite_database)["Cardiology"] == (("ticker",), 1)


def test_a_word_that_is_a_tag_of_its_own_is_refused_and_merged_instead(
    practice, sqlite_database, tags
):
    page = press(practice("Expertise"), f"practice_edit_expertise_{tags['Cardiology']}")
    page = send(fill(page, synonyms="heart"))
    assert errors(page) == ["heart already stands for Heart. Please merge the two instead."]

    page = press(practice("Expertise"), f"practice_edit_expertise_{tags['Heart']}")
    page = shown(fill(page, merge=tags["Cardiology"]).run())
    page = press(page, "practice_form_merge_now")

    assert "Everybody with Heart now has Cardiology." in toasts(page)
    assert vocabulary(sqlite_database) == {"Cardiology": (("Heart",), 2)}


# --- tiers


def test_a_tier_is_added_with_what_it_costs_and_given_to_somebody(practice, sqlite_database):
    ada = add(sqlite_database, a.professional, name="Ada")
    page = practice("Tiers")
    assert "No tiers yet." in text_of(page)
    page = press(page, "practice_add_tier")
    page = shown(page.segmented_control(key="practice_form_kind").set_value("Percent").run())
    page = press(fill(page, name="Premium", percent=25), "practice_form_save")

    assert "Added Premium." in toasts(page)
    assert "adds 25 % to the service's price · professionals: 0" in text_of(page)
    premium = only(sqlite_database, Tier)
    page = press(practice("Professionals"), f"practice_edit_professional_{ada.id}")
    send(fill(page, tier=premium.id))
    assert only(sqlite_database, Professional).tier_id == premium.id

    page = press(practice("Professionals"), f"practice_edit_professional_{ada.id}")
    send(fill(page, tier=0))
    assert only(sqlite_database, Professional).tier_id is None


def test_a_tier_in_use_is_not_removed_and_its_amount_is_changed(practice, sqlite_database):
    add(sqlite_database, a.professional, premium=True)
    premium = only(sqlite_database, Tier)
    page = press(practice("Tiers"), f"practice_edit_tier_{premium.id}")
    page = press(page, "practice_form_remove")
    assert errors(page) == [
        "Premium still has professionals: 1. Give them another tier first.",
    ]

    page = shown(page.segmented_control(key="practice_form_kind").set_value("An amount").run())
    press(fill(page, amount=12.5), "practice_form_save")

    assert only(sqlite_database, Tier).surcharge_cents == 1250


# --- reasons


def reasons(database, kind=CANCEL):
    with database.reading() as session:
        return [each.name for each in catalog.load_reasons(session, kind)]


def reason_id(database, name, kind=CANCEL):
    with database.reading() as session:
        found = select(ListedReason.id).where(ListedReason.kind == kind, ListedReason.name == name)
        return session.scalars(found).one()


def test_an_admin_adds_a_reason_puts_it_first_and_takes_another_out_of_use(
    practice, sqlite_database
):
    page = press(practice("Reasons"), "practice_add_reason_cancel")
    fill(page, name="Has *moved* away", by_patient=False)
    page = send(page)
    assert toasts(page) == [r"Added Has \*moved\* away."]
    moved = reason_id(sqlite_database, "Has *moved* away")
    for _step in range(5):
        page = press(page, f"practice_reason_up_{moved}")
    assert page.button(key=f"practice_reason_up_{moved}").disabled

    other = reason_id(sqlite_database, "Other")
    page = press(page, f"practice_edit_reason_cancel_{other}")
    page = press(page, "practice_form_archive")
    assert "Archived Other." in toasts(page)

    assert reasons(sqlite_database) == [
        "Has *moved* away",
        "Patient is ill",
        "Patient cannot come",
        "Professional is away",
        "Booked by mistake",
    ]
    assert reasons(sqlite_database, OVERRIDE)[-1] == "Other"
    page = press(page, f"practice_restore_reasons_{other}")
    assert reasons(sqlite_database)[-1] == "Other"


def test_a_reason_is_renamed_and_says_what_it_asks_for(practice, sqlite_database):
    urgent = reason_id(sqlite_database, "Urgent", OVERRIDE)
    page = press(practice("Reasons"), f"practice_edit_reason_override_{urgent}")
    fill(page, name="other")
    page = send(page)
    assert errors(page) == ["There is already one called other. Please choose another name."]

    fill(page, name="Pain", needs_words=True)
    page = send(page)
    assert "Saved Pain." in toasts(page)
    assert "**Pain**  \n:small[needs words of one's own]" in text_of(page)


def test_the_last_reason_stays_and_the_page_says_why(practice, sqlite_database):
    with sqlite_database.writing() as session:
        for each in catalog.load_reasons(session, CANCEL)[1:]:
            catalog.archive_reason(session, CONSOLE, each.id, each.version, now=a.BEFORE)
    ill = reason_id(sqlite_database, "Patient is ill")
    page = press(practice("Reasons"), f"practice_edit_reason_cancel_{ill}")
    page = press(page, "practice_form_archive")
    assert errors(page) == [
        "Patient is ill is the only reason left in this list. Please add another one first."
    ]
