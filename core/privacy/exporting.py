"""Everything about a person as files they can keep: a page to read, one JSON, and tables."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import accounts, audit
from core.errors import N_, NotFound
from core.models import Erasure, Organisation, PatientMerge
from core.patients import get_patient
from core.policy import Actor, Permission, allows, require
from core.privacy.inventory import HOLDINGS, Holding
from core.privacy.readable import Held, Speaks, in_english, write_page
from core.transfer import csv_cell

P = Permission

README = """Everything {practice} keeps about one person
Made on {made}.

person.html is to be read and printed. person.json holds all of it; the .csv files hold the
same as tables, one for each kind of record, to be opened in a spreadsheet; their times are in
UTC. Of group visits, notes are left out, since they may be about others.

{parts}
"""
PART = """{table}
  Kept {why}.
  Fields: {fields}
  Left out: {left_out}
"""


def check_may_export(session: Session, actor: Actor, patient_id: int, *, now: datetime) -> None:
    """Patients may have their own; at the practice it takes a permission, and a password."""
    require(actor, P.PATIENTS_EXPORT, P.PATIENTS_ASK_OWN)
    if allows(actor, P.PATIENTS_EXPORT):
        accounts.check_confirmed(session, actor, now=now)
    get_patient(session, actor, patient_id, now=now)
    if any(session.get(kind, patient_id) is not None for kind in (Erasure, PatientMerge)):
        raise NotFound(what=N_("patient"))


def export_patient(
    session: Session,
    actor: Actor,
    patient_id: int,
    *,
    now: datetime,
    speaks: Speaks = in_english,
) -> bytes:
    """A ZIP with everything the database holds about the patient."""
    check_may_export(session, actor, patient_id, now=now)
    held = {each.table.name: _rows_of(session, each, patient_id) for each in HOLDINGS}
    practice = session.scalar(select(Organisation.name)) or ""
    zone = ZoneInfo(session.scalar(select(Organisation.zone)) or "UTC")
    page = write_page(held, patient_id, practice, zone, speaks, now=now)
    made = now.isoformat()
    whole = {"practice": practice, "made_at": made, "times_in": "UTC", **_plain_rows(held)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        _put(files, "README.txt", README.format(practice=practice, made=made, parts=_parts()), now)
        _put(files, "person.html", page, now)
        _put(files, "person.json", json.dumps(whole, ensure_ascii=False, indent=2), now)
        for holding in HOLDINGS:
            name = holding.table.name
            _put(files, f"{name}.csv", _table(fields_of(holding), held[name]), now)
    patient = get_patient(session, actor, patient_id, now=now)
    audit.record(session, actor, "patient.exported", patient, now=now)
    return out.getvalue()


def fields_of(holding: Holding) -> list[str]:
    """The columns a person is given."""
    return [each.name for each in holding.table.c if each.name not in holding.left_out]


def _rows_of(session: Session, holding: Holding, patient_id: int) -> list[dict[str, Any]]:
    columns = [
        holding.given.get(name, holding.table.c[name]).label(name) for name in fields_of(holding)
    ]
    asked = select(*columns).where(holding.rows).order_by(*holding.table.primary_key)
    found = session.connection().execute(asked, {"person": patient_id})
    return [dict(row) for row in found.mappings()]


def _plain_rows(held: Held) -> dict[str, list[dict[str, object]]]:
    return {
        table: [{name: _plain(value) for name, value in row.items()} for row in rows]
        for table, rows in held.items()
    }


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def _table(fields: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(fields)
    writer.writerows([csv_cell(_plain(row[name])) for name in fields] for row in rows)
    return "\ufeff" + out.getvalue()


def _parts() -> str:
    return "\n".join(
        PART.format(
            table=each.table.name,
            why=each.why,
            fields=", ".join(fields_of(each)),
            left_out="; ".join(f"{name} ({why})" for name, why in each.left_out.items()) or "-",
        )
        for each in HOLDINGS
    )


def _put(files: zipfile.ZipFile, name: str, text: str, now: datetime) -> None:
    made = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
    made.compress_type = zipfile.ZIP_DEFLATED
    files.writestr(made, text.encode())
