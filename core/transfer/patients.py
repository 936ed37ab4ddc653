"""Patients out of a CSV file.

A row is somebody on file when name and phone, name and e-mail, or name and date of birth agree
(the order of the words of a name, accents and case do not matter) and no two dates of birth
contradict. Blanks of the record are then filled; nothing it says is overwritten. Where whoever
signs in reads the record, nothing is filled: they may have typed those values themselves.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from core import audit
from core.errors import N_, BookingError, Invalid
from core.models import Calendar, CalendarKind, Dependant, PartOfDay, Patient, User
from core.patients import NewPatient, Preferences, search_text
from core.patients.preferences import parts_of
from core.patients.typed import Place, cleaned, place_of
from core.policy import Actor
from core.transfer.names import name_key
from core.transfer.reading import Row
from core.transfer.report import (
    ImportOptions,
    ImportReport,
    Outcome,
    Progress,
    RowReport,
    is_kept,
    no_progress,
)
from core.transfer.running import open_table
from core.transfer.values import read_date

COLUMNS = {
    "name": ("name", "patient", "patientname", "fullname", "client", "clientname", "customer",
             "nombre", "nome", "nom"),
    "first_name": ("firstname", "givenname", "forename", "vorname", "prenom", "primeironome"),
    "last_name": ("lastname", "familyname", "surname", "apellido", "apellidos", "apelido",
                  "nachname", "nomdefamille"),
    "phone": ("phone", "phonenumber", "telephone", "telephonenumber", "tel", "mobile",
              "mobilephone", "mobilenumber", "cell", "cellphone", "telefono", "telefone",
              "telefon", "movil", "telemovel", "handy"),
    "email": ("email", "emailaddress", "mail", "correo", "correoelectronico", "courriel"),
    "born_on": ("bornon", "born", "birthdate", "dateofbirth", "dob", "birthday",
                "fechadenacimiento", "datadenascimento", "geburtsdatum", "datedenaissance"),
    "language": ("language", "lang", "idioma", "sprache", "langue"),
    "desk_note": ("note", "notes", "desknote", "comment", "comments", "remark", "remarks",
                  "notas", "bemerkung"),
    "alerts": ("alert", "alerts", "deskalert", "deskalerts", "patientalert", "patientalerts",
               "warning", "warnings", "aviso", "avisos", "hinweis", "hinweise"),
    "preferred_parts": ("preferredparts", "preferredtime", "preferredtimes", "timeofday",
                        "partofday"),
    "preference": ("preference", "preferences", "prefers", "wishes", "preferencia",
                   "preferencias"),
}  # fmt: skip
NEEDED = {"name": ("name", "first_name", "last_name"), "phone or email": ("phone", "email")}
BLANKS = (
    "phone", "email", "born_on", "language", "desk_note", "alerts", "preferred_parts", "preference"
)  # fmt: skip
LIKED = ("preferred_parts", "preference")
CHUNK = 500


@dataclass
class OnFile:
    """Somebody on file, or about to be: what rows are compared with."""

    patient: NewPatient
    id: int | None = None
    is_open: bool = False
    """They, or who looks after them, read the record by themselves, and may have made it."""


class Register:
    """Everybody on file, under what they are recognised by."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], list[OnFile]] = {}

    def add(self, known: OnFile) -> None:
        for key in _keys(known.patient):
            others = self._known.setdefault(key, [])
            if not any(each is known for each in others):
                others.append(known)

    def find(self, patient: NewPatient) -> OnFile | None:
        for key in _keys(patient):
            for known in self._known.get(key, ()):
                if not _contradict(known.patient.born_on, patient.born_on):
                    return known
        return None


def import_patients(
    session: Session,
    actor: Actor,
    content: bytes,
    options: ImportOptions | None = None,
    *,
    now: datetime,
    progress: Progress = no_progress,
) -> ImportReport:
    """Put the patients of a file on file; the report tells what became of each row.

    Raises ``Invalid`` where the file as a whole cannot be read.
    """
    options = options or ImportOptions()
    table = open_table(session, actor, content, options, COLUMNS, NEEDED)
    place, register = place_of(session), register_of(session)
    added: list[OnFile] = []
    merged: dict[int, OnFile] = {}
    rows: list[RowReport] = []
    for done, row in enumerate(table.rows, 1):
        try:
            wanted = _wanted(row, options, place, now)
        except BookingError as refusal:
            rows.append(RowReport(row.line, _label(row), Outcome.REFUSED, refusal))
        else:
            rows.append(_settle(row, wanted, register, added, merged))
        if done % CHUNK == 0 or done == len(table.rows):
            progress(done, len(table.rows))
    saved = is_kept(options.keep, rows)
    if saved:
        found = _locked(session, sorted(merged))
        _add(session, actor, [each.patient for each in added], now=now)
        _merge(session, actor, found, merged, now=now)
    return ImportReport(tuple(rows), saved, table.encoding, table.ignored_columns)


def register_of(session: Session) -> Register:
    """Everybody on file, in one read."""
    register = Register()
    sign_in = select(User.patient_id).where(User.patient_id.is_not(None))
    is_open = or_(Patient.id.in_(sign_in), Patient.id.in_(select(Dependant.patient_id)))
    columns = (Patient.id, Patient.name, is_open, *(getattr(Patient, each) for each in BLANKS))
    rows = session.execute(select(*columns).order_by(Patient.id))
    for patient_id, name, is_open_now, *values in rows:
        known = dict(zip(BLANKS, values, strict=True))
        liked = {each: known.pop(each) for each in LIKED}
        patient = NewPatient(name, **known)
        if any(liked.values()):
            patient = _filled(patient, liked)
        register.add(OnFile(patient, patient_id, is_open_now))
    return register


def _values_of(patient: NewPatient) -> dict[str, Any]:
    """What may be filled in where it is blank, as the table of patients keeps it."""
    liked = patient.preferences
    own = {each: getattr(patient, each) for each in BLANKS if each not in LIKED}
    return own | {"preferred_parts": ",".join(liked.parts), "preference": liked.words}


def _filled(patient: NewPatient, values: Mapping[str, Any]) -> NewPatient:
    """The same patient with these of ``BLANKS`` filled in."""
    own = {each: value for each, value in values.items() if each not in LIKED}
    kept = {**_values_of(patient), **values}
    liked = replace(
        patient.preferences,
        parts=parts_of(kept["preferred_parts"]),
        words=kept["preference"],
    )
    return replace(patient, **own, preferences=liked)


def _keys(patient: NewPatient) -> Iterator[tuple[str, str, str]]:
    name = name_key(patient.name)
    tells = ("phone", patient.phone), ("email", patient.email), ("born", patient.born_on)
    for kind, value in tells:
        if value:
            yield kind, name, str(value)


def _contradict(one: date | None, other: date | None) -> bool:
    return one is not None and other is not None and one != other


def _wanted(row: Row, options: ImportOptions, place: Place, now: datetime) -> NewPatient:
    if row.refusal is not None:
        raise row.refusal
    cells = row.cells
    born = cells.get("born_on", "").removesuffix(" 00:00:00").removesuffix("T00:00:00")
    request = NewPatient(
        name=_label(row),
        phone=cells.get("phone", ""),
        email=cells.get("email", ""),
        born_on=read_date(born, options.date_order, "born_on", past_until=now.year)
        if born
        else None,
        language=cells.get("language", ""),
        desk_note=cells.get("desk_note", ""),
        alerts=cells.get("alerts", ""),
        preferences=_preferences(cells),
    )
    return cleaned(request, place, now)


def _preferences(cells: Mapping[str, str]) -> Preferences:
    """Parts of the day by their names; whatever else stands there is kept as it is written."""
    asked, words = cells.get("preferred_parts", ""), cells.get("preference", "")
    named = [each.removesuffix("s") for each in re.split(r"[\s,;/|]+", asked.casefold()) if each]
    known = [each for each in PartOfDay if each.value in named]
    if len(set(named)) == len(known):
        return Preferences(parts=tuple(known), words=words)
    return Preferences(words="\n".join(each for each in (asked, words) if each))


def _label(row: Row) -> str:
    cells = row.cells
    parts = (cells.get("first_name", ""), cells.get("last_name", ""))
    return cells.get("name") or " ".join(each for each in parts if each)


def _settle(
    row: Row,
    wanted: NewPatient,
    register: Register,
    added: list[OnFile],
    merged: dict[int, OnFile],
) -> RowReport:
    """Decide what becomes of a row, and keep it for the writing."""
    known = register.find(wanted)
    if known is None:
        known = OnFile(wanted)
        added.append(known)
        register.add(known)
        return RowReport(row.line, wanted.name, Outcome.ADDED)
    news = {each: value for each, value in _values_of(wanted).items() if value}
    on_file = _values_of(known.patient)
    filled = {each: value for each, value in news.items() if not on_file[each]}
    differs = tuple(
        each for each, value in news.items() if each not in filled and value != on_file[each]
    )
    if not filled:
        return RowReport(row.line, wanted.name, Outcome.UNCHANGED, differs=differs)
    if known.is_open:  # a stranger may have typed a name and a birth date to be told the rest
        by_hand = Invalid(
            N_(
                "{name} is on file, and whoever signs in reads that record. Please add what is "
                "new to it by hand once you are sure that it is them."
            ),
            name=wanted.name,
        )
        return RowReport(row.line, wanted.name, Outcome.REFUSED, by_hand)
    known.patient = _filled(known.patient, filled)
    register.add(known)
    if known.id is not None:
        merged[known.id] = known
    return RowReport(row.line, wanted.name, Outcome.MERGED, filled=tuple(filled), differs=differs)


def _add(session: Session, actor: Actor, patients: Sequence[NewPatient], *, now: datetime) -> None:
    ids: list[int] = []
    rest = iter(patients)
    while chunk := list(islice(rest, CHUNK)):
        calendars = session.scalars(
            insert(Calendar).returning(Calendar.id, sort_by_parameter_order=True),
            [{"kind": CalendarKind.PATIENT} for _ in chunk],
        )
        ids += session.scalars(
            insert(Patient).returning(Patient.id, sort_by_parameter_order=True),
            [
                _as_row(patient, calendar_id, now)
                for patient, calendar_id in zip(chunk, calendars, strict=True)
            ],
        )
    if ids:
        audit.record(session, actor, "patients.imported", now=now, patient_ids=ids)


def _as_row(patient: NewPatient, calendar_id: int, now: datetime) -> dict[str, object]:
    return {
        "calendar_id": calendar_id,
        "name": patient.name,
        "phone": patient.phone,
        "email": patient.email,
        "born_on": patient.born_on,
        "language": patient.language,
        "desk_note": patient.desk_note,
        "alerts": patient.alerts,
        **{each: _values_of(patient)[each] for each in LIKED},
        "search": search_text(patient),
        "created_at": now,
        "updated_at": now,
        "version": 1,
    }


def _locked(session: Session, ids: Sequence[int]) -> list[Patient]:
    """The patients to be merged, before anything is put on record: that lock comes last."""
    found: list[Patient] = []
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        query = select(Patient).where(Patient.id.in_(chunk)).order_by(Patient.id)
        found += session.scalars(
            query.with_for_update(), execution_options={"populate_existing": True}
        )
    return found


def _merge(
    session: Session,
    actor: Actor,
    patients: Sequence[Patient],
    merged: dict[int, OnFile],
    *,
    now: datetime,
) -> None:
    for patient in patients:
        known = _values_of(merged[patient.id].patient)
        filled = [each for each in BLANKS if known[each] and not getattr(patient, each)]
        for each in filled:
            setattr(patient, each, known[each])
        patient.search = search_text(patient)
        audit.record(session, actor, "patient.merged", patient, now=now, changed=filled)
