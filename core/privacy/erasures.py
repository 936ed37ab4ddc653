"""The list of erasures: kept outside the database, so that a backup brings nobody back.

A line holds a number and times, nothing that tells who it was. Whatever opens a database reads
the list first and erases again whom an older copy has brought back.
"""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url, select, update
from sqlalchemy.orm import Session

from core.db import Database
from core.errors import N_, DatabaseNotReady
from core.models import Erasure, Patient
from core.policy import CONSOLE
from core.privacy.erasing import forget, hold
from core.settings import DATA, Settings

OWNER_ONLY = 0o600


@dataclass(frozen=True, order=True)
class Listed:
    """One line: which patient, when they were put on file, and when they were erased."""

    patient_id: int
    added_at: datetime
    erased_at: datetime


def list_file(configured: Settings) -> Path:
    """Where the list is kept: as it is set, else beside the database and named like it."""
    if configured.erasures:
        return Path(configured.erasures)
    url = make_url(configured.database_url)
    name = Path(url.database or "frontdesk")
    is_file = url.get_backend_name() == "sqlite"
    return (name if is_file else DATA / name.name).with_suffix(".erasures")


def settle(database: Database, file: Path, *, now: datetime) -> int:
    """Bring the list and the database together, clear the traces, and say how many came back.

    Before anybody is served, after a restore and after each erasure: whatever was interrupted
    is finished here. Where there is nothing to do, nothing is written.
    """
    listed = read_list(file)
    with database.reading() as session:
        back = [each for each in listed if _find_back(session, each)]
    for each in back:
        with database.writing() as session:
            replay(session, [each], now=now)
    with database.reading() as session:
        known = load_erasures(session)
        due = session.scalar(select(Erasure.patient_id).where(Erasure.swept_at.is_(None)).limit(1))
    append_to_list(file, sorted(set(known) - set(listed)))
    if due is not None:
        sweep(database, now=now)
    return len(back)


def replay(session: Session, listed: Sequence[Listed], *, now: datetime) -> int:
    """Erase whom the list names and the database knows again; how many that were."""
    again = 0
    for each in listed:
        patient = _find_back(session, each)
        if patient is not None:
            hold(session, patient.id, now)
            forget(session, CONSOLE, patient, now=now).erased_at = each.erased_at
            again += 1
    session.flush()
    return again


def _find_back(session: Session, listed: Listed) -> Patient | None:
    """The patient who was erased and is there again, as in an older copy."""
    patient = session.get(Patient, listed.patient_id)
    # A number may have gone to somebody who came later.
    is_theirs = patient is not None and patient.created_at == listed.added_at
    return patient if is_theirs and session.get(Erasure, listed.patient_id) is None else None


def sweep(database: Database, *, now: datetime) -> None:
    """Clear what the files of the database still hold of those who were erased."""
    with database.reading() as session:
        due = session.scalars(select(Erasure.patient_id).where(Erasure.swept_at.is_(None))).all()
    database.clear_traces()
    with database.writing() as session:
        session.execute(update(Erasure).where(Erasure.patient_id.in_(due)).values(swept_at=now))


def load_erasures(session: Session) -> list[Listed]:
    asked = select(Erasure.patient_id, Erasure.added_at, Erasure.erased_at)
    return [Listed(*row) for row in session.execute(asked.order_by(Erasure.patient_id))]


def check_list_is_there(file: Path) -> None:
    """No backup knows who was erased after it was made: only the list does."""
    if not file.exists():
        raise DatabaseNotReady(
            N_(
                "There is no list of erasures at {file}, and without it an erased patient would "
                "return. Please set FRONTDESK_ERASURES to where it is, or bring back its copy. "
                "Where nobody was ever erased, add --no-erasures."
            ),
            file=file,
        )


def read_list(file: Path) -> list[Listed]:
    """The erasures on the list; nothing where there is none yet."""
    if not file.exists():
        return []
    try:
        return _read(_finished(file.read_bytes()))
    except ValueError as error:
        raise DatabaseNotReady(
            N_(
                "The list of erasures {file} cannot be read. Please bring back its copy: "
                "without it an erased patient could return."
            ),
            file=file,
        ) from error


def _read(lines: bytes) -> list[Listed]:
    return [
        Listed(int(number), _instant(added), _instant(erased))
        for number, added, erased in csv.reader(lines.decode("ascii").splitlines())
    ]


def _finished(lines: bytes) -> bytes:
    """Without the beginning of a last line that was never written to its end."""
    whole, end, last = lines.rpartition(b"\n")
    try:
        _read(last)
    except ValueError:
        return whole + end
    return lines


def append_to_list(file: Path, erasures: Sequence[Listed]) -> None:
    """Add lines that are on the disk when this returns."""
    if not erasures:
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = "".join(
        f"{each.patient_id},{each.added_at.isoformat()},{each.erased_at.isoformat()}\n"
        for each in erasures
    )
    opened = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, OWNER_ONLY)
    try:
        before = _finished(file.read_bytes())
        os.truncate(opened, len(before))
        begun = b"\n" if before and not before.endswith(b"\n") else b""
        try:
            _write(opened, begun + lines.encode())
        except OSError:
            os.truncate(opened, len(before))
            raise
    finally:
        os.close(opened)


def _write(opened: int, content: bytes) -> None:
    while content:  # a disk that is nearly full takes a part
        content = content[os.write(opened, content) :]
    os.fsync(opened)


def _instant(text: str) -> datetime:
    """To its very end: what lacks its zone was cut off."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant.astimezone(UTC)
