"""Demo data: a practice in the middle of its week, made once and then left alone."""

from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from core import audit
from core.accounts import NewUser, add_user
from core.db import Database
from core.demo import known, people, practice, recall_list, rows, searching, waiting_list
from core.demo.diary import Diary
from core.demo_sign_ins import SIGN_INS, DemoSignIn
from core.dependants import tie
from core.models import Organisation, Patient, Professional, Role
from core.passwords import PasswordHash, hash_password
from core.patients import NewPatient, put_on_file
from core.policy import CONSOLE

SEED = 7
HER_CHILD_BORN_ON = date(2019, 6, 4)
HER_PROFESSIONAL = "Dr Elena Ruiz"
"""Whose calendar the demo's professional signs in to."""


def ensure(database: Database, *, now: datetime) -> bool:
    """Fill an empty, migrated database; whether it did. What is there already stays."""
    now = now.replace(microsecond=0)
    with database.reading() as session:
        if _is_set_up(session):
            return False
    hashed = {each: hash_password(each.password, each.role) for each in SIGN_INS}
    with database.writing() as session:
        if _is_set_up(session):
            return False
        _fill(session, hashed, now=now)
    return True


def describe() -> str:
    """The sign-ins, for the console."""
    width = max(len(each.username) for each in SIGN_INS)
    longest = max(len(each.password) for each in SIGN_INS)
    lines = [
        f"  {each.username:<{width}}  {each.password:<{longest}}  {each.name}, {each.role.value}"
        for each in SIGN_INS
    ]
    return "\n".join([f"{practice.NAME}: sign in as", *lines])


def _is_set_up(session: Session) -> bool:
    return session.get(Organisation, 1) is not None


def _fill(session: Session, hashed: dict[DemoSignIn, PasswordHash], *, now: datetime) -> None:
    chance = Random(SEED)  # noqa: S311 - the same demo each time is what is wanted
    today = now.astimezone(practice.zone()).date()
    place = practice.write(session, monday=today - timedelta(days=today.weekday()), now=now)
    patients = people.write(session, chance, today=today, now=now)
    users = _users(session, hashed, place.professionals[HER_PROFESSIONAL], patients[0])
    entries = Diary(place, patients, chance, now).fill(session)
    rows.write(session, place, patients, entries, desk=users[Role.RECEPTIONIST])
    waiting_list.write(session, place, patients, desk=users[Role.RECEPTIONIST], now=now)
    searching.write(session, place, now=now)
    recall_list.write(session, place, entries, desk=users[Role.RECEPTIONIST], now=now)
    known.write(session, place, patients, entries, now=now)
    _family(session, patients[0], now=now)
    audit.record(session, CONSOLE, "demo.filled", now=now, bookings=len(entries))


def _family(session: Session, guardian: Patient, *, now: datetime) -> None:
    """The demo's patient books for a child, too."""
    child = NewPatient("Tiago Silva", guardian.phone, guardian.email, HER_CHILD_BORN_ON)
    made = put_on_file(session, child, now=now)
    session.flush()
    tie(session, CONSOLE, guardian.id, made.id, now=now)


def _users(
    session: Session,
    hashed: dict[DemoSignIn, PasswordHash],
    professional: Professional,
    patient: Patient,
) -> dict[Role, int]:
    """One user per role; their ids by role."""
    return {
        each.role: add_user(
            session,
            NewUser(
                username=each.username,
                name=each.name,
                role=each.role,
                password_hash=hashed[each],
                patient_id=patient.id if each.role is Role.PATIENT else None,
                professional_id=professional.id if each.role is Role.PROFESSIONAL else None,
            ),
        ).id
        for each in SIGN_INS
    }
