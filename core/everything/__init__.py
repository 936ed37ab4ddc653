"""The whole place as a ZIP of CSV files that anybody can read, and that builds it up again.

A backup is for the day the machine breaks and holds every secret; this file is for leaving,
for another engine, and for whoever wants to count for themselves. It holds the place, its people
and its diary with their numbers as they are, and nothing that opens a door.
"""

from core.everything.bringing_in import BroughtIn, import_everything
from core.everything.tables import LEFT_OUT, carried_tables
from core.everything.writing import (
    Exported,
    check_may_export_everything,
    export_everything,
    owner_only,
    write_everything,
)

__all__ = [
    "LEFT_OUT",
    "BroughtIn",
    "Exported",
    "carried_tables",
    "check_may_export_everything",
    "export_everything",
    "import_everything",
    "owner_only",
    "write_everything",
]
