"""``python -m core <command>``: what whoever runs the machine does from a shell.

The database is the one FRONTDESK_DATABASE_URL names. Exit codes: 0 done, 1 refused with a
sentence on standard error, 2 not a command.
"""

import argparse
import getpass
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, OperationalError

from core import audit, privacy, schema, sending, settings
from core.backup import backup, restore
from core.check import INVARIANTS, find_broken
from core.db import Database, utc_now
from core.errors import BookingError, NotSaved
from core.figures import count_figures
from core.health import note_backup
from core.models import Role, User
from core.policy import CONSOLE
from core.schedule import WEEKDAYS, WeekdayWindow, wall_time
from core.transfer import (
    IMPORTS,
    DateOrder,
    FileKind,
    ImportOptions,
    ImportReport,
    Keep,
    Outcome,
    Progress,
    read_file,
    write_kind,
)
from core.transfer.report import no_progress

DONE, REFUSED = 0, 1
MOST_REFUSALS_SHOWN = 50
MOST_IDS_SHOWN = 20

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a refusal or a failing disk is one sentence, never a traceback."""
    options = _parser().parse_args(arguments)
    run: Command = options.run
    try:
        return run(options)
    except BookingError as refusal:
        return _refuse(str(refusal))
    except OperationalError as error:
        return _refuse(f"The database cannot be used: {error.orig}".strip())
    except ArgumentError:
        return _refuse("FRONTDESK_DATABASE_URL does not name a database.")
    except OSError as error:
        return _refuse(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    except KeyboardInterrupt:
        return _refuse("Stopped; nothing was written.")


# Commands.


def migrate(_options: argparse.Namespace) -> int:
    with _opened() as database:
        before = schema.current_revision(database)
        schema.migrate(database)
        after = schema.current_revision(database)
    if before == after:
        print(f"The database is up to date (schema {after}).")
    else:
        print(f"The database is now at schema {after}.")
    return DONE


def demo(_options: argparse.Namespace) -> int:
    from core.demo import describe, ensure

    with _opened() as database:
        schema.migrate(database)
        ensure(database, now=utc_now())
    print(describe())
    return DONE


def create_admin(options: argparse.Namespace) -> int:
    from core.accounts import NewUser, create_user
    from core.passwords import hash_password

    hashed = hash_password(_password(options), Role.ADMIN, (options.username, options.name or ""))
    request = NewUser(
        username=options.username,
        name=options.name or options.username,
        role=Role.ADMIN,
        password_hash=hashed,
    )
    with _ready() as database, database.writing() as session:
        user = create_user(session, CONSOLE, request, now=utc_now())
        username = user.username
    print(f"{username} can now sign in as an admin.")
    return DONE


def reset_two_step(options: argparse.Namespace) -> int:
    from core import second_step_set_up
    from core.accounts import fold_username

    named = select(User.id).where(User.username == fold_username(options.username))
    with _ready() as database, database.writing() as session:
        user_id = session.scalar(named) or 0
        name = second_step_set_up.reset(session, CONSOLE, user_id, now=utc_now()).name
    print(f"{name} signs in with the password alone until two-step sign-in is set up anew.")
    return DONE


def bring_in(options: argparse.Namespace) -> int:
    kind: FileKind = options.kind
    content = read_file(options.file)
    with _ready() as database, _progress() as progress, database.writing() as session:
        report = IMPORTS[kind](
            session, CONSOLE, content, _import_options(options), now=utc_now(), progress=progress
        )
    return _tell(report, kind)


def revoke_sessions(options: argparse.Namespace) -> int:
    from core.accounts import end_all_sessions, end_sessions_of, fold_username

    named = select(User.id).where(User.username == fold_username(options.user or ""))
    with _ready() as database, database.writing() as session:
        if options.user is None:
            ended = end_all_sessions(session, CONSOLE, now=utc_now())
        else:
            user_id = session.scalar(named) or 0
            ended = end_sessions_of(session, CONSOLE, user_id, now=utc_now())
    print(f"Sessions ended: {ended:,}. Whoever had one has to sign in again.")
    return DONE


def send(options: argparse.Namespace) -> int:
    office = sending.office_of(settings.from_environment())
    with _ready() as database:
        if not options.once:
            return _keep_sending(database, office)
        outcomes = sending.send_all(database, office)
    said = ", ".join(f"{count:,} {state}" for state, count in sorted(outcomes.items()))
    print(f"Messages: {said or 'nothing to send'}.")
    return DONE


def make_backup(options: argparse.Namespace) -> int:
    with _opened() as database:
        key = settings.from_environment().backup_key
        made = backup(database, options.directory, now=utc_now(), key=key)
        with suppress(NotSaved), database.writing() as session:  # made it is, noted or not
            note_backup(session, CONSOLE, intact=made.manifest.audit_intact, now=utc_now())
    rows = sum(made.manifest.rows.values())
    print(f"Backed up {rows:,} rows to {made.path}")
    print(f"Audit head: {made.manifest.audit_id} {made.manifest.audit_hash}")
    if not made.manifest.audit_intact:
        return _refuse("The audit trail does not verify: see `python -m core audit verify`.")
    return DONE


def restore_backup(options: argparse.Namespace) -> int:
    configured = settings.from_environment()
    listed = privacy.list_file(configured)
    if not options.no_erasures:
        privacy.check_list_is_there(listed)
    restored = restore(
        options.file,
        configured.database_url,
        now=utc_now(),
        key=configured.backup_key,
        erased=privacy.read_list(listed),
    )
    print(f"Restored {sum(restored.rows.values()):,} rows from the backup of {restored.made_at}.")
    if restored.erased_again:
        print(f"Patients erased since then, and now again: {restored.erased_again:,}.")
    print("Everybody has to sign in again.")
    return DONE


def export_all(options: argparse.Namespace) -> int:
    from core.everything import export_everything

    with _opened() as database:
        now = utc_now()
        made = export_everything(database, options.file, now=now)
        with database.writing() as session:
            audit.record(session, CONSOLE, "place.exported", now=now)
    print(f"Wrote {sum(made.rows.values()):,} rows to {options.file}")
    print("It is not encrypted and names every patient: keep it as you keep their records.")
    return DONE


def export_kind(options: argparse.Namespace) -> int:
    from core.everything import owner_only

    kind, now = FileKind(options.kind), utc_now()
    with _ready() as database, owner_only(options.file) as file:
        with database.reading() as session:
            count = write_kind(session, CONSOLE, kind, file, now=now)
        with database.writing() as session:
            audit.record(session, CONSOLE, "kind.exported", now=now, kind=kind, count=count)
    print(f"Wrote {count:,} rows to {options.file}")
    return DONE


def import_all(options: argparse.Namespace) -> int:
    from core.everything import import_everything

    listed = privacy.list_file(settings.from_environment())
    if not options.no_erasures:
        privacy.check_list_is_there(listed)
    with _opened() as database:
        erased = privacy.read_list(listed)
        brought = import_everything(database, options.file, now=utc_now(), erased=erased)
    print(f"Brought in {sum(brought.rows.values()):,} rows, as they were at {brought.made_at}.")
    if brought.erased_again:
        print(f"Patients erased since then, and now again: {brought.erased_again:,}.")
    print("Nobody has a password here: run `python -m core admin create NAME`, sign in, and")
    print("send everybody a new link under Practice, People.")
    if not brought.audit_intact:
        return _refuse("The audit trail does not verify: see `python -m core audit verify`.")
    return DONE


def report(options: argparse.Namespace) -> int:
    from core.monthly_report import as_pdf, load_monthly_report, month_of_word

    month, now = month_of_word(options.month), utc_now()
    with _ready() as database:
        with database.reading() as session:
            content = as_pdf(load_monthly_report(session, CONSOLE, month, now=now))
        options.file.write_bytes(content)
        with database.writing() as session:
            audit.record(
                session,
                CONSOLE,
                "export.taken",
                now=now,
                kind="monthly-report",
                about=[options.month],
            )
    print(f"Wrote the report of {options.month} to {options.file}")
    return DONE


def settle_erasures(_options: argparse.Namespace) -> int:
    listed = privacy.list_file(settings.from_environment())
    with _ready() as database:
        again = privacy.settle(database, listed, now=utc_now())
    print(f"Erased again: {again:,}. Nothing of erased patients is left in the database's files.")
    return DONE


def verify_audit(_options: argparse.Namespace) -> int:
    with _ready() as database, database.reading() as session:
        broken = list(audit.verify(session))
        last = audit.head(session).id
    if broken:
        shown = ", ".join(map(str, broken[:20]))
        return _refuse(f"The audit trail is broken at {len(broken)} of {last} entries: {shown}")
    print(f"The audit trail is whole: {last} entries.")
    return DONE


def show_audit_head(_options: argparse.Namespace) -> int:
    with _ready() as database, database.reading() as session:
        head = audit.head(session)
    print(head.id, head.hash)
    return DONE


def check(_options: argparse.Namespace) -> int:
    with _ready() as database, database.reading() as session:
        broken = find_broken(session, now=utc_now())
        figures = count_figures(session)
    print("; ".join(f"{name}: {count:,}" for name, count in figures.items() if count) or "Empty.")
    for each in broken:
        shown = ", ".join(map(str, each.ids[:MOST_IDS_SHOWN]))
        more = f" and {len(each.ids) - MOST_IDS_SHOWN:,} more" * (len(each.ids) > MOST_IDS_SHOWN)
        print(f"{each.name}: {each.says} Not so in {each.of} {shown}{more}.", file=sys.stderr)
    if broken:
        return REFUSED
    print(f"All {len(INVARIANTS)} invariants hold.")
    return DONE


# What they share.


@contextmanager
def _opened() -> Iterator[Database]:
    database = Database(settings.from_environment().database_url)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def _ready() -> Iterator[Database]:
    """The database, at the schema this version knows."""
    with _opened() as database:
        schema.check_ready(database)
        yield database


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return REFUSED


def _password(options: argparse.Namespace) -> str:
    """Typed twice without being shown, or the first line of standard input."""
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Once more: "):
        raise SystemExit(_refuse("The two passwords differ."))
    return password


def _import_options(options: argparse.Namespace) -> ImportOptions:
    return ImportOptions(
        date_order=DateOrder(options.dates), keep=options.keep, encoding=options.encoding
    )


def _keep_sending(database: Database, office: sending.Office) -> int:
    print("Sending messages; stop with Ctrl+C.", flush=True)
    with suppress(KeyboardInterrupt):
        sending.keep_sending(database, office, threading.Event())
    return DONE


@contextmanager
def _progress() -> Iterator[Progress]:
    """A line that counts on a terminal; nothing anywhere else."""
    if not sys.stderr.isatty():
        yield no_progress
        return

    def show(done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            print(f"\r{done:,} of {total:,}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print(file=sys.stderr)


def _tell(report: ImportReport, what: str) -> int:
    counts = report.counts
    said = ", ".join(f"{counts[each]:,} {each}" for each in Outcome if counts[each]) or "no rows"
    print(f"{what.capitalize()}: {said}.")
    if report.ignored_columns:
        print(f"Ignored columns: {', '.join(report.ignored_columns)}")
    for row in report.rows:
        if row.differs:
            differs = ", ".join(row.differs)
            print(f"Line {row.line}, {row.label}: kept what is on file ({differs}).")
        if row.changed:
            print(f"Line {row.line}, {row.label}: changed {', '.join(row.changed)}.")
        if row.ends:
            ends = ", ".join(map(_in_words, row.ends))
            print(f"Line {row.line}, {row.label}: no longer {ends}.")
    for row in report.refused[:MOST_REFUSALS_SHOWN]:
        print(f"Line {row.line}, {row.label}: {row.why}", file=sys.stderr)
    if len(report.refused) > MOST_REFUSALS_SHOWN:
        left = len(report.refused) - MOST_REFUSALS_SHOWN
        print(f"... and {left:,} more refused rows.", file=sys.stderr)
    if not report.saved:
        print("Nothing was written.")
    return REFUSED if report.refused else DONE


def _in_words(window: WeekdayWindow) -> str:
    times = f"{wall_time(window.starts_minute)}-{wall_time(window.ends_minute)}"
    return f"{WEEKDAYS[window.weekday - 1]} {times}"


# The command line.


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="Look after Frontdesk.")
    commands = parser.add_subparsers(required=True, metavar="command")
    _add(commands, "migrate", migrate, "bring the database to the newest schema")
    _add(commands, "demo", demo, "fill a database with a made-up practice")
    admin = commands.add_parser("admin", help="people who may do everything")
    create = _add(
        admin.add_subparsers(required=True, metavar="command"),
        "create",
        create_admin,
        "add an admin who can sign in",
    )
    create.add_argument("username")
    create.add_argument("--name", help="the name people see")
    create.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    two_step = commands.add_parser("two-step", help="the second step of signing in")
    lost = _add(
        two_step.add_subparsers(required=True, metavar="command"),
        "reset",
        reset_two_step,
        "take it away from somebody who lost their telephone and their recovery codes",
    )
    lost.add_argument("username")
    _add_import(commands, FileKind.PATIENTS, "put patients of a CSV file on file")
    _add_import(commands, FileKind.BOOKINGS, "put bookings of a CSV file in")
    _add_import(commands, FileKind.SERVICES, "make the services what a CSV file says")
    _add_import(commands, FileKind.PROFESSIONALS, "make the professionals what a CSV file says")
    _add_import(commands, FileKind.HOURS, "make the weekly hours what a CSV file says")
    sessions = commands.add_parser("sessions", help="who is signed in")
    revoke = _add(
        sessions.add_subparsers(required=True, metavar="command"),
        "revoke",
        revoke_sessions,
        "sign people out at once",
    )
    whose = revoke.add_mutually_exclusive_group(required=True)
    whose.add_argument("--all", action="store_true", help="everybody")
    whose.add_argument("--user", metavar="USERNAME", help="one person")
    sent = _add(commands, "send", send, "mail the messages that are due, and go on doing so")
    sent.add_argument("--once", action="store_true", help="stop when nothing is due")
    made = _add(commands, "backup", make_backup, "make a proven copy of the database")
    made.add_argument("directory", type=Path)
    back = _add(commands, "restore", restore_backup, "put a backup into an empty database")
    back.add_argument("file", type=Path)
    whole = _add(commands, "export-all", export_all, "write the place as a ZIP of CSV files")
    whole.add_argument("file", type=Path)
    one = _add(commands, "export", export_kind, "write all of one kind as a CSV file")
    one.add_argument("kind", choices=[each.value for each in FileKind])
    one.add_argument("file", type=Path)
    whole = _add(commands, "import-all", import_all, "fill an empty database from such a ZIP")
    whole.add_argument("file", type=Path)
    for each in (back, whole):
        each.add_argument(
            "--no-erasures", action="store_true", help="go on without a list: nobody was erased"
        )
    month = _add(commands, "report", report, "write the numbers of a month as a page to print")
    month.add_argument("month", help="which is over, as 2026-10")
    month.add_argument("file", type=Path)
    _add(commands, "check", check, "look for anything that is not as it must be")
    erasures = commands.add_parser("erasures", help="patients who were erased")
    _add(
        erasures.add_subparsers(required=True, metavar="command"),
        "settle",
        settle_erasures,
        "erase again whom an old copy has brought back, and clear what was left in the files",
    )
    trail = commands.add_parser("audit", help="the record of every step")
    trails = trail.add_subparsers(required=True, metavar="command")
    _add(trails, "verify", verify_audit, "look for entries that were changed")
    _add(trails, "head", show_audit_head, "show the newest entry, to be kept elsewhere")
    return parser


Commands = argparse._SubParsersAction  # the type has no public name


def _add(
    commands: "Commands[argparse.ArgumentParser]", name: str, run: Command, says: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=says, description=f"{says[0].upper()}{says[1:]}.")
    parser.set_defaults(run=run)
    return parser


def _add_import(commands: "Commands[argparse.ArgumentParser]", kind: FileKind, says: str) -> None:
    parser = _add(commands, f"import-{kind}", bring_in, says)
    parser.set_defaults(kind=kind)
    parser.add_argument("file", type=Path, help="see data/samples/README.md for its columns")
    parser.add_argument(
        "--dates",
        choices=[each.value for each in DateOrder],
        default=DateOrder.YMD.value,
        help="the order in which dates are written (default: %(default)s)",
    )
    parser.add_argument("--encoding", help="where the file's own is not recognised")
    keep = parser.add_mutually_exclusive_group()
    keep.set_defaults(keep=Keep.GOOD_ROWS)
    keep.add_argument(
        "--all-or-nothing",
        dest="keep",
        action="store_const",
        const=Keep.ALL_OR_NOTHING,
        help="write nothing when any row is refused",
    )
    keep.add_argument(
        "--look",
        dest="keep",
        action="store_const",
        const=Keep.NOTHING,
        help="write nothing, only tell what would happen",
    )


if __name__ == "__main__":
    sys.exit(main())
