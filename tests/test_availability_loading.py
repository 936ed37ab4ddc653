"""Day sheets out of the database: few questions, by the index, whatever lies in the rows."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from core.availability import Busy, Days, Rules, Visit, load_sheets, load_sheets_and, starts
from core.availability.next_free import NextAsked, next_starts
from core.db import Database
from core.errors import Invalid
from core.models import (
    Closure,
    DateHours,
    HoursKind,
    Opening,
    Organisation,
    Professional,
    TimeOff,
    WorkingHours,
)
from core.schedule_check import schedule_findings
from tests import a

DAYS = Days(a.DAY, a.DAY)
MONTH = Days(a.DAY, a.DAY + timedelta(days=30))
VISIT = Visit(1800)


@contextmanager
def listening(session: Session) -> Iterator[list[tuple[str, object]]]:
    """Every statement sent meanwhile, with its values."""
    sent: list[tuple[str, object]] = []

    def hear(_connection, _cursor, statement, values, _context, _many) -> None:
        sent.append((statement, values))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", hear)
    yield sent
    event.remove(connection, "before_cursor_execute", hear)


def test_the_loader_asks_the_same_few_questions_for_one_and_for_many(session):
    people = [a.professional(session) for _ in range(6)]
    with listening(session) as for_one:
        load_sheets(session, people[:1], DAYS, now=a.BEFORE)
    with listening(session) as for_many:
        load_sheets_and(session, people, MONTH, [1, 2, 3], now=a.BEFORE)
    assert len(for_one) == len(for_many) == 2


def test_what_has_not_been_written_yet_is_seen(session):
    ada = a.professional(session)
    session.add(TimeOff(professional_id=ada.id, starts_at=a.at(9), ends_at=a.at(17)))
    assert starts(load_sheets(session, [ada], DAYS, now=a.BEFORE)[0], VISIT, now=a.BEFORE) == []


def test_without_an_organisation_there_is_no_clock(session):
    with pytest.raises(Invalid, match="not been set up"):
        load_sheets(session, [], DAYS, now=a.BEFORE)


def test_a_sheet_names_its_visits_with_their_buffers_and_holds(session):
    ada = a.professional(session)
    service = a.service(session, before_minutes=5, after_minutes=10)
    booked = a.booking(session, ada, a.span(10, 10.5), service=service)
    held = a.booking(
        session, ada, a.span(12, 12.5), service=service, state="held", held_until=a.at(9)
    )
    found = load_sheets(session, [ada], DAYS, now=a.BEFORE)[0].busy
    ten, noon = int(a.at(10).timestamp()), int(a.at(12).timestamp())
    assert found == [
        Busy(ten, ten + 1800, 5, 10, booked.id, False, ada.calendar_id),
        Busy(noon, noon + 1800, 5, 10, held.id, True, ada.calendar_id),
    ]
    assert found[1].held
    assert found[:1] == [found[0]]
    assert load_sheets(session, [ada], DAYS, now=a.at(9))[0].busy == [found[0]]


def rows_of_a_week(professional: Professional) -> list[object]:
    """Hours, breaks, a date of its own, extra time, absences: something of everything."""
    id = professional.id
    return [
        *(
            WorkingHours(professional_id=id, weekday=day, starts_minute=540, ends_minute=1020)
            for day in range(1, 6)
        ),
        WorkingHours(
            professional_id=id,
            weekday=1,
            kind=HoursKind.BREAK,
            starts_minute=720,
            ends_minute=780,
        ),
        DateHours(
            professional_id=id,
            on_date=a.DAY + timedelta(days=2),
            starts_minute=600,
            ends_minute=840,
        ),
        DateHours(
            professional_id=id,
            on_date=a.DAY + timedelta(days=2),
            starts_minute=900,
            ends_minute=960,
        ),
        Opening(professional_id=id, starts_at=a.at(18), ends_at=a.at(20)),
        Opening(professional_id=id, starts_at=a.at(18, day=1), ends_at=a.at(20, day=1)),
        TimeOff(professional_id=id, starts_at=a.at(9, day=3), ends_at=a.at(12, day=3)),
        TimeOff(professional_id=id, starts_at=a.at(11, day=3), ends_at=a.at(14, day=3)),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_answer_does_not_depend_on_the_order_of_rows(session, seed):
    one, other = (a.professional(session, hours=()) for _ in range(2))
    session.add_all(rows_of_a_week(one))
    mixed = rows_of_a_week(other)
    random.Random(seed).shuffle(mixed)
    for row in mixed:
        session.add(row)
        session.flush()
    hours = [9, 10.5, 13, 15]
    for professional, order in ((one, hours), (other, random.Random(seed).sample(hours, 4))):
        for hour in order:
            a.booking(session, professional, a.span(hour, hour + 0.5))
    week = Days(a.DAY, a.DAY + timedelta(days=6))
    found = [
        starts(each, VISIT, now=a.BEFORE)
        for each in load_sheets(session, [one, other], week, now=a.BEFORE)
    ]
    assert found[0] == found[1]
    assert len(found[0]) > 50


BAD_ROWS = [
    pytest.param(
        "INSERT INTO working_hours (professional_id, weekday, kind, starts_minute, ends_minute)"
        " VALUES (:id, 1, 'work', 1020, 540)",
        "working_hours",
        id="reversed hours",
    ),
    pytest.param(
        "INSERT INTO working_hours (professional_id, weekday, kind, starts_minute, ends_minute)"
        " VALUES (:id, 1, 'work', 'nine', 'five')",
        "working_hours",
        id="hours in words",
    ),
    pytest.param(
        "INSERT INTO working_hours (professional_id, weekday, kind, starts_minute, ends_minute)"
        " VALUES (:id, 1, 'work', 540, 9999)",
        "working_hours",
        id="hours without end",
    ),
    pytest.param(
        "INSERT INTO working_hours (professional_id, weekday, kind, starts_minute, ends_minute)"
        " VALUES (:id, 9, 'work', 540, 1020)",
        "working_hours",
        id="a ninth weekday",
    ),
    pytest.param(
        "INSERT INTO working_hours (professional_id, weekday, kind, starts_minute, ends_minute)"
        " VALUES (:id, 1, 'siesta', 540, 1020)",
        "working_hours",
        id="a kind nobody knows",
    ),
    pytest.param(
        "INSERT INTO date_hours (professional_id, on_date, kind, starts_minute, ends_minute)"
        " VALUES (:id, '2026-12-07', 'work', 540, NULL)",
        "date_hours",
        id="half a date",
    ),
    pytest.param(
        "INSERT INTO openings (professional_id, starts_at, ends_at, created_at, updated_at,"
        " version) VALUES (:id, :noon, :noon, 0, 0, 1)",
        "openings",
        id="an opening of no time",
    ),
    pytest.param(
        "INSERT INTO time_off (professional_id, starts_at, ends_at, reason, created_at,"
        " updated_at, version) VALUES (:id, :noon, 'evening', '', 0, 0, 1)",
        "time_off",
        id="time off in words",
    ),
    pytest.param(
        "INSERT INTO closures (first_on, last_on, name, created_at, updated_at, version)"
        " VALUES ('2026-12-07', '2026-12-32', 'Party', 0, 0, 1)",
        "closures",
        id="a date that is none",
    ),
]


@pytest.mark.parametrize(("statement", "table"), BAD_ROWS)
def test_a_malformed_row_is_shown_and_does_not_take_the_day_down(sqlite_database, statement, table):
    with sqlite_database.writing() as session:
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        ada, bob = a.professional(session, name="Dr Ada"), a.professional(session)
        admin = a.actor(session, "admin")
        usual = starts(load_sheets(session, [ada], DAYS, now=a.BEFORE)[0], VISIT, now=a.BEFORE)
        session.execute(text(statement), {"id": ada.id, "noon": int(a.at(12).timestamp())})

        sheet, other = load_sheets(session, [ada, bob], DAYS, now=a.BEFORE)
        findings = schedule_findings(session, admin, now=a.BEFORE)

        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
        if table == "date_hours":
            assert sheet.bad_rows
        else:
            assert starts(sheet, VISIT, now=a.BEFORE) == usual
        assert [each.table for each in sheet.bad_rows] == [table]
        assert bool(other.bad_rows) is (table == "closures")
        assert [each.kind for each in findings if each.kind == "bad_row"] == ["bad_row"]
        assert "is left out" in " ".join(map(str, findings))


def test_a_claim_that_takes_no_time_is_in_nobodys_way(sqlite_database):
    with sqlite_database.writing() as session:
        ada = a.professional(session)
        made = a.booking(session, ada, a.span(10, 11))
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        session.execute(
            text("UPDATE claims SET ends_at = 'later' WHERE booking_id = :id"), {"id": made.id}
        )
        assert len(load_sheets(session, [ada], DAYS, now=a.BEFORE)[0].busy) == 0
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = OFF")


def questions(session: Session) -> list[tuple[str, object]]:
    """Everything that is asked to find times for a patient, and to check the schedule."""
    service = a.service(session)
    people = [a.professional(session, services=(service,)) for _ in range(3)]
    patient = a.patient(session)
    a.needs(session, service, a.room(session))
    for person in people:
        a.booking(session, person, a.span(9, 17), service=service, patient=patient)
        patient = a.patient(session)
    desk = a.actor(session)
    with listening(session) as sent:
        load_sheets_and(session, people, MONTH, [patient.calendar_id], now=a.BEFORE)
        asked = NextAsked(service.id, count=3, patient_id=patient.id)
        next_starts(session, desk, asked, now=a.BEFORE)
        schedule_findings(session, desk, now=a.BEFORE)
    return [each for each in sent if each[0].lstrip("( ").startswith("SELECT")]


def plan_on_sqlite(session: Session, statement: str, values: object) -> list[str]:
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    return [row[3] for row in rows]


def plan_on_postgresql(session: Session, statement: str, values: object) -> list[str]:
    # Tables this small are cheapest read whole; what matters is that an index would do.
    session.execute(text("SET LOCAL enable_seqscan = off"))
    return [row[0] for row in session.connection().exec_driver_sql(f"EXPLAIN {statement}", values)]


@pytest.mark.parametrize(
    ("engine", "plan_of", "scan"),
    [
        ("sqlite_database", plan_on_sqlite, "SCAN {}"),
        ("postgresql_database", plan_on_postgresql, "Seq Scan on {}"),
    ],
)
def test_no_plan_reads_bookings_or_claims_from_end_to_end(
    request, engine: str, plan_of: Callable[..., list[str]], scan: str
):
    database: Database = request.getfixturevalue(engine)
    with database.writing() as session:
        plans = {
            statement: plan_of(session, statement, values)
            for statement, values in questions(session)
        }
    assert any("claims" in statement for statement in plans)
    for statement, plan in plans.items():
        for table in ("bookings", "claims", "attendees", "working_hours", "time_off"):
            assert not [step for step in plan if scan.format(table) in step], (statement, plan)


def test_claims_are_found_in_the_index_alone_and_in_its_order(sqlite_database):
    with sqlite_database.writing() as session:
        plans = [
            plan_on_sqlite(session, statement, values)
            for statement, values in questions(session)
            if "FROM claims" in statement
        ]
    assert plans
    for plan in plans:
        assert len(plan) == 1
        assert "COVERING INDEX ix_claims_busy" in plan[0]


def test_closures_and_the_organisations_clock_concern_everybody(session):
    ada = a.professional(session)
    session.add(Closure(first_on=a.DAY, last_on=a.DAY, name="Party"))
    session.get(Organisation, 1).zone = "Asia/Kolkata"
    sheet = load_sheets(session, [ada], DAYS, now=a.BEFORE)[0]
    assert sheet.clock.zone.key == "Asia/Kolkata"
    assert sheet.offered == [each for each in sheet.working if each[0] >= sheet.span[1]]
    assert sheet.closures[0].name == "Party"


def test_days_far_apart_are_refused():
    with pytest.raises(Invalid, match="At most"):
        Days(date(2026, 1, 1), date(2036, 1, 1))


def test_rules_of_a_horizon_in_weekdays_reach_over_the_weekend(session):
    ada = a.professional(session, weekdays=(1, 2, 3, 4, 5, 6, 7))
    rules = Rules(step=86400 // 2, horizon_days=1, horizon_weekdays=range(1, 6))
    friday_to_tuesday = Days(date(2026, 12, 4), date(2026, 12, 8))
    sheet = load_sheets(session, [ada], friday_to_tuesday, now=a.BEFORE)[0]
    found = starts(sheet, Visit(1800, rules=rules), now=a.BEFORE)
    assert {sheet.clock.date_of(each).day for each in found} == {4, 5, 6, 7}
