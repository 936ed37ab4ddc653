"""What a file can be of: the columns it may have, and how it is brought in."""

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from core.policy import Actor
from core.transfer import bookings, hours, patients, professionals, services
from core.transfer.reading import Columns
from core.transfer.report import ImportOptions, ImportReport, Progress, no_progress


class FileKind(enum.StrEnum):
    PATIENTS = "patients"
    BOOKINGS = "bookings"
    SERVICES = "services"
    PROFESSIONALS = "professionals"
    HOURS = "hours"


class Importer(Protocol):
    def __call__(
        self,
        session: Session,
        actor: Actor,
        content: bytes,
        options: ImportOptions | None = None,
        *,
        now: datetime,
        progress: Progress = no_progress,
    ) -> ImportReport: ...


COLUMNS: Mapping[FileKind, Columns] = {
    FileKind.PATIENTS: patients.COLUMNS,
    FileKind.BOOKINGS: bookings.COLUMNS,
    FileKind.SERVICES: services.COLUMNS,
    FileKind.PROFESSIONALS: professionals.COLUMNS,
    FileKind.HOURS: hours.COLUMNS,
}
IMPORTS: Mapping[FileKind, Importer] = {
    FileKind.PATIENTS: patients.import_patients,
    FileKind.BOOKINGS: bookings.import_bookings,
    FileKind.SERVICES: services.import_services,
    FileKind.PROFESSIONALS: professionals.import_professionals,
    FileKind.HOURS: hours.import_hours,
}
