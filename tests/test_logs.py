"""T109, T145: one record is one line, and tells no secret, whatever was said."""

import logging
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import Database
from dashboard import logs

ANYTHING = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


@pytest.fixture
def log(caplog):
    with logs.tidied():
        yield caplog
    logging.getLogger("tests").handlers.clear()


def fail(words: str) -> None:
    raise ValueError(words)


def shown(record: logging.LogRecord) -> str:
    return logging.Formatter("%(levelname)s %(message)s").format(record)


@given(said=ANYTHING)
def test_t145_whatever_a_message_holds_it_is_one_line_of_printable_text(said):
    record = logs.tidy(logging.LogRecord("x", logging.INFO, "x.py", 1, "said %s", (said,), None))

    line = shown(record)
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@given(said=ANYTHING)
def test_t145_nor_can_an_error_forge_a_record(said):
    try:
        fail(f"{said}\nERROR forged")
    except ValueError as error:
        about = (type(error), error, error.__traceback__)
    record = logs.tidy(logging.LogRecord("x", logging.ERROR, "x.py", 1, "error", (), about))

    first, *rest = shown(record).split("\n")
    assert first == "ERROR error"
    assert all(line.startswith("  | ") for line in rest)


SECRETS = (
    secrets.token_urlsafe(32) + "aA1",
    "Cookie: frontdesk=abcdef12345",
    "password=correct horse",
    "ana.silva@example.org",
    "+351 912 345 678",
    "912345678",
    "(01) 42 68 53 00",
    "postgresql://desk:hunter2@db/frontdesk",
    "DETAIL:  Key (username)=(ana) already exists.",
)


@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
def test_t109_a_secret_in_a_message_or_an_error_is_hidden(log, secret):
    logger = logging.getLogger("streamlit.somewhere")
    try:
        fail(f"because of {secret} it broke")
    except ValueError:
        logger.exception("about %s", secret)

    [record] = log.records
    kept = shown(record)
    assert logs.HIDDEN in kept
    for part in ("abcdef12345", "correct", "silva", "912", "5678", "42 68", "hunter2", "(ana)"):
        assert part not in kept or part not in secret


HARMLESS = ("2026-12-07 10:15:30", "booking 12345", "port 8501", "1.67.0")


@pytest.mark.parametrize("harmless", HARMLESS)
def test_what_is_no_secret_stays(log, harmless):
    logging.getLogger("dashboard").warning("at %s", harmless)

    assert harmless in log.records[0].getMessage()


def test_arguments_that_do_not_fit_break_nothing(log):
    logging.getLogger("dashboard").warning("%d %d", "one")

    assert log.records[0].getMessage() == "%d %d"


def test_t109_an_error_of_the_database_names_no_values(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(Exception, match="no such table") as error, database.writing() as db:
        db.connection().exec_driver_sql("SELECT * FROM nowhere WHERE name = ?", ("Ana Silva",))

    assert "Ana Silva" not in str(error.value)
    database.dispose()
