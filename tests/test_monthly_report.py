"""The month on one page: the same numbers as the functions count, whatever the place is like."""

import io
import json
from datetime import date
from uuid import uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from core import analytics, catalog, exports
from core.__main__ import main
from core.catalog import prepare_logo
from core.errors import Invalid, NotAllowed
from core.models import AuditEntry, BookingState, Channel, OneTimeLink, Role, Search
from core.monthly_report import as_pdf, load_monthly_report, month_of_word, months_to_report
from core.policy import CONSOLE
from core.privacy.readable import Language
from tests import a, screen
from tests.test_logo import ink

S = BookingState
NOVEMBER = date(2026, 11, 1)
ASKED = analytics.AnalyticsAsked(NOVEMBER, date(2026, 11, 30))
OCTOBER = analytics.AnalyticsAsked(date(2026, 10, 1), date(2026, 10, 31))
NOW = a.at(9)
TUESDAY, IN_OCTOBER = -34, -49
"""Days from the made one: 3 November, and 19 October."""
ALL_DAYS = range(1, 8)
LONG = "Dr Éléonore-Žofia Åström-Łukasiewicz van der Hœven y Peñaranda de Bracamonte"


@pytest.fixture
def one_session(sqlite_database):
    """For what the engine has no part in."""
    with sqlite_database.writing() as session:
        yield session


@pytest.fixture
def book(session):
    """Ada saw four in November, missed one, and one cancelled late; Ben saw one. In October two
    came. Three looked for a check-up in vain, and one found a time."""
    check = a.service(session, name="Check-up", length_minutes=60, price_cents=4000)
    ada, ben = (a.professional(session, name=each) for each in ("Dr Ada", "Dr Ben & Co"))
    states = (S.COMPLETED, S.COMPLETED, S.COMPLETED, S.COMPLETED, S.NO_SHOW, S.CANCELLED)
    for hour, state in enumerate(states, start=9):
        saw(session, ada, check, hour, TUESDAY, state)
    saw(session, ben, check, 9, TUESDAY + 1)
    for hour in (9, 10):
        saw(session, ada, check, hour, IN_OCTOBER)
    for ahead in (None, None, None, 2):
        looked(session, check, ahead)
    session.flush()
    return check


def looked(session, service, ahead=None):
    days = {"searched_on": NOVEMBER, "first_on": NOVEMBER, "last_on": NOVEMBER}
    found = {"found": int(bool(ahead)), "days_ahead": ahead, "reason": "" if ahead else "taken"}
    about = {"key": uuid4().hex[:22], "channel": Channel.DESK, "service_id": service.id}
    session.add(Search(**about, **days, **found))


def saw(session, professional, service, hour, day, state=S.COMPLETED):
    a.booking(
        session,
        professional,
        a.span(hour, hour + 1, day=day),
        service=service,
        state=state,
        cancelled_late=state is S.CANCELLED,
        created_at=a.at(8, day=day - 2),
    )


def november(session, who=CONSOLE):
    return load_monthly_report(session, who, NOVEMBER, now=NOW)


def text_of(pdf: bytes) -> str:
    """All that can be read on it, which has to be on one page."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 1
    return " ".join(pages[0].extract_text().split())


def test_the_page_says_what_the_functions_count_beside_the_month_before(session, book):
    seats = analytics.all_seats(session, CONSOLE, ASKED, now=NOW)
    worth = analytics.all_worth(session, CONSOLE, ASKED, now=NOW)
    people = analytics.people(session, CONSOLE, ASKED, now=NOW)
    time = analytics.total(analytics.utilisation(session, CONSOLE, ASKED, now=NOW))
    before = analytics.total(analytics.utilisation(session, CONSOLE, OCTOBER, now=NOW))

    said = text_of(as_pdf(november(session)))

    assert "Rua Nova Practice Monthly report · November 2026" in said
    for each in (
        f"Utilisation {time.utilisation:.0%} of {time.offered_minutes // 60} h offered",
        f"Visits {time.visits} in {time.booked_minutes // 60} h October 2026: {before.visits}",
        f"No-shows {seats.no_shows} · {seats.no_show_share:.0%} of {seats.due} patients due",
        f"Cancelled late {seats.late} · {seats.late / seats.booked:.0%} of {seats.booked} booked",
        f"Booked {worth.booked_cents / 100:.2f} EUR {worth.visits} visits October 2026: 80.00 EUR",
        f"Lost {worth.lost_cents / 100:.2f} EUR {worth.no_show_cents / 100:.2f} EUR of it no-shows",
        f"New and returning {people.new} · {people.returning} of {people.patients} patients",
        "Bookings made 7 for these and other days October 2026: 2",
        "Desk 7 · 100%",
        "1–2 days 7 · 100%",
    ):
        assert each in said
    assert (time.visits, seats.no_shows, seats.late, people.new) == (5, 1, 1, 5)


def test_it_says_who_has_time_left_what_no_shows_cost_and_what_is_not_had(session, book):
    said = text_of(as_pdf(november(session)))

    assert "1. Dr Ben & Co was booked least: 1% of 168 h. Monday after noon had most time" in said
    assert "time left (25 h)" in said
    assert "2. No-shows cost 40.00 EUR (1 of 6 due), late cancellations 40.00 EUR (1 of 7" in said
    assert "3. People ask for Check-up most often without getting it: 3 of 4 searches found" in said
    assert "more hours for it would be used" in said
    assert "Searches that found no time Check-up 3 of 4 · 0 waiting" in said


def test_the_weekday_with_the_highest_share_of_no_shows_is_named_as_on_the_screen(session, book):
    ada = a.professional(session, name="Dr Cy")
    thursday, friday = -32, -31
    for day, missed in ((thursday, 3), (friday, 4)):
        for number in range(20):
            state = S.NO_SHOW if number < missed else S.COMPLETED
            saw(session, ada, book, 8 + number % 5, day + 7 * (number // 5), state)
        if day == thursday:
            assert "highest share" not in text_of(as_pdf(november(session)))

    said = text_of(as_pdf(november(session)))

    worst = analytics.missed_most(
        analytics.seats(session, CONSOLE, ASKED, analytics.By.WEEKDAY, now=NOW)
    )
    assert (worst.key, worst.no_shows, worst.due) == (4, 4, 20)
    assert "Friday had the highest share (4 of 20 due)" in said


def test_the_least_used_come_first_and_everybody_last(session, book):
    report = november(session)

    assert [each.professional for each in report.used] == ["Dr Ben & Co", "Dr Ada"]
    said = text_of(as_pdf(report))
    assert "Dr Ben & Co 1% of 168 h Dr Ada 2% of 168 h Everybody 1% of 336 h" in said


@pytest.mark.parametrize("count", [1, 20, 21, 40])
def test_it_is_one_page_however_many_work_there_and_whatever_they_are_called(one_session, count):
    session = one_session
    a.organisation(session, name=LONG * 2)
    check = a.service(session, name=f"<b>{LONG}</b>", price_cents=123_456_789)
    for number in range(9):
        looked(session, a.service(session, name=f"{number} {LONG}"))
    for number in range(count):
        who = a.professional(session, name=f"{number} {LONG}", hours=((0, 24),), weekdays=ALL_DAYS)
        for hour in range(number % 4 + 1):
            saw(session, who, check, hour, TUESDAY, S.NO_SHOW if hour == 3 else S.COMPLETED)
    report = november(session)

    pdf = as_pdf(report)

    said = text_of(pdf)
    offered = count * 30 * 24
    assert "Éléonore-Žofia Åström-Łukasiewicz" in said
    assert f"of {offered:,} h offered" in said
    assert (f"{count - 19} others, used more" in said) == (count > 20)
    assert ("Everybody" in said) == (count > 1)
    assert said.count("1 of 1 · 0 waiting") == 4
    assert_inside_the_margins(pdf)


def assert_inside_the_margins(pdf):
    page = PdfReader(io.BytesIO(pdf)).pages[0]
    places_of_text = []

    def note(said, moved, at, _font, _size):
        if said.strip():
            places_of_text.append((moved[4] + at[4], moved[5] + at[5]))

    page.extract_text(visitor_text=note)
    assert len(places_of_text) > 50
    assert all(38 < x < 560 and 38 < y < 810 for x, y in places_of_text)


def test_the_others_are_added_up_so_that_nothing_is_missing(one_session):
    session = one_session
    check = a.service(session)
    for number in range(30):
        who = a.professional(session, name=f"Dr {number:02}")
        for hour in range(9, 9 + number % 8):
            saw(session, who, check, hour, TUESDAY)
    report = november(session)

    others = [each.time for each in report.used[19:]]
    offered = sum(each.offered_minutes for each in others)
    share = sum(each.booked_minutes for each in others) / offered
    assert f"11 others, used more {share:.0%} of {offered // 60:,} h" in text_of(as_pdf(report))


def test_a_month_without_anything_says_so(session):
    a.organisation(session)

    said = text_of(as_pdf(november(session)))

    assert "Nobody had working hours in November 2026, and nothing was booked." in said
    assert "Utilisation" not in said


def test_a_month_in_which_nobody_stayed_away_and_nobody_looked_says_that(session):
    ada = a.professional(session)

    said = text_of(as_pdf(november(session)))

    assert "Nobody was due in this month, and nobody cancelled late." in said
    saw(session, ada, a.service(session), 9, TUESDAY)
    said = text_of(as_pdf(november(session)))
    assert "Nobody of 1 due stayed away, and nobody cancelled late." in said
    assert "Nobody looked for a time in this month, and nobody waits." in said


def test_it_bears_the_logo(session, book):
    bare = as_pdf(november(session))
    catalog.set_logo(session, CONSOLE, prepare_logo(ink()), now=NOW)
    session.flush()

    pictures = [each.count(b"/Subtype /Image") for each in (bare, as_pdf(november(session)))]
    assert pictures == [0, 1]


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PROFESSIONAL, Role.PATIENT])
def test_only_who_reads_the_numbers_gets_it(session, book, role):
    who = a.confirmed(session, role, now=NOW)

    with pytest.raises(NotAllowed):
        november(session, who)
    with pytest.raises(NotAllowed):
        exports.offer(session, who, "monthly-report", "2026-11", now=NOW)


@pytest.mark.parametrize("month", ["2026-12", "2027-01", "1999-12", "2026-13", "0001-01", "soon"])
def test_a_month_that_is_not_over_or_none_at_all_is_refused(session, month):
    a.organisation(session)

    with pytest.raises(Invalid):
        load_monthly_report(session, CONSOLE, month_of_word(month), now=NOW)


def test_a_month_is_over_once_its_last_day_is_by_the_clock_of_the_place(session):
    a.organisation(session, zone="Pacific/Auckland")
    december = date(2026, 12, 1)

    with pytest.raises(Invalid):
        load_monthly_report(session, CONSOLE, december, now=a.at(10.9, day=24))
    assert load_monthly_report(session, CONSOLE, december, now=a.at(11, day=24)).month == december


def test_the_last_month_that_is_over_is_offered_first():
    assert months_to_report(date(2026, 1, 31))[:2] == [date(2025, 12, 1), date(2025, 11, 1)]


def test_the_file_comes_by_a_link_in_the_readers_language_and_goes_on_record(database):
    words = {"Monthly report": "Relatório mensal", "November": "novembro"}
    with database.writing() as session:
        a.organisation(session)
        alex = a.confirmed(session, Role.ADMIN, now=NOW)
        link = exports.offer(session, alex, "monthly-report", "2026-11", "pt-pt", now=NOW)
    with database.writing() as session:
        file = exports.take(
            session,
            alex,
            link,
            now=NOW,
            speaks=lambda tag: Language(tag, lambda said: words.get(said, said)),
        )
    out = io.BytesIO()
    file.write(database, out)

    assert (file.name, file.media_type) == ("monthly-report-2026-11.pdf", "application/pdf")
    assert "Relatório mensal · novembro 2026" in text_of(out.getvalue())
    assert PdfReader(out).trailer["/Root"]["/Lang"] == "pt-pt"
    with database.reading() as session:
        assert fields_taken(session)["about"] == ["2026-11", "pt-pt"]


def test_the_command_writes_the_page_and_says_so_on_record(database, monkeypatch, tmp_path, capsys):
    url = database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    with database.writing() as session:
        a.organisation(session)
    file = tmp_path / "report.pdf"

    assert main(["report", "2026-13", str(file)]) == 1
    assert "2026-13 is not a month" in capsys.readouterr().err
    assert not file.exists()
    assert main(["report", "2025-11", str(file)]) == 0
    assert "November 2025" in text_of(file.read_bytes())
    with database.reading() as session:
        assert fields_taken(session) == {"kind": "monthly-report", "about": ["2025-11"]}


def fields_taken(session):
    said = select(AuditEntry.fields).where(AuditEntry.action == "export.taken")
    return json.loads(session.scalars(said).one())


def test_the_numbers_offer_the_last_month_and_make_a_link_to_it(monkeypatch, sqlite_database):
    screen.set_clock(monkeypatch, NOW)
    with sqlite_database.writing() as session:
        a.organisation(session)
        alex = a.user(session, Role.ADMIN)
    page = screen.show_to(monkeypatch, sqlite_database, alex).run()

    month = page.selectbox(key="report_month")
    assert (month.value, month.options[:2]) == (NOVEMBER, ["November 2026", "October 2026"])
    page.button(key="report_download").click().run()

    assert not page.exception
    assert not page.error
    with sqlite_database.reading() as session:
        assert len(session.scalars(select(OneTimeLink)).all()) == 1
