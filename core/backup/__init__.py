"""Backups that are proven when they are made, and restored only into an empty place.

A backup is one SQLite file beside a manifest, whichever engine it was taken from, so that it
can be restored into either. SQLite copies itself while bookings go on; PostgreSQL is read in
one snapshot. Every row committed before the backup began is in it.
"""

from core.backup.making import BackupMade, backup
from core.backup.manifest import Manifest
from core.backup.restoring import Restored, restore

__all__ = ["BackupMade", "Manifest", "Restored", "backup", "restore"]
