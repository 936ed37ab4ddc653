"""What lies beside a backup, so that it can be compared with the file before it is restored."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import N_, Invalid

OWNER_ONLY = 0o600


@dataclass(frozen=True)
class Manifest:
    file: str
    sha256: str
    """Of the file as it lies there, encrypted or not."""
    schema: str
    rows: Mapping[str, int]
    audit_id: int
    audit_hash: str
    audit_intact: bool
    made_at: str


def manifest_beside(backup_file: Path) -> Path:
    return backup_file.with_suffix(".json")


def read_manifest(backup_file: Path) -> Manifest:
    """The manifest of a backup that is still the file it describes."""
    path = manifest_beside(backup_file)
    try:
        manifest = Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise Invalid(
            N_(
                "There is no manifest {name} beside the backup. Please bring the one that was"
                " written with it."
            ),
            field="file",
            name=path.name,
        ) from None
    except (ValueError, TypeError):
        raise Invalid(
            N_(
                "The manifest {name} cannot be read. Please bring the one that was written "
                "with the backup."
            ),
            field="file",
            name=path.name,
        ) from None
    if sha256_of(backup_file) != manifest.sha256:
        raise Invalid(
            N_(
                "This backup is damaged: it is not the file its manifest describes. Please "
                "use another."
            ),
            field="file",
        )
    return manifest


def write_manifest(backup_file: Path, manifest: Manifest) -> None:
    path = manifest_beside(backup_file)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY), "w") as file:
        file.write(json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
