"""Downloads: a link that makes one file, once, within five minutes, for one session.

What the file is of stands in the link itself. Only a hash over the link and the session it
was made for is kept, so neither can be changed or carried to another browser.
"""

import csv
import io
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import BinaryIO
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, everything, one_time, privacy
from core.analytics import OwnAsked, own_numbers, own_table
from core.analytics.files import FigureAsked, figure_table
from core.analytics.tables import Table
from core.booking import get_booking
from core.calendar_file import visit_file
from core.day_print import as_pdf, load_printed_day
from core.db import Database
from core.dependants import acting_for
from core.desk import DayAsked
from core.errors import N_, NotFound, SignInNeeded
from core.models import Organisation
from core.monthly_report import as_pdf as report_as_pdf
from core.monthly_report import check_may_report, load_monthly_report, month_of_word
from core.overrides import load_overrides_of_month
from core.patient_slip import print_slip
from core.patients import get_patient
from core.policy import Actor, Permission, require
from core.privacy.readable import Speaks, in_english
from core.transfer import FileKind, csv_cell, write_kind

LINK = "export"
FOR = "for-"
LINK_LASTS = timedelta(minutes=5)
WORD = re.compile(r"[a-z0-9-]+")
"""What a link may say besides its secret; nothing a person wrote."""

CSV = "text/csv; charset=utf-8"
ZIP = "application/zip"
PDF = "application/pdf"
ICS = "text/calendar; charset=utf-8"


@dataclass(frozen=True)
class File:
    """What a browser is given to keep."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class LargeFile:
    """The same where it is too much for one transaction, or for memory: ``write`` makes it
    afterwards, from a snapshot of its own."""

    name: str
    media_type: str
    write: Callable[[Database, BinaryIO], object]


@dataclass(frozen=True)
class Kind:
    """One kind of file: who may have it, asked before there is a link, and how it is made."""

    check: Callable[..., None]
    """``check(session, actor, *about, now=…)`` raises why not."""
    make: Callable[..., File | LargeFile]
    """``make(session, actor, *about, now=…, speaks=…)``; it asks again by itself."""


def offer(session: Session, actor: Actor, kind: str, *about: str, now: datetime) -> str:
    """The link, as it stands behind ``/export/``, to a file of that kind."""
    _kind_named(kind).check(session, actor, *about, now=now)
    for word in about:
        if not WORD.fullmatch(word):
            raise ValueError(f"not a word for a link: {word!r}")
    link = ".".join((secrets.token_urlsafe(32), kind, *_acted_for(actor), *about))
    one_time.issue(
        session,
        LINK,
        _for_session(actor, link),
        lasts=LINK_LASTS,
        now=now,
        user_id=actor.user_id,
    )
    audit.record(session, actor, "export.offered", now=now, kind=kind)
    return link


def take(
    session: Session,
    actor: Actor,
    link: str,
    *,
    now: datetime,
    speaks: Speaks = in_english,
) -> File | LargeFile:
    """The file behind a link, which is used up. A link of another session is none."""
    if one_time.use(session, LINK, _for_session(actor, link), now=now) is None:
        raise NotFound(what=N_("download"))
    _secret, kind, *about = link.split(".")
    if about and about[0].startswith(FOR):
        actor = acting_for(session, actor, int(about.pop(0).removeprefix(FOR)), now=now)
    file = _kind_named(kind).make(session, actor, *about, now=now, speaks=speaks)
    audit.record(session, actor, "export.taken", now=now, kind=kind, about=about)
    return file


def _acted_for(actor: Actor) -> tuple[str, ...]:
    """A patient may act for another: for whom stands in the link, and is asked again."""
    return (f"{FOR}{actor.patient_id}",) if actor.patient_id is not None else ()


def _kind_named(kind: str) -> Kind:
    if kind not in KINDS:
        raise NotFound(what=N_("download"))
    return KINDS[kind]


def _for_session(actor: Actor, link: str) -> str:
    if actor.session_id is None:
        raise SignInNeeded
    return f"{actor.session_id}:{link}"


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> File:
    """A CSV that opens as it is in a spreadsheet, and in which nothing acts as a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return File(name, CSV, out.getvalue().encode("utf-8-sig"))


def _check_overrides(_session: Session, actor: Actor, month: str, **_now: datetime) -> None:
    require(actor, Permission.BOOKINGS_OVERRIDE)
    date.fromisoformat(month)


def _overrides(session: Session, actor: Actor, month: str, **_more: object) -> File:
    made = load_overrides_of_month(session, actor, date.fromisoformat(month))
    zone = ZoneInfo(session.scalar(select(Organisation.zone)) or "UTC")
    return csv_file(
        f"overrides-{month[:7]}.csv",
        ("at", "who", "role", "rule", "reason", "note", "professional", "visit"),
        (
            (
                _local(each.at, zone),
                each.who,
                each.role,
                each.kind,
                each.reason,
                each.note,
                each.professional,
                _local(each.starts_at, zone),
            )
            for each in made
        ),
    )


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _check_patient(session: Session, actor: Actor, patient_id: str, *, now: datetime) -> None:
    privacy.check_may_export(session, actor, int(patient_id), now=now)


def _patient(
    session: Session, actor: Actor, patient_id: str, *, now: datetime, speaks: Speaks
) -> File:
    content = privacy.export_patient(session, actor, int(patient_id), now=now, speaks=speaks)
    return File(f"patient-{patient_id}.zip", ZIP, content)


def _check_day_sheet(
    _session: Session, actor: Actor, on: str, *_professionals: str, **_now: datetime
) -> None:
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    date.fromisoformat(on)


def _day_sheet(
    session: Session,
    actor: Actor,
    on: str,
    *professionals: str,
    now: datetime,
    **_more: object,
) -> File:
    asked = DayAsked(date.fromisoformat(on), professional_ids=tuple(map(int, professionals)))
    day = load_printed_day(session, actor, asked, now=now)
    heading = f"{day.on:%A} {day.on.day} {day.on:%B %Y}"
    return File(f"day-sheet-{on}.pdf", PDF, as_pdf(day, heading=heading))


def _check_slip(session: Session, actor: Actor, patient_id: str, *, now: datetime) -> None:
    get_patient(session, actor, int(patient_id), now=now)


def _slip(
    session: Session, actor: Actor, patient_id: str, *, now: datetime, **_more: object
) -> File:
    content = print_slip(session, actor, int(patient_id), now=now)
    return File(f"slip-{patient_id}.pdf", PDF, content)


def _check_visit(session: Session, actor: Actor, booking_id: str, **_now: datetime) -> None:
    get_booking(session, actor, int(booking_id))


def _visit(
    session: Session, actor: Actor, booking_id: str, *, now: datetime, **_more: object
) -> File:
    content = visit_file(session, actor, int(booking_id), now=now)
    return File(f"visit-{booking_id}.ics", ICS, content)


def _everything(session: Session, actor: Actor, *, now: datetime, **_more: object) -> LargeFile:
    everything.check_may_export_everything(session, actor, now=now)
    write = partial(everything.write_everything, now=now)
    return LargeFile(f"frontdesk-{now:%Y-%m-%d}.zip", ZIP, write)


def _check_kind(session: Session, actor: Actor, kind: str, *, now: datetime) -> None:
    """It names as many as everything does: who takes it has shown who they are."""
    everything.check_may_export_everything(session, actor, now=now)
    FileKind(kind)


def _kind(
    session: Session, actor: Actor, kind: str, *, now: datetime, **_more: object
) -> LargeFile:
    _check_kind(session, actor, kind, now=now)

    def write(database: Database, file: BinaryIO) -> None:
        with database.reading() as reading:
            write_kind(reading, actor, FileKind(kind), file, now=now)

    return LargeFile(f"{kind}-{now:%Y-%m-%d}.csv", CSV, write)


def _check_figure(_session: Session, actor: Actor, *words: str, **_now: datetime) -> None:
    require(actor, Permission.ANALYTICS_READ, Permission.ANALYTICS_READ_OWN)
    FigureAsked.of_words(words)


def _figure(
    session: Session, actor: Actor, *words: str, now: datetime, **_more: object
) -> LargeFile:
    """The lines below a figure, as they stand there."""
    _check_figure(session, actor, *words)
    asked = FigureAsked.of_words(words)
    name = f"{asked.figure}-{asked.by}-{asked.asked.first}-{asked.asked.last}.csv"
    return _lines(name, lambda db: figure_table(db, actor, asked, now=now))


def _check_own_numbers(_session: Session, actor: Actor, *words: str, **_now: datetime) -> None:
    require(actor, Permission.ANALYTICS_READ_OWN)
    OwnAsked.of_words(words)


def _own_numbers(
    session: Session, actor: Actor, *words: str, now: datetime, **_more: object
) -> LargeFile:
    """A professional's own figures, as they stand below the chart."""
    _check_own_numbers(session, actor, *words)
    asked = OwnAsked.of_words(words)
    name = f"my-numbers-{asked.by}-{asked.starts()[0]}-{asked.ends()[-1]}.csv"
    return _lines(name, lambda db: own_table(asked.by, own_numbers(db, actor, asked, now=now)))


def _check_monthly_report(
    session: Session, actor: Actor, month: str, _language: str = "", *, now: datetime
) -> None:
    check_may_report(session, actor, month_of_word(month), now=now)


def _monthly_report(
    session: Session,
    actor: Actor,
    month: str,
    language: str = "",
    *,
    now: datetime,
    speaks: Speaks,
) -> LargeFile:
    """The month on one page, in the language of the screen it was asked for on."""
    _check_monthly_report(session, actor, month, now=now)

    def write(database: Database, file: BinaryIO) -> None:
        with database.reading() as session:
            report = load_monthly_report(session, actor, month_of_word(month), now=now)
        spoken = speaks(language)
        file.write(report_as_pdf(report, say=spoken.say, language=spoken.tag))

    return LargeFile(f"monthly-report-{month}.pdf", PDF, write)


def _lines(name: str, count: Callable[[Session], Table]) -> LargeFile:
    """Counted once the link is used up: years of a book take a while, and others go on saving."""

    def write(database: Database, file: BinaryIO) -> None:
        with database.reading() as session:
            table = count(session)
        file.write(csv_file(name, table.titles, table.rows).content)

    return LargeFile(name, CSV, write)


KINDS: Mapping[str, Kind] = {
    "figure": Kind(_check_figure, _figure),
    "day-sheet": Kind(_check_day_sheet, _day_sheet),
    "all-of-a-kind": Kind(_check_kind, _kind),
    "everything": Kind(everything.check_may_export_everything, _everything),
    "monthly-report": Kind(_check_monthly_report, _monthly_report),
    "patient": Kind(_check_patient, _patient),
    "slip": Kind(_check_slip, _slip),
    "own-numbers": Kind(_check_own_numbers, _own_numbers),
    "overrides": Kind(_check_overrides, _overrides),
    "visit": Kind(_check_visit, _visit),
}
