"""The receptionist's day in a real browser: sign in, search, book, move, cancel, share the day."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select, update

from core import passwords
from core.booking import BookingRequest, book
from core.db import Database, utc_now
from core.models import (
    Booking,
    BookingState,
    Claim,
    Override,
    Patient,
    Professional,
    Role,
    Service,
    User,
)
from core.policy import Actor
from tests import a
from tests.browser.conftest import PASSWORD, come_to_rest, press

pytestmark = pytest.mark.browser

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Two professionals at work every day, 08:00 to 18:00, and patients to find."""
    with live_database.writing() as session:
        visit = a.service(session, name="Consultation", length_minutes=30, price_cents=4500)
        for name in ("Dr Ada", "Dr Ben"):
            a.professional(
                session, name=name, hours=((8, 18),), weekdays=EVERY_DAY, services=(visit,)
            )
        a.patient(session, name="Nuria García", phone="+34642110478")
        a.patient(session, name="![x](http://elsewhere.example/p.png) <b>Eve</b>")
    return live_database


def tomorrow(hour: float) -> datetime:
    day = datetime.now(UTC).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def to_tomorrow(page: Page) -> None:
    to_tomorrow_of(page, "09:00")


def to_tomorrow_of(page: Page, time: str) -> None:
    """Tomorrow's day, drawn, with Dr Ada free at ``time``."""
    expect(page.get_by_role("button", name="Today")).to_be_visible(timeout=30_000)
    expect(grid(page)).to_be_visible()
    press(page, "n")
    expect(free(page, "Dr Ada", time)).to_be_visible(timeout=30_000)


def type_patient(page: Page, words: str) -> None:
    """As a hand does once the form is there: the cursor waits in the field."""
    expect(page.get_by_role("dialog").get_by_label("Patient")).to_be_focused(timeout=30_000)
    page.keyboard.type(words)


def grid(page: Page) -> Locator:
    return page.get_by_label("Day calendar").first


def free(page: Page, professional: str, time: str) -> Locator:
    """The free start in a professional's column."""
    column = {"Dr Ada": 0, "Dr Ben": 1}[professional]
    return page.get_by_label(re.compile(rf"^{time}.*free")).nth(column)


def block(page: Page, name: str) -> Locator:
    return page.get_by_label(re.compile(rf"{name}.*(Booked|Arrived|Held)")).first


def carry(
    page: Page, what: Locator, to: Locator, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Drag something by the mouse, in steps as a hand does; the day waits while it is held."""
    expect(what).to_be_visible()
    expect(to).to_be_visible()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    source, target = what.bounding_box(), to.bounding_box()
    assert source
    assert target
    page.mouse.move(source["x"] + 30, source["y"] + 5)
    page.mouse.down()
    page.mouse.move(target["x"] + 30, target["y"] + 20, steps=6)
    page.mouse.move(target["x"] + 30, target["y"] + 5, steps=3)
    meanwhile()
    page.mouse.up()


def only_booking(database: Database) -> Booking:
    with database.reading() as session:
        return session.scalars(select(Booking)).one()


def test_a_receptionist_signs_in_books_moves_and_cancels(new_page, sign_in, live_server):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)

    free(page, "Dr Ada", "09:00").click()
    type_patient(page, "garc nur")
    page.get_by_role("button", name="Book Nuria García").click()
    expect(page.get_by_text("Booked Nuria García with Dr Ada")).to_be_visible()
    expect(block(page, "Nuria García")).to_be_visible()
    assert only_booking(live_server.database).starts_at == tomorrow(9)

    carry(page, block(page, "Nuria García"), free(page, "Dr Ben", "11:00"))
    expect(
        page.get_by_text(re.compile("Moved Nuria García to .* 11:00 with Dr Ben"))
    ).to_be_visible()
    assert only_booking(live_server.database).starts_at == tomorrow(11)
    press(page, "z")  # a slip of the mouse
    expect(page.get_by_text("Undone for Nuria García")).to_be_visible()
    assert only_booking(live_server.database).starts_at == tomorrow(9)
    carry(page, block(page, "Nuria García"), free(page, "Dr Ben", "11:00"))
    expect(page.get_by_role("button", name="Undo")).to_be_visible()

    block(page, "Nuria García").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Patient is ill").click()
    dialog.get_by_role("button", name="Cancel booking").click()
    expect(page.get_by_text("Cancelled Nuria García")).to_be_visible()
    assert only_booking(live_server.database).state is BookingState.CANCELLED


def test_escape_throws_nothing_away_that_was_typed(new_page, sign_in, live_server):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    free(page, "Dr Ada", "10:00").click()
    type_patient(page, "garc nur")
    dialog = page.get_by_role("dialog")
    booking = dialog.get_by_role("button", name="Book Nuria García")
    expect(booking).to_be_enabled(timeout=15_000)
    press(page, "Escape")
    expect(dialog).to_be_hidden(timeout=15_000)

    come_to_rest(page)
    free(page, "Dr Ben", "11:00").click()
    left = dialog.get_by_role("button", name="Continue")
    expect(left).to_be_visible(timeout=15_000)
    come_to_rest(page)
    left.click()
    expect(dialog.get_by_label("Patient")).to_have_value("garc nur", timeout=15_000)
    expect(booking).to_be_enabled(timeout=15_000)
    come_to_rest(page)
    booking.click()

    expect(page.get_by_text("Booked Nuria García with Dr Ben")).to_be_visible(timeout=15_000)


def test_a_new_patient_is_added_and_booked_in_one_go(new_page, sign_in, live_server):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)

    free(page, "Dr Ada", "10:00").click()
    type_patient(page, "Zé Ninguém")
    page.get_by_role("button", name="New patient").click()
    expect(page.get_by_label("Phone", exact=True)).to_be_focused()
    page.keyboard.type("912 345 678")
    press(page, "Tab")
    expect(page.get_by_label("E-mail (optional)", exact=True)).to_be_focused()
    press(page, "Tab")
    expect(page.get_by_role("spinbutton", name=re.compile("^day, Date of birth"))).to_be_focused()
    page.keyboard.type("12031988")
    press(page, "Control+Enter")  # heard in a date as well, which is kept by it

    expect(page.get_by_text("Booked Zé Ninguém with Dr Ada")).to_be_visible()
    with live_server.database.reading() as session:
        added = session.scalars(select(Patient).where(Patient.name == "Zé Ninguém")).one()
        assert added.phone == "+351912345678"
        assert added.born_on == date(1988, 3, 12)


def test_a_likely_duplicate_is_shown_before_it_is_made(new_page, sign_in):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)

    free(page, "Dr Ada", "10:00").click()
    page.get_by_role("button", name="New patient").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("nuria garcia")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Perhaps already known:")).to_be_visible()
    page.get_by_role("button", name=re.compile("Nuria García")).click()
    expect(page.get_by_role("button", name="Book Nuria García")).to_be_visible()


def test_a_lost_race_says_who_was_quicker_and_keeps_what_was_typed(new_page, sign_in, live_server):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    free(page, "Dr Ada", "09:00").click()
    type_patient(page, "garc")
    page.get_by_label("Note for the desk (optional)").fill("brings the letter")
    page.get_by_label("Note for the desk (optional)").press("Tab")
    expect(page.get_by_role("button", name="Book Nuria García")).to_be_enabled()

    let_holds_run_out(live_server.database)
    book_elsewhere(live_server.database, tomorrow(9))
    page.get_by_role("button", name="Book Nuria García").click()

    expect(page.get_by_text("Dr Ada is already booked for that time.")).to_be_visible()
    expect(page.get_by_text("Booked by Bea.")).to_be_visible()
    expect(page.get_by_label("Note for the desk (optional)")).to_have_value("brings the letter")
    page.get_by_role("dialog").get_by_role("button", name=re.compile("09:30")).click()
    page.get_by_role("button", name="Book Nuria García").click()
    expect(page.get_by_text(re.compile("Booked Nuria García with Dr Ada, .*09:30"))).to_be_visible()


def test_what_another_desk_books_appears_by_itself(new_page, sign_in, live_server):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    book_elsewhere(live_server.database, tomorrow(14))
    expect(block(page, "Ana Silva")).to_be_visible(timeout=20_000)


def test_a_refused_drop_goes_back_and_offers_the_nearest_times(new_page, sign_in, live_server):
    book_elsewhere(live_server.database, tomorrow(9))
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    quicker = partial(
        book_elsewhere,
        live_server.database,
        tomorrow(11),
        professional="Dr Ben",
        patient="Nuria García",
    )
    carry(page, block(page, "Ana Silva"), free(page, "Dr Ben", "11:00"), meanwhile=quicker)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Dr Ben is already booked for that time.")).to_be_visible()
    dialog.get_by_role("button", name=re.compile("11:30")).click()
    expect(page.get_by_text(re.compile("Moved Ana Silva to .* 11:30 with Dr Ben"))).to_be_visible()


def test_a_time_somebody_is_booking_is_held_and_freed_again(new_page, sign_in, live_server):
    with live_server.database.writing() as session:
        a.user(
            session,
            Role.RECEPTIONIST,
            username="bea",
            name="Bea",
            password_hash=passwords.hash_password(PASSWORD, Role.ADMIN),
        )
    rita, bea = new_page(), new_page()
    sign_in(rita, "rita", path="/desk")
    to_tomorrow(rita)
    free(rita, "Dr Ada", "09:00").click()
    expect(rita.get_by_role("dialog").get_by_text("Held for you")).to_be_visible()

    sign_in(bea, "bea", path="/desk")
    to_tomorrow_of(bea, "09:30")
    expect(bea.get_by_label(re.compile("Held by Rita Fonseca")).first).to_be_visible()

    rita.keyboard.press("Escape")
    expect(rita.get_by_role("dialog")).to_be_hidden()
    press(bea, "n")
    press(bea, "p")
    expect(free(bea, "Dr Ada", "09:00")).to_be_visible()


def test_the_desk_sets_a_rule_aside_with_a_reason(new_page, sign_in, live_server):
    book_elsewhere(live_server.database, tomorrow(9))
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow_of(page, "09:30")
    taken = page.get_by_label(re.compile("^09:00.*Taken until")).first
    place = taken.bounding_box()
    assert place
    taken.click(position={"x": place["width"] - 5, "y": 8})  # the strip beside the visit
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Taken until")).to_be_visible()
    dialog.get_by_label("Patient").fill("garc")
    dialog.get_by_text("Urgent").click()
    dialog.get_by_role("button", name="Book Nuria García").click()
    expect(page.get_by_text(re.compile("Booked Nuria García with Dr Ada, .*09:00"))).to_be_visible()
    with live_server.database.reading() as session:
        assert session.scalars(select(Override.reason)).all() == ["Urgent"]


def test_a_hostile_name_is_shown_as_it_is_and_fetches_nothing(new_page, sign_in, live_server):
    """T096, T097, T099"""
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    free(page, "Dr Ada", "09:00").click()
    type_patient(page, "eve")
    page.get_by_role("button", name=re.compile("Book .*Eve")).click()
    expect(page.get_by_text(re.compile(r"Booked !\[x\]\(http.*<b>Eve</b> with"))).to_be_visible()
    page.get_by_label(re.compile(r"!\[x\].*Booked")).first.click()
    expect(page.get_by_role("dialog").get_by_text("<b>Eve</b>").first).to_be_visible()
    outside = [url for url in asked if not url.startswith((live_server.url, "data:", "blob:"))]
    assert outside == []


def test_on_a_phone_the_day_becomes_a_list(new_page, sign_in, live_server):
    book_elsewhere(live_server.database, tomorrow(9))
    page = new_page(width=390, height=844)
    sign_in(page, "rita", path="/desk")
    expect(page.get_by_role("button", name="Today")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Today").press("n")
    expect(block(page, "Ana Silva")).to_be_visible(timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def let_holds_run_out(database: Database) -> None:
    """As if the desk had been silent for three minutes."""
    with database.writing() as session:
        for kind in (Booking, Claim):
            session.execute(
                update(kind)
                .where(kind.held_until.is_not(None))
                .values(held_until=utc_now() - timedelta(seconds=1))
            )


def book_elsewhere(
    database: Database,
    when: datetime,
    *,
    professional: str = "Dr Ada",
    patient: str = "Ana Silva",
) -> None:
    """Somebody at another desk is quicker."""
    with database.writing() as session:
        bea = session.scalars(select(User).where(User.username == "bea")).one_or_none()
        if bea is None:
            bea = a.user(session, Role.RECEPTIONIST, username="bea", name="Bea")
        actor = Actor(role=Role.RECEPTIONIST, name="Bea", user_id=bea.id)
        request = BookingRequest(
            professional_id=session.scalars(
                select(Professional.id).where(Professional.name == professional)
            ).one(),
            service_id=session.scalars(select(Service.id)).one(),
            patient_id=session.scalars(select(Patient.id).where(Patient.name == patient)).one(),
            starts_at=when,
            request_key=f"{professional}-{when}",
        )
        book(session, actor, request, now=utc_now())


def test_a_view_of_the_desk_is_kept_in_its_address(new_page, sign_in, live_server):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    address = re.compile(rf"/desk\?day={tomorrow(0):%Y-%m-%d}$")
    expect(page).to_have_url(address)

    page.reload()

    expect(free(page, "Dr Ada", "09:00")).to_be_visible(timeout=30_000)
    expect(page).to_have_url(address)


def test_a_booking_is_made_by_typing_one_line(new_page, sign_in, live_server):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)

    press(page, "Control+k")
    line = page.get_by_label(re.compile("Day, time, patient"))
    expect(line).to_be_focused(timeout=30_000)
    page.keyboard.type("tomorrow 9:30 dr ben garc nur")
    expect(page.get_by_role("button", name=re.compile("Book Nuria García"))).to_be_visible()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Booked Nuria García with Dr Ben")).to_be_visible()
    booking = only_booking(live_server.database)
    assert booking.starts_at == tomorrow(9.5)


def test_arrow_down_goes_from_the_search_to_those_who_were_found(new_page, sign_in, live_server):
    with live_server.database.writing() as session:
        a.patient(session, name="Nuria Gómez", phone="+34642110479")
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    free(page, "Dr Ada", "09:00").click()
    type_patient(page, "nuria")
    dialog = page.get_by_role("dialog")
    field, found = dialog.get_by_label("Patient"), dialog.get_by_role("radio")
    expect(found).to_have_count(2)
    come_to_rest(page)

    page.keyboard.press("ArrowDown")
    expect(found.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(found.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Book Nuria Gómez")).to_be_visible()
    press(page, "Control+Enter")

    expect(page.get_by_text("Booked Nuria Gómez with Dr Ada")).to_be_visible()


def test_a_line_that_is_not_understood_yet_is_shown_before_enter_books(
    new_page, sign_in, live_server
):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    press(page, "Control+k")
    expect(page.get_by_label(re.compile("Day, time, patient"))).to_be_focused(timeout=30_000)

    page.keyboard.type("garc nur zzyzx")
    page.keyboard.press("Enter")
    expect(page.get_by_text("I do not understand")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Enter books, Escape clears")).to_be_visible()

    new = page.get_by_role("button", name="Book for a new patient")
    page.keyboard.type("zzyzx")
    expect(new).to_be_visible()
    page.keyboard.type(" 31.2.")  # no date, and nobody's name
    expect(page.get_by_text("“31.2. zzyzx”")).to_be_visible()
    expect(new).to_have_count(0)

    with live_server.database.reading() as session:
        assert not session.scalars(select(Booking)).all()


def test_a_line_that_could_mean_several_is_settled_without_leaving_its_field(
    new_page, sign_in, live_server
):
    with live_server.database.writing() as session:
        a.patient(session, name="Nuria Gómez", phone="+34642110479")
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    press(page, "Control+k")
    line = page.get_by_role("combobox", name=re.compile("Day, time, patient"))
    expect(line).to_be_focused(timeout=30_000)
    words = "tomorrow 9:30 dr ben nuria"
    page.keyboard.type(words)
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_text([re.compile("García"), re.compile("Gómez")])
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text(
        re.compile(r"2 choices with Arrow Down\.$")
    )

    marked = page.get_by_role("option", selected=True)
    page.keyboard.press("ArrowDown")
    expect(marked).to_have_text(re.compile("García"))
    expect(line).to_have_attribute("aria-activedescendant", options.first.get_attribute("id"))
    page.keyboard.press("Escape")
    expect(marked).to_have_count(0)
    expect(line).to_have_value(words)
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(options).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Book Nuria Gómez"))).to_be_visible()
    expect(line).to_be_focused()
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text(
        re.compile(r"Nuria Gómez.*Enter books\.$")
    )
    page.keyboard.press("Enter")
    expect(page.get_by_text("Booked Nuria Gómez with Dr Ben")).to_be_visible()

    press(page, "Control+k")
    expect(line).to_be_focused(timeout=30_000)
    page.keyboard.type("zzyzx")
    expect(page.get_by_text("I do not understand")).to_be_visible()
    page.keyboard.press("Escape")
    expect(line).to_have_value("")
    page.keyboard.press("Escape")
    expect(line).to_have_count(0)
    press(page, "Control+k")
    expect(line).to_be_focused(timeout=30_000)
    expect(page.get_by_text("Enter books, Escape clears")).to_be_visible()
    expect(page.get_by_role("button", name="Continue")).to_have_count(0)
