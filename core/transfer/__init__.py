"""Patients, bookings, services, professionals and hours out of other systems' CSV files.

Good rows go in, refused rows are reported with their line and the reason, unless the options
ask for all or nothing, or for a look only. The file is one transaction, a row is whole or not
at all, and the same file twice adds nothing. ``data/samples/README.md`` names the columns.
"""

from core.transfer.bookings import import_bookings
from core.transfer.headings import Heading, read_headings, remember_columns
from core.transfer.hours import import_hours
from core.transfer.kinds import COLUMNS, IMPORTS, FileKind
from core.transfer.patients import import_patients
from core.transfer.professionals import import_professionals
from core.transfer.reading import csv_cell, read_file, uncovered
from core.transfer.report import (
    ImportOptions,
    ImportReport,
    Keep,
    Outcome,
    Progress,
    RowReport,
)
from core.transfer.services import import_services
from core.transfer.values import DateOrder
from core.transfer.writing import write_kind

__all__ = [
    "COLUMNS",
    "IMPORTS",
    "DateOrder",
    "FileKind",
    "Heading",
    "ImportOptions",
    "ImportReport",
    "Keep",
    "Outcome",
    "Progress",
    "RowReport",
    "csv_cell",
    "import_bookings",
    "import_hours",
    "import_patients",
    "import_professionals",
    "import_services",
    "read_file",
    "read_headings",
    "remember_columns",
    "uncovered",
    "write_kind",
]
