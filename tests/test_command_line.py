"""The command line: plain words out, exit codes for scripts, never a traceback."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from core import accounts, audit, schema
from core.__main__ import main
from core.db import Database, utc_now
from core.models import AuthSession, Booking, Patient, Role, User
from core.passwords import matches
from core.policy import CONSOLE
from core.privacy.erasing import forget
from core.privacy.inventory import ERASED_NAME
from tests import a

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
PASSWORD = "reads-the-numbers-daily"


@pytest.fixture
def place(database, monkeypatch):
    """A practice with the demo's professionals, and the environment that names its database."""
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url_of(database))
    with database.writing() as session:
        a.organisation(session, zone="Europe/Madrid", country="ES")
        services = (
            a.service(session, name="First visit", length_minutes=45),
            a.service(session, name="Follow-up"),
        )
        for name in ("Dr Elena Ruiz", "Dr Tomás Almeida", "Dr Ngozi Okafor"):
            a.professional(session, name=name, services=services)
    return database


@pytest.fixture
def new_place(tmp_path, monkeypatch):
    """The environment of a machine that has no database yet."""
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", f"sqlite:///{tmp_path / 'new' / 'frontdesk.db'}")
    return tmp_path


def url_of(database):
    return database.engine.url.render_as_string(hide_password=False)


def count(database, table):
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def written(tmp_path, *lines):
    path = tmp_path / "file.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "arguments", [[], ["dance"], ["backup"], ["import-patients"], ["audit"], ["admin", "delete"]]
)
def test_what_is_no_command_is_told_how_to_ask(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: python -m core" in capsys.readouterr().err


def test_migrate_makes_the_database_and_says_when_there_is_nothing_to_do(new_place, capsys):
    assert main(["migrate"]) == 0
    assert "now at schema" in capsys.readouterr().out
    assert main(["migrate"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_a_database_of_another_kind_is_refused_in_a_sentence(monkeypatch, capsys):
    for url in ("mysql://localhost/x", "nonsense", "sqlite://"):
        monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
        assert main(["migrate"]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "Traceback" not in said


def test_commands_wait_for_a_migrated_database(new_place, capsys):
    assert main(["audit", "head"]) == 1
    assert "python -m core migrate" in capsys.readouterr().err


def test_an_admin_is_created_from_the_console(place, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))

    assert main(["admin", "create", "Alex", "--name", "Alex Moreau", "--password-stdin"]) == 0

    with place.reading() as session:
        user = session.scalars(select(User)).one()
    assert (user.username, user.name, user.role) == ("alex", "Alex Moreau", Role.ADMIN)
    assert matches(PASSWORD, user.password_hash)
    assert PASSWORD not in capsys.readouterr().out


def test_a_weak_password_or_a_taken_name_is_refused(place, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["admin", "create", "alex", "--password-stdin"]) == 1
    assert "at least" in capsys.readouterr().err

    for code in (0, 1):
        monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD))
        assert main(["admin", "create", "alex", "--password-stdin"]) == code
    assert "taken" in capsys.readouterr().err


def test_the_samples_are_brought_in_and_twice_is_once(place, capsys):
    for _ in range(2):
        assert main(["import-patients", str(SAMPLES / "patients.csv")]) == 0
        assert main(["import-bookings", str(SAMPLES / "bookings.csv")]) == 0

    assert (count(place, Patient), count(place, Booking)) == (18, 17)
    said = capsys.readouterr().out
    assert "Patients: 18 added." in said
    assert "Bookings: 17 added." in said
    assert "Patients: 18 unchanged." in said
    assert "Bookings: 17 unchanged." in said


def test_what_a_file_changes_and_ends_is_told(place, tmp_path, capsys):
    services = written(tmp_path, "name,price", "Follow-up,77")
    assert main(["import-services", services]) == 0
    hours = written(tmp_path, "professional,weekday,from,to", "Elena Ruiz,Sun,10:00,12:00")
    assert main(["import-hours", hours, "--look"]) == 0

    said = capsys.readouterr().out
    assert "Line 2, Follow-up: changed price." in said
    assert "Line 2, Elena Ruiz: no longer Monday 09:00-" in said
    assert "Hours: 1 changed.\n" in said


def test_one_kind_is_written_for_its_owner_alone_and_over_nothing(place, tmp_path, capsys):
    path = tmp_path / "services.csv"
    assert main(["export", "services", str(path)]) == 0
    assert "Wrote 2 rows" in capsys.readouterr().out
    assert path.stat().st_mode & 0o777 == 0o600

    assert main(["export", "services", str(path)]) == 1
    assert "File exists" in capsys.readouterr().err
    assert main(["import-services", str(path)]) == 0
    assert "Services: 2 unchanged." in capsys.readouterr().out


def test_refused_rows_are_told_with_their_line_and_the_good_ones_go_in(place, tmp_path, capsys):
    path = written(tmp_path, "name,phone,shoe", "Ana,642110478,38", "Bela,64211,39")

    assert main(["import-patients", path]) == 1

    said = capsys.readouterr()
    assert "1 added, 1 refused" in said.out
    assert "Ignored columns: shoe" in said.out
    assert "Line 3, Bela: This phone number is too short" in said.err
    assert count(place, Patient) == 1


@pytest.mark.parametrize("option", ["--all-or-nothing", "--look"])
def test_nothing_is_written_where_that_was_asked_for(place, tmp_path, capsys, option):
    path = written(tmp_path, "name,phone", "Ana,642110478", "Bela,1")

    assert main(["import-patients", path, option]) == 1

    assert "Nothing was written." in capsys.readouterr().out
    assert count(place, Patient) == 0


def test_the_order_of_dates_is_named_on_the_command_line(place, tmp_path):
    path = written(tmp_path, "name,phone,dob", "Ana,642110478,12.3.1984")

    assert main(["import-patients", path]) == 1
    assert main(["import-patients", path, "--dates", "dmy"]) == 0


def test_what_a_merge_left_alone_is_told(place, tmp_path, capsys):
    main(["import-patients", written(tmp_path, "name,phone,lang", "Ana,642110478,es")])
    main(["import-patients", written(tmp_path, "name,phone,lang", "Ana,642110478,pt")])

    assert "Line 2, Ana: kept what is on file (language)." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["missing.csv", ""])
def test_a_file_that_cannot_be_opened_is_said_so(place, tmp_path, capsys, name):
    assert main(["import-patients", str(tmp_path / name)]) == 1
    said = capsys.readouterr().err
    assert str(tmp_path) in said
    assert said.count("\n") == 1


def test_a_backup_is_made_and_restored(place, tmp_path, capsys, monkeypatch):
    main(["import-patients", str(SAMPLES / "patients.csv")])
    assert main(["backup", str(tmp_path / "backups")]) == 0
    (made,) = (tmp_path / "backups").glob("*.db")
    assert str(made) in capsys.readouterr().out

    assert main(["restore", "--no-erasures", str(made)]) == 1
    assert "already holds data" in capsys.readouterr().err

    url = f"sqlite:///{tmp_path / 'new.db'}"
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    assert main(["restore", "--no-erasures", str(made)]) == 0
    restored = Database(url)
    assert count(restored, Patient) == 18
    restored.dispose()


def test_t155_with_a_key_set_backups_are_encrypted_and_come_back(
    place, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("FRONTDESK_BACKUP_KEY", "correct horse battery staple")
    assert main(["backup", str(tmp_path / "backups")]) == 0
    (made,) = (tmp_path / "backups").glob("*.sealed")
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", f"sqlite:///{tmp_path / 'again.db'}")
    monkeypatch.setenv("FRONTDESK_BACKUP_KEY", "another key altogether")
    assert main(["restore", "--no-erasures", str(made)]) == 1
    assert "not the key it was made with" in capsys.readouterr().err

    monkeypatch.setenv("FRONTDESK_BACKUP_KEY", "correct horse battery staple")
    assert main(["restore", "--no-erasures", str(made)]) == 0


def test_t159_a_restore_erases_again_and_says_so(place, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FRONTDESK_ERASURES", str(tmp_path / "kept" / "erasures"))
    with place.writing() as session:
        patient_id = a.patient(session, name="Zebedeu Quixabeira").id
    assert main(["backup", str(tmp_path / "backups")]) == 0
    (made,) = (tmp_path / "backups").glob("*.db")
    with place.writing() as session:
        patient = session.get_one(Patient, patient_id)
        forget(session, CONSOLE, patient, now=utc_now())
    assert main(["erasures", "settle"]) == 0
    assert "Erased again: 0." in capsys.readouterr().out

    url = f"sqlite:///{tmp_path / 'again' / 'frontdesk.db'}"
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    assert main(["restore", str(made)]) == 0
    assert "Patients erased since then, and now again: 1." in capsys.readouterr().out
    restored = Database(url)
    with restored.reading() as session:
        assert session.get_one(Patient, patient_id).name == ERASED_NAME
    restored.dispose()


def test_t159_a_restore_without_the_list_is_refused_until_nobody_was_ever_erased(
    place, tmp_path, capsys, monkeypatch
):
    """A list named after another file, or left on another machine, is not an empty one."""
    main(["backup", str(tmp_path / "backups")])
    (made,) = (tmp_path / "backups").glob("*.db")
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")

    assert main(["restore", str(made)]) == 1
    said = capsys.readouterr().err
    assert "FRONTDESK_ERASURES" in said
    assert str(tmp_path / "other.erasures") in said
    assert not (tmp_path / "other.db").exists()

    assert main(["restore", "--no-erasures", str(made)]) == 0


def test_a_backup_into_a_file_is_refused(place, tmp_path, capsys):
    (tmp_path / "file").write_text("")

    assert main(["backup", str(tmp_path / "file")]) == 1
    assert "file" in capsys.readouterr().err


def test_the_audit_trail_is_verified_and_its_head_shown(place, capsys):
    with place.writing() as session:
        audit.record(session, CONSOLE, "desk.opened", now=a.BEFORE)
        head = audit.head(session)

    assert main(["audit", "verify"]) == 0
    assert main(["audit", "head"]) == 0
    said = capsys.readouterr().out
    assert "whole: 1 entries" in said
    assert f"1 {head.hash}" in said


def test_a_broken_audit_trail_is_told_with_its_place(sqlite_database, monkeypatch, capsys):
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url_of(sqlite_database))
    with sqlite_database.writing() as session:
        for action in ("desk.opened", "desk.closed"):
            audit.record(session, CONSOLE, action, now=a.BEFORE)
        session.execute(text("DROP TRIGGER audit_entries_keep_update"))
        session.execute(text("UPDATE audit_entries SET action = 'x' WHERE id = 2"))

    assert main(["audit", "verify"]) == 1
    assert "broken at 1 of 2 entries: 2" in capsys.readouterr().err


def test_the_demo_says_how_to_sign_in_and_is_made_once(new_place, capsys):
    assert main(["demo"]) == 0
    first = capsys.readouterr().out
    assert main(["demo"]) == 0

    assert "ruiz" in first
    assert capsys.readouterr().out == first


def test_a_terminal_sees_the_rows_counted(sqlite_database, tmp_path):
    with sqlite_database.writing() as session:
        a.organisation(session, country="ES")
    path = written(tmp_path, "name,phone", *(f"Ana {n},642110478" for n in range(600)))
    ours, theirs = pty.openpty()

    done = subprocess.run(
        [sys.executable, "-m", "core", "import-patients", path],
        cwd=SAMPLES.parent.parent,
        env=os.environ | {"FRONTDESK_DATABASE_URL": url_of(sqlite_database)},
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=False,
    )
    os.close(theirs)

    assert done.returncode == 0
    assert b"600 of 600" in os.read(ours, 1000)
    assert done.stdout == b"Patients: 600 added.\n"
    os.close(ours)
    assert schema.current_revision(sqlite_database) == schema.newest_revision()


# --- sessions


def signed_in(database, username) -> None:
    with database.writing() as session:
        user = a.user(session, username=username)
        accounts.open_session(session, user, ip="", user_agent="", now=utc_now())


def still_in(database) -> list[str]:
    with database.reading() as session:
        open_ones = select(User.username).join(AuthSession, AuthSession.user_id == User.id)
        found = open_ones.where(AuthSession.revoked_at.is_(None)).order_by(User.username)
        return list(session.scalars(found))


@pytest.mark.parametrize(
    ("arguments", "left", "said"),
    [
        (["--all"], [], "Sessions ended: 2."),
        (["--user", " RITA"], ["ruiz"], "Sessions ended: 1."),
        (["--user", "nobody"], ["rita", "ruiz"], "not there any more"),
    ],
)
def test_t161_people_are_signed_out_from_the_console(place, capsys, arguments, left, said):
    for username in ("rita", "ruiz"):
        signed_in(place, username)

    code = main(["sessions", "revoke", *arguments])

    assert code == (1 if "nobody" in arguments else 0)
    assert said in "".join(capsys.readouterr())
    assert still_in(place) == left


@pytest.mark.parametrize("arguments", [[], ["--all", "--user", "rita"]])
def test_whom_to_sign_out_is_said_once(place, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["sessions", "revoke", *arguments])
    assert stopped.value.code == 2
