"""What has to be true before the first visitor, and what is said on the console."""

import os
import tempfile
from pathlib import Path

from sqlalchemy import make_url

from core import first_admin, mail, passwords, privacy, schema, settings
from core.db import Database, utc_now
from dashboard import hardening, session

ANNOUNCEMENT = """
Nobody can sign in to this Frontdesk yet. Open it in a browser and enter the set-up code

    {code}

within 15 minutes to make the first admin. The code is also in {path}.
"""


def prepare() -> None:
    """Check how we were started and the database; print a set-up code where nobody can sign in."""
    configured = session.configured()
    hardening.check(configured)
    hardening.close_files(configured.database_url)
    database = session.database()
    schema.check_ready(database)
    privacy.settle(database, privacy.list_file(configured), now=utc_now())
    passwords.prepare()
    say_what_mail_lacks(configured)
    if not configured.demo:
        announce_set_up(database, set_up_file(configured.database_url))


def say_what_mail_lacks(configured: settings.Settings) -> None:
    """Nothing is sent while a setting is missing; links are shown instead, to be handed over."""
    if not configured.smtp_url:
        return
    try:
        mail.server_of(configured)
    except mail.MailNotReady as refusal:
        print(f"No mail is sent. {refusal}", flush=True)


def announce_set_up(database: Database, path: Path) -> None:
    """Print a new set-up code and keep it in a file that only the server's user can read."""
    with database.reading() as db:
        needed = first_admin.is_needed(db)
    if not needed:
        path.unlink(missing_ok=True)
        return
    # Of two processes that start at once, the file holds the code of the last.
    with database.writing() as db:
        code = first_admin.issue_code(db, now=utc_now())
        _put_in_place(path, code)
    print(ANNOUNCEMENT.format(code=code, path=path), flush=True)


def _put_in_place(path: Path, code: str) -> None:
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")
    with os.fdopen(descriptor, "w") as file:
        file.write(code + "\n")
    Path(partial).replace(path)


def set_up_file(database_url: str) -> Path:
    """Beside the database file, or among the data where the database is a server."""
    url = make_url(database_url)
    is_file = url.get_backend_name() == "sqlite" and url.database
    return (Path(str(url.database)).parent if is_file else settings.DATA) / "setup-code"
