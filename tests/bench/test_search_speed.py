"""How fast the desk finds one of 50,000 patients, by what people type.

The names are made up and as uneven as real ones: a few surnames are everywhere, many are rare.
Run by ``make bench``; nothing here asserts a time.
"""

import random
import shutil
import statistics
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, text

from core import merging
from core.db import Database
from core.models import Calendar, CalendarKind, Patient
from core.patients import NewPatient, find_patients, search_text
from core.policy import CONSOLE
from tests import a
from tests.bench.workload import NOW
from tests.conftest import ENGINES

PATIENTS = 50_000
TURNS = 60
RARE = "Zubizarreta"
GIVEN = (
    *("María", "José", "Ana", "João", "Nuria", "Pau", "Inês", "Luís", "Carmen", "Rui", "Sofia"),
    *("Tomás", "Elena", "Iván", "Marta", "Óscar", "Júlia", "Hugo", "Lucía", "Bruno", "Irene"),
)
COMMON = ("García", "Silva", "López", "Santos", "Ruiz", "Costa", "Núñez", "Gonçalves")
SYLLABLES = ("al", "be", "cor", "da", "es", "fer", "gui", "ho", "lan", "mo", "nes", "ra", "sil")

TYPED = {
    "a rare name": "zubizarreta",
    "a common name": "garcia",
    "two common names, turned round": "garcia nuria",
    "an inner part of a rare name": "bizarr",
    "an inner part of a common name": "arci",
    "one letter": "a",
    "two letters": "nu",
    "a whole phone number": "642 000 007",
    "a phone number with its prefix": "+34 642 000 007",
    "a phone number with 00": "0034 642000007",
    "the last three digits": "007",
    "one digit": "6",
    "a date of birth": "12.03.1984",
    "a year of birth": "1984",
    "an e-mail address": "patient7@example.org",
    "the end of every e-mail address": "example.org",
    "a name and a year": "garcia 1984",
    "letters that nobody has": "xqzw",
    "a number that nobody has": "699 999 999",
}


@pytest.fixture(scope="module", params=ENGINES)
def register(request, migrated_file, tmp_path_factory) -> Iterator[Database]:
    """50,000 patients on file."""
    if request.param == "postgresql":
        database = request.getfixturevalue("migrated_postgresql")
        put_on_file(database)
        yield database
        return
    path = tmp_path_factory.mktemp("search") / "patients.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    put_on_file(database)
    yield database
    database.dispose()


def put_on_file(database: Database) -> None:
    chance = random.Random(50_000)
    with database.writing() as session:
        a.organisation(session, country="ES")
        session.execute(
            insert(Calendar),
            [{"id": each, "kind": CalendarKind.PATIENT} for each in range(1, PATIENTS + 1)],
        )
        session.execute(insert(Patient), [row(chance, number) for number in range(1, PATIENTS + 1)])
        session.execute(text("ANALYZE"))


def row(chance: random.Random, number: int) -> dict:
    born = date(1930, 1, 1) + timedelta(days=chance.randrange(34_000))
    patient = NewPatient(
        name=f"{chance.choice(GIVEN)} {surname(chance, number)} {surname(chance, 0)}",
        phone=f"+34642{number:06}",
        email=f"patient{number}@example.org",
        born_on=date(1984, 3, 12) if number % 10_000 == 7 else born,
    )
    return {
        "id": number,
        "calendar_id": number,
        "name": patient.name,
        "phone": patient.phone,
        "email": patient.email,
        "born_on": patient.born_on,
        "search": search_text(patient),
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }


def surname(chance: random.Random, number: int) -> str:
    """Half of all people share eight surnames; the rare one is somebody's in ten thousand."""
    if number and number % 10_000 == 7:
        return RARE
    if chance.random() < 0.5:
        return chance.choice(COMMON)
    return "".join(chance.choice(SYLLABLES) for _ in range(3)).capitalize()


@pytest.mark.parametrize("what", TYPED)
def test_find_among_50000(benchmark, register, what):
    """From opening the session to the eight patients shown."""
    words = TYPED[what]

    def find() -> list:
        with register.reading() as session:
            return find_patients(session, CONSOLE, words, now=NOW)

    found = benchmark.pedantic(find, rounds=TURNS, warmup_rounds=3)

    assert bool(found) == ("nobody has" not in what)
    took = sorted(each * 1000 for each in benchmark.stats.stats.data)
    p50, p95 = statistics.median(took), took[int(0.95 * len(took))]
    said = f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"
    benchmark.extra_info["found"] = said
    print(f"\n{register.engine.dialect.name}, {what} ({words!r}): {said}")


def test_pairs_among_50000(benchmark, register):
    """The list of who is perhaps on file twice, as the page shows it."""

    def load() -> list:
        with register.reading() as session:
            return merging.load_pairs(session, CONSOLE, now=NOW, limit=21)

    benchmark.pedantic(load, rounds=9, warmup_rounds=1)

    p50 = statistics.median(benchmark.stats.stats.data) * 1000
    print(f"\n{register.engine.dialect.name}, who is perhaps on file twice: p50 {p50:.1f} ms")
