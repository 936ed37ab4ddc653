"""The application as it is served, with two of everybody: one attacks, one has much to lose."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.db import Database, utc_now
from core.interval import Interval, whole_day
from core.models import MADE_AGAIN, Base, Role, User
from tests import a, screen
from tests.attacker.client import Tab
from tests.browser.conftest import LiveServer, serve

ZONE = "UTC"
CANARIES = {
    "ana": ("Ana Canary-Aveiro", "ana.aveiro@clinic.example", "Wing-Aveiro"),
    "bea": ("Bea Canary-Braga", "bea.braga@clinic.example", "Wing-Braga"),
}
"""Two patients, each with a professional of their own: name, address, and their service."""
DOCTORS = {"ruiz": "Dr Canary-Ruiz", "sato": "Dr Canary-Sato"}


@dataclass(frozen=True)
class Target(LiveServer):
    """A running desk, and who is on its books."""

    users: dict[str, User] = field(default_factory=dict)
    bookings: dict[str, int] = field(default_factory=dict)

    def token(self, username: str) -> str:
        return screen.open_session(self.database, self.users[username])

    def tab(self, username: str = "", **how: object) -> Tab:
        """A tab of that person's browser, or a stranger's."""
        token = self.token(username) if username else ""
        return Tab(self.url, **({"token": token} | how))

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All that is kept, but for who was seen when."""
        left_out = {"auth_sessions", "throttles", "audit_entries", "one_time_links"}
        with self.database.reading() as db:
            return {
                name: [tuple(row) for row in db.execute(select(table).order_by(*table.primary_key))]
                for name, table in Base.metadata.tables.items()
                if name not in left_out and table.info != MADE_AGAIN
            }


def fill(database: Database) -> tuple[dict[str, User], dict[str, int]]:
    """A booking for each patient with their own professional today, begun, and tomorrow."""
    midnight = whole_day(utc_now().astimezone(ZoneInfo(ZONE)).date(), ZoneInfo(ZONE)).start
    tomorrow = datetime.combine(utc_now().date() + timedelta(days=1), time(10), UTC)
    users, bookings = {}, {}
    with database.writing() as db:
        a.organisation(db, zone=ZONE)
        pairs = zip(CANARIES.items(), DOCTORS.items(), strict=True)
        talk = a.service(db, name="Talk")  # what patients may find
        for (patient, (name, email, wing)), (doctor, doctor_name) in pairs:
            service = a.service(db, name=wing, listed=False)
            made = a.professional(
                db, name=doctor_name, weekdays=(1, 2, 3, 4, 5, 6, 7), services=(service, talk)
            )
            guest = a.patient(db, name=name, email=email)
            for start in (midnight, tomorrow):
                slot = Interval(start, start + timedelta(minutes=30))
                booking = a.booking(db, made, slot, service=service, patient=guest)
            bookings[patient] = booking.id
            links = {"patient_id": guest.id}
            users[patient] = a.user(db, Role.PATIENT, username=patient, name=name, **links)
            links = {"professional_id": made.id}
            users[doctor] = a.user(
                db, Role.PROFESSIONAL, username=doctor, name=doctor_name, **links
            )
        users["rita"] = a.user(db, username="rita", name="Rita Fonseca")
        users["alex"] = a.user(db, Role.ADMIN, username="alex", name="Alex Moreau")
        users["olga"] = a.user(db, Role.ADMIN, username="olga", name="Olga Moreau")
    return users, bookings


@pytest.fixture(scope="module")
def target(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One desk for all tests of a module; see ``fresh`` where a test changes what others read."""
    yield from _serve(migrated_file, tmp_path_factory.mktemp("target"))


@pytest.fixture
def fresh(migrated_file: Path, tmp_path: Path) -> Iterator[Target]:
    yield from _serve(migrated_file, tmp_path)


def _serve(migrated_file: Path, folder: Path) -> Iterator[Target]:
    shutil.copyfile(migrated_file, folder / "target.db")
    database = Database(f"sqlite:///{folder / 'target.db'}")
    users, bookings = fill(database)
    with serve(database, {}, folder / "server.log") as server:
        yield Target(server.url, database, server.log, users, bookings)
        check_log(server.log)
    database.dispose()


INSIDE_STREAMLIT = (
    "in deserialize",
    "in maybe_coerce_enum_sequence",
    "streamlit/runtime/state/",
    "starlette_websocket.py",
)
"""Where it reads what a client says, or forgets one who left: nonsense ends there, masked."""


def check_log(log: Path) -> None:
    """Nothing of ours broke, and nothing of anybody's stands in the log."""
    said = log.read_text(encoding="utf-8", errors="replace")
    for record in re.split(r"\n(?!  \|)", said):
        broke = "Traceback" in record and not any(each in record for each in INSIDE_STREAMLIT)
        assert not broke, record
    for names in CANARIES.values():
        assert not [each for each in names if each in said], said
