"""Imports of what the place is made of: services, professionals and weekly hours."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.catalog import load_offered, load_service_rooms
from core.errors import Invalid, NotAllowed
from core.models import AuditEntry, Expertise, HoursKind, Professional, Role, Service, WorkingHours
from core.policy import CONSOLE
from core.schedule import WeekdayWindow, load_weekly_hours
from core.transfer import (
    ImportOptions,
    Keep,
    Outcome,
    import_hours,
    import_professionals,
    import_services,
)
from core.transfer.catalog_values import (
    end_after,
    read_minute,
    read_rate,
    read_span,
    read_weekday,
    split_names,
)
from tests import a

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
ADDED, MERGED, CHANGED, UNCHANGED, REFUSED = Outcome
IMPORTS = {
    "services": import_services,
    "professionals": import_professionals,
    "hours": import_hours,
}


@pytest.fixture
def practice(session):
    a.organisation(session)
    return session


@pytest.fixture
def small(sqlite_session):
    a.organisation(sqlite_session)
    return sqlite_session


@pytest.fixture
def sqlite_session(sqlite_database):
    with sqlite_database.writing() as session:
        yield session


def bring(session, kind, *lines, actor=CONSOLE, now=a.BEFORE, **options):
    content = "\n".join(lines).encode()
    return IMPORTS[kind](session, actor, content, ImportOptions(**options), now=now)


def outcomes(report):
    return [each.outcome for each in report.rows]


def entries(session):
    return session.scalar(select(func.count()).select_from(AuditEntry))


def hours_of(session, professional):
    on_record = load_weekly_hours(session, CONSOLE, professional.id, a.DAY)
    return [(each.weekday, each.starts_minute, each.ends_minute) for each in on_record.windows]


# Every kind.


def test_the_samples_make_a_place_and_twice_is_once(practice):
    for outcome in (ADDED, UNCHANGED):
        for kind, bring_in in IMPORTS.items():
            content = (SAMPLES / f"{kind}.csv").read_bytes()
            before = entries(practice)
            report = bring_in(practice, CONSOLE, content, now=a.BEFORE)
            assert set(outcomes(report)) == {outcome}, [each.why for each in report.refused]
            if outcome is UNCHANGED:
                assert entries(practice) == before + 1, "nothing but the import itself"

    names = ("Back school", "First visit", "Follow-up")
    assert tuple(practice.scalars(select(Service.name).order_by(Service.name))) == names
    assert practice.scalar(select(func.count()).select_from(WorkingHours)) == 8
    assert sum(map(len, load_offered(practice, CONSOLE).values())) == 7


LINES = {
    "services": ("name,length", "Massage,50"),
    "professionals": ("name,title", "Dr Eva,Physio"),
    "hours": ("professional,weekday,from,to", "Dr Ada,Sunday,9:00,12:00"),
}


@pytest.mark.parametrize("kind", IMPORTS)
def test_a_look_writes_nothing_and_tells_the_same(practice, kind):
    ada = a.professional(practice, name="Dr Ada", hours=())
    before = entries(practice)

    looked = bring(practice, kind, *LINES[kind], keep=Keep.NOTHING)

    assert (outcomes(looked), looked.saved, entries(practice)) == ([ADDED], False, before)
    assert practice.scalar(select(func.count()).select_from(Service)) == 0
    assert hours_of(practice, ada) == []
    assert outcomes(bring(practice, kind, *LINES[kind])) == [ADDED]


@pytest.mark.parametrize("kind", IMPORTS)
@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PROFESSIONAL])
def test_only_admins_import(small, kind, role):
    with pytest.raises(NotAllowed):
        bring(small, kind, *LINES[kind], actor=a.actor(small, role))


@pytest.mark.parametrize(("kind", "says"), [("services", "name"), ("hours", "from")])
def test_a_file_without_what_is_needed_is_refused(small, kind, says):
    with pytest.raises(Invalid, match=f"no column for {says}"):
        bring(small, kind, "weekday,professional,length", "1,x,2")


@pytest.mark.parametrize("kind", ["services", "professionals"])
def test_a_name_that_stands_twice_in_a_file_is_brought_in_once(small, kind):
    report = bring(small, kind, "name,length,title", "Máx,30,Dr", "MAX,45,Mr")

    assert outcomes(report) == [ADDED, REFUSED]
    assert "stands in line 2 already" in report.refused[0].why


# Services.


def test_a_row_changes_what_it_says_and_leaves_the_rest(practice):
    room, other = a.room(practice, name="Room 1"), a.room(practice, name="Pool, small")
    visit = a.service(practice, name="Follow-up", length_minutes=30, price_cents=4000, seats=3)
    a.needs(practice, visit, room)

    report = bring(
        practice,
        "services",
        "Name;Duration;Price;Seats;Rooms;Tax;Online",
        "follow up;45 min;45,50 €;;Room 1 | Pool, small;5,5 %;no",
    )

    assert outcomes(report) == [CHANGED]
    assert report.rows[0].changed == ("length", "price", "tax", "listed", "rooms")
    assert (visit.length_minutes, visit.price_cents, visit.seats) == (45, 4550, 3)
    assert (visit.tax_rate, visit.listed, visit.name) == (550, False, "Follow-up")
    assert load_service_rooms(practice)[visit.id] == (room.id, other.id)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Massage,,,,", "how long Massage takes"),
        (",30,,,", "enter a name"),
        ("Massage,half,,,", "not a length"),
        ("Massage,0,,,", "between 1 and 1440"),
        ("Massage,30,cellar,,", "no room called cellar"),
        ("Massage,30,,soon,", "no length of time"),
        ("Massage,30,,,sometimes", "one of them: clock, opening"),
        ("Old,30,,,", "Old is archived"),
    ],
)
def test_a_service_that_cannot_be_is_refused_and_the_others_come_in(small, row, says):
    a.service(small, name="Old", archived_at=a.BEFORE)

    report = bring(small, "services", "name,length,room,notice,anchor", row, "Sauna,60,,2 h,")

    assert outcomes(report) == [REFUSED, ADDED]
    assert says in report.refused[0].why


# Professionals.


def test_somebody_at_work_is_known_without_title_and_keeps_what_is_not_said(practice):
    first, follow = a.service(practice, name="First"), a.service(practice, name="Follow")
    gold = a.tier(practice, name="Gold")
    ada = a.professional(practice, name="Dr Ada Reis", title="GP", services=(first,))
    own = load_offered(practice, CONSOLE)[ada.id][0]
    own.length_minutes = 50

    report = bring(
        practice,
        "professionals",
        "Name,Tier,Specialties,Services,Bio",
        "Reis Ada,gold,skin; Back pain,First; Follow,",
    )

    assert report.rows[0].changed == ("tier", "expertise", "services")
    assert (ada.name, ada.title, ada.tier_id) == ("Dr Ada Reis", "GP", gold.id)
    offered = {
        each.service_id: each.length_minutes for each in load_offered(practice, CONSOLE)[ada.id]
    }
    assert offered == {first.id: 50, follow.id: None}
    assert set(practice.scalars(select(Expertise.name))) == {"skin", "Back pain"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Dr New,Silver,,,", "no tier called Silver"),
        ("Dr New,,Surgery,,", "no service called Surgery"),
        ("Dr New,,,many,", "not a whole number"),
        ("Dr New,,,,ada@example.org", "somebody else's"),
        ("Dr Bea,,,,ada@example.org", "somebody else's"),
        ("Dr Sam,,,,", "more than one professional called Dr Sam"),
    ],
)
def test_a_professional_that_cannot_be_is_refused_whole(small, row, says):
    ada = a.professional(small, name="Dr Ada")
    a.user(small, Role.PROFESSIONAL, professional_id=ada.id, email="ada@example.org")
    a.professional(small, name="Dr Bea")
    a.professional(small, name="Prof Sam")
    a.professional(small, name="Mr Sam")

    report = bring(small, "professionals", "name,tier,services,visits per day,email", row)

    assert outcomes(report) == [REFUSED]
    assert says in report.refused[0].why
    assert small.scalar(select(func.count()).select_from(Professional)) == 4


def test_an_email_that_is_theirs_agrees(small):
    ada = a.professional(small, name="Dr Ada")
    a.user(small, Role.PROFESSIONAL, professional_id=ada.id, email="ada@example.org")

    report = bring(small, "professionals", "name,email", "Ada,ADA@example.org")

    assert outcomes(report) == [UNCHANGED]


# Weekly hours.

HEADER = "professional,weekday,from,to,kind,valid from,valid until"


def test_a_week_replaces_the_one_on_record_from_today_and_says_what_ends(practice):
    ada = a.professional(practice, name="Dr Ada", hours=())
    monday = WorkingHours(professional_id=ada.id, weekday=1, starts_minute=540, ends_minute=1020)
    practice.add(monday)
    practice.flush()

    report = bring(practice, "hours", HEADER, "Ada,Tue,10:00,18:00,,,", "Ada,2,13:00,14:00,Break,,")

    assert outcomes(report) == [CHANGED, CHANGED]
    assert [each.ends for each in report.rows] == [(WeekdayWindow(1, 540, 1020),), ()]
    assert hours_of(practice, ada) == [(2, 600, 1080), (2, 780, 840)]
    assert monday.valid_to == a.BEFORE.date() - timedelta(days=1), "what was worked stays on record"


def test_hours_to_come_and_past_are_the_same_on_the_next_day(practice):
    ada = a.professional(practice, name="Dr Ada", hours=())
    file = (
        HEADER,
        "Dr Ada,Mon,09:00,12:00,,2026-01-05,2026-06-30",
        "Dr Ada,Mon,09:00,13:00,,2026-07-01,",
        "Dr Ada,Fri,22:00,02:00,,2027-01-01,",
    )

    assert set(outcomes(bring(practice, "hours", *file))) == {ADDED}
    later = a.BEFORE + timedelta(days=1)
    assert set(outcomes(bring(practice, "hours", *file, now=later))) == {UNCHANGED}

    windows = load_weekly_hours(practice, CONSOLE, ada.id, later.date()).windows
    assert windows == (
        WeekdayWindow(1, 540, 780),
        WeekdayWindow(5, 1320, 1560, HoursKind.WORK, date(2027, 1, 1)),
    )


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Dr Ada,Someday,9:00,12:00,,,", "not a day of the week"),
        ("Dr Ada,Mon,9,12:00,,,", "not a time of day"),
        ("Dr Ada,Mon,17:00,9:00,,,", "ends before it begins"),
        ("Dr Ada,Mon,9:00,9:00,,,", "no time at all"),
        ("Dr Ada,Tue,11:00,15:00,,,", "overlaps"),
        ("Dr Ada,Mon,9:00,12:00,,soon,", "not a date"),
        ("Dr Ada,Mon,9:00,12:00,lunch,,", "none of these"),
    ],
)
def test_a_bad_row_keeps_the_whole_week_of_that_professional_out(small, row, says):
    ada, bea = (a.professional(small, name=each, hours=()) for each in ("Dr Ada", "Dr Bea"))

    report = bring(
        small, "hours", HEADER, "Dr Ada,Tue,10:00,12:00,,,", row, "Dr Bea,3,8:00,9:00,,,"
    )

    assert outcomes(report) == [REFUSED, REFUSED, ADDED]
    assert says in report.rows[1].why
    assert (hours_of(small, ada), hours_of(small, bea)) == ([], [(3, 480, 540)])


def test_hours_of_nobody_here_are_refused(small):
    report = bring(small, "hours", HEADER, "Dr Who,Mon,9:00,12:00,,,")

    assert "no professional called Dr Who" in report.refused[0].why


# Values.


@pytest.mark.parametrize(
    ("typed", "minutes"), [("90", 90), ("90 min", 90), ("24 h", 1440), ("2 days", 2880)]
)
def test_a_span_is_read_as_people_write_it(typed, minutes):
    assert read_span(typed, "notice") == minutes


@pytest.mark.parametrize(("typed", "rate"), [("23", 2300), ("5.5", 550), ("5,25 %", 525)])
def test_a_tax_is_read_as_people_write_it(typed, rate):
    assert read_rate(typed) == rate


@pytest.mark.parametrize("typed", ["soon", "-5", "1.234", "0x10", ""])
def test_what_is_no_number_is_refused(typed):
    for read in (read_rate, lambda each: read_span(each, "notice")):
        with pytest.raises(Invalid):
            read(typed)


@pytest.mark.parametrize(
    ("typed", "number"), [("1", 1), ("MON", 1), ("miércoles", 3), ("Terça-feira", 2), ("So", 0)]
)
def test_a_weekday_is_read_in_words_and_numbers(typed, number):
    if number:
        assert read_weekday(typed) == number
    else:
        with pytest.raises(Invalid):
            read_weekday(typed)


def test_a_night_ends_on_the_next_day_and_a_slip_does_not():
    assert end_after(1320, read_minute("06:00")) == 1800
    assert end_after(1320, read_minute("30:00")) == 1800
    assert end_after(540, read_minute("24:00")) == 1440
    assert end_after(1020, read_minute("9:00")) == 540


def test_names_with_commas_stay_whole_where_they_are_known():
    assert split_names("Pool, small; Room 1", ["Pool, small"]) == ["Pool, small", "Room 1"]
    assert split_names("Room 1, Room 2", []) == ["Room 1", "Room 2"]
