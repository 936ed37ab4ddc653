"""The audit as admins read it: in words by live names, filtered, page by page, fast."""

import json
import shutil
from datetime import date, timedelta
from time import process_time
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, text

from core import audit, audit_trail
from core.audit_trail import PAGE_LENGTH, TrailAsked, check_chain, load_people, load_trail
from core.booking import BookingRequest, CancelRequest, book, cancel
from core.db import Database, utc_now
from core.errors import NotAllowed, NotFound
from core.models import Answer, AuditEntry, BookingState, Role
from core.policy import CONSOLE
from dashboard.components.audit_words import SENTENCES, WORDS, details, sentence
from tests import a

S = BookingState


@pytest.fixture
def desk(session):
    """Rita has booked Ana and Bea with Dr Ada, and cancelled Ana's."""
    service = a.service(session)
    ada = a.professional(session, name="Dr Ada", services=(service,))
    rita = a.actor(session, name="Rita Costa")
    paul = a.actor(session, name="Paul Reis")
    ana, bea = a.patient(session, name="Ana Silva"), a.patient(session, name="Bea Lopes")
    booked = [
        book(
            session,
            who,
            BookingRequest(ada.id, service.id, patient.id, a.at(hour), f"k{hour}"),
            now=now,
        )
        for who, patient, hour, now in (
            (rita, ana, 9, a.BEFORE),
            (paul, bea, 10, a.BEFORE + timedelta(days=1)),
        )
    ]
    cancel(session, rita, CancelRequest(booked[0].id, 1, "ill"), now=a.BEFORE + timedelta(days=2))
    return SimpleNamespace(
        session=session,
        admin=a.actor(session, Role.ADMIN),
        rita=rita,
        ada=ada,
        ana=ana,
        bea=bea,
    )


def said(desk, **asked):
    page = load_trail(desk.session, desk.admin, TrailAsked(**asked))
    return [sentence(each) for each in page.steps]


BOOKED_ANA = "Rita Costa booked Ana Silva with Dr Ada."
BOOKED_BEA = "Paul Reis booked Bea Lopes with Dr Ada."
CANCELLED_ANA = "Rita Costa cancelled a booking of Ana Silva with Dr Ada."


def test_the_newest_step_comes_first_in_words(desk):
    assert said(desk) == [CANCELLED_ANA, BOOKED_BEA, BOOKED_ANA]


def test_names_are_those_of_now(desk):
    desk.ana.name = "Erased"
    desk.session.flush()
    assert said(desk)[0] == "Rita Costa cancelled a booking of Erased with Dr Ada."


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (lambda desk: {"user_id": desk.rita.user_id}, [CANCELLED_ANA, BOOKED_ANA]),
        (lambda desk: {"patient_id": desk.bea.id}, [BOOKED_BEA]),
        (lambda _desk: {"actions": ("booking.cancelled",)}, [CANCELLED_ANA]),
        (
            lambda _desk: {"actions": ("booking.cancelled", "booking.booked")},
            [CANCELLED_ANA, BOOKED_BEA, BOOKED_ANA],
        ),
        (
            lambda _desk: {"first_on": a.BEFORE.date() + timedelta(days=1)},
            [CANCELLED_ANA, BOOKED_BEA],
        ),
        (lambda _desk: {"last_on": a.BEFORE.date()}, [BOOKED_ANA]),
        (
            lambda desk: {"user_id": desk.rita.user_id, "actions": ("booking.booked",)},
            [BOOKED_ANA],
        ),
    ],
)
def test_t150_each_filter_leaves_what_fits(desk, asked, expected):
    assert said(desk, **asked(desk)) == expected


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_and_the_last_day_there_are_can_be_asked_for(desk, zone):
    a.organisation(desk.session, zone=zone)

    assert len(said(desk, first_on=date.min, last_on=date.max)) == 3
    assert said(desk, first_on=date.max) == said(desk, last_on=date.min) == []


def fill(session, count):
    for number in range(count):
        audit.record(session, CONSOLE, "room.edited", now=a.BEFORE, number=number)


def test_pages_meet_without_a_gap_or_an_overlap(session):
    fill(session, 2 * PAGE_LENGTH + 10)
    admin, seen, asked = a.actor(session, Role.ADMIN), [], TrailAsked()
    while True:
        page = load_trail(session, admin, asked)
        seen += [each.id for each in page.steps]
        if not page.has_older:
            break
        asked = TrailAsked(older_than=page.steps[-1].id)

    assert seen == list(range(2 * PAGE_LENGTH + 10, 0, -1))
    back = load_trail(session, admin, TrailAsked(newer_than=page.steps[0].id))
    assert [each.id for each in back.steps] == list(range(PAGE_LENGTH + 10, 10, -1))
    assert back.has_newer
    assert back.has_older


def test_an_entry_that_is_not_there_begins_no_page(session):
    admin = a.actor(session, Role.ADMIN)
    with pytest.raises(NotFound):
        load_trail(session, admin, TrailAsked(older_than=99))


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PROFESSIONAL, Role.RECEPTIONIST])
@pytest.mark.parametrize(
    "read",
    [lambda db, who: load_trail(db, who, TrailAsked()), check_chain, load_people],
)
def test_only_admins_read_it(session, role, read):
    with pytest.raises(NotAllowed):
        read(session, a.actor(session, role))
    read(session, a.actor(session, Role.ADMIN))


def test_the_chain_is_checked_up_to_its_head(session):
    fill(session, 3)
    chain = check_chain(session, a.actor(session, Role.ADMIN))
    assert (chain.head, chain.broken_at) == (audit.head(session), None)


def test_every_sentence_can_be_filled(desk):
    blank = load_trail(desk.session, desk.admin, TrailAsked()).steps[0]
    for actions in SENTENCES.values():
        for action in actions:
            step = SimpleNamespace(names={}, who="", action=action, session_id=None)
            assert "{" not in sentence(step)
    assert blank.who


def test_what_became_of_visits_seats_and_offers_has_a_sentence():
    """Their actions end in a state, so that no search of the source finds them whole."""
    marks = {S.ARRIVED, S.COMPLETED, S.NO_SHOW}
    ended = {f"booking.{each}" for each in (*marks, S.IN_PROGRESS, S.CANCELLED)}
    seats = {f"group.{each}" for each in (*marks, S.BOOKED)}
    assert ended | seats | {f"offer.{each}" for each in Answer} <= set(WORDS)


def test_numbers_of_other_things_are_told_in_words():
    step = SimpleNamespace(action="offer.accepted", fields={"booking": 4268, "entry": 1})
    assert details(step) == "booking no. 4268 · no. 1 on the waiting list"


MANY = 200_000


@pytest.fixture(scope="module")
def long_trail(migrated_file, tmp_path_factory):
    """200,000 entries over four years: a busy desk, one patient in a thousand of them."""
    path = shutil.copy(migrated_file, tmp_path_factory.mktemp("long") / "trail.db")
    database = Database(f"sqlite:///{path}")
    kinds = [action for actions in SENTENCES.values() for action in actions]
    began = utc_now() - timedelta(days=4 * 365)
    with database.writing() as session:
        a.organisation(session)
        admin = a.actor(session, Role.ADMIN)
        users = [a.user(session).id for _ in range(20)]
        patient = a.patient(session)
        session.execute(
            insert(AuditEntry),
            [
                {
                    "id": number,
                    "at": began + timedelta(minutes=10 * number),
                    "user_id": users[number % 20],
                    "action": "patient.opened" if number % 9 else kinds[number // 9 % 30],
                    "object_kind": "patients",
                    "object_id": patient.id if number % 1000 == 0 else number,
                    "fields": json.dumps({}),
                    "previous_hash": "",
                    "hash": "",
                }
                for number in range(1, MANY + 1)
            ],
        )
        session.execute(text("ANALYZE"))
    yield SimpleNamespace(database=database, admin=admin, users=users, patient=patient)
    database.dispose()


def test_any_page_of_200000_entries_takes_less_than_50_ms_of_work(long_trail):
    middle = (utc_now() - timedelta(days=700)).date()
    rare = tuple(SENTENCES["Practice"])
    for asked in (
        TrailAsked(),
        TrailAsked(older_than=MANY // 2),
        TrailAsked(newer_than=MANY // 2),
        TrailAsked(user_id=long_trail.users[3]),
        TrailAsked(actions=rare),
        TrailAsked(actions=tuple(SENTENCES["Bookings"]), older_than=1000),
        TrailAsked(patient_id=long_trail.patient.id),
        TrailAsked(first_on=middle, last_on=middle),
        TrailAsked(user_id=long_trail.users[3], actions=rare, last_on=middle),
        TrailAsked(user_id=long_trail.users[3], actions=rare, patient_id=long_trail.patient.id),
    ):
        times = []
        for _ in range(3):
            with long_trail.database.reading() as session:
                began = process_time()
                load_trail(session, long_trail.admin, asked)
                times.append(process_time() - began)
        assert min(times) < 0.05, asked


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (TrailAsked(), "at_id"),
        (TrailAsked(user_id=1), "user_id_at_id"),
        (TrailAsked(actions=("booking.booked",)), "action_at_id"),
        (TrailAsked(patient_id=1), "object_kind_object_id_at_id"),
    ],
)
def test_every_filter_has_its_index(long_trail, asked, index):
    with long_trail.database.reading() as session:
        statement = audit_trail._page(session, asked, upwards=False)
        plain = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = session.execute(text(f"EXPLAIN QUERY PLAN {plain}")).all()

    assert any(f"ix_audit_entries_{index}" in step.detail for step in plan)
