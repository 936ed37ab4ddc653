"""Diaries to measure on, made once for a run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.db import Database
from tests.bench import workload
from tests.bench.workload import Diary
from tests.browser.conftest import new_page

__all__ = ["diary", "new_page"]


@pytest.fixture(scope="session")
def diary(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Diary]:
    """100,000 bookings on SQLite."""
    path = tmp_path_factory.mktemp("bench") / "diary.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield workload.fill(database, 100_000)
    database.dispose()
