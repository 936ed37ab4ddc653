"""T153: started in a way that would let the wrong people in, Frontdesk says so and stops."""

import os
import stat
import subprocess
import sys
from dataclasses import replace

import pytest
from streamlit import config

from core.db import Database
from core.settings import ROOT, Settings, from_environment
from dashboard import hardening
from dashboard.hardening import NotSafeToStart
from tests.browser.conftest import free_port

EVERYWHERE = "0.0.0.0"  # noqa: S104
AT_HOME = Settings("sqlite:///x.db", demo=False, trusted_proxies=())
BEHIND_PROXY = replace(
    AT_HOME, trusted_proxies=("192.0.2.1",), public_url="https://desk.example.org"
)


@pytest.fixture
def started_with(monkeypatch):
    """The options of Streamlit as config.toml has them, but for these."""

    def start(**options):
        told = {name.replace("_", ".", 1): value for name, value in options.items()}
        known = config.get_option
        monkeypatch.setattr(config, "get_option", lambda name: told.get(name, known(name)))

    return start


def faults(configured: Settings) -> str:
    with pytest.raises(NotSafeToStart) as refused:
        hardening.check(configured)
    return str(refused.value)


def test_at_home_on_this_machine_it_starts():
    hardening.check(AT_HOME)


def test_behind_a_proxy_with_tls_it_starts():
    hardening.check(BEHIND_PROXY)


@pytest.mark.parametrize("name", [*hardening.MUST_BE, *hardening.AT_MOST])
def test_an_option_that_is_not_as_ours_is_named(started_with, name):
    started_with(**{name.replace(".", "_", 1): 10_000})

    assert name in faults(AT_HOME)


@pytest.mark.parametrize("address", [None, "", EVERYWHERE, "::", "192.168.1.10", "desk.local"])
def test_a_public_address_needs_https_and_a_name(started_with, address):
    started_with(server_address=address)

    said = faults(AT_HOME)
    assert "FRONTDESK_PUBLIC_URL" in said
    assert "without https" in said
    hardening.check(BEHIND_PROXY)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_this_machines_own_addresses_need_neither(started_with, address):
    started_with(server_address=address)

    hardening.check(AT_HOME)


def test_a_proxy_needs_a_public_address_and_an_https_one():
    assert "FRONTDESK_PUBLIC_URL" in faults(replace(BEHIND_PROXY, public_url=""))
    assert "without https" in faults(replace(BEHIND_PROXY, public_url="http://desk.example.org"))


def test_plain_http_in_the_house_is_a_choice_somebody_makes(started_with):
    started_with(server_address="192.168.1.10")
    house = replace(AT_HOME, public_url="http://192.168.1.10:8501")

    assert "FRONTDESK_ALLOW_HTTP=1" in faults(house)
    hardening.check(replace(house, allow_http=True))


def test_our_own_certificate_is_https_too(started_with):
    started_with(server_address=EVERYWHERE, server_sslCertFile="cert.pem")

    hardening.check(replace(AT_HOME, public_url="https://desk.example.org"))


def test_the_demo_is_for_this_machine_only():
    assert "FRONTDESK_DEMO" in faults(replace(BEHIND_PROXY, demo=True))
    hardening.check(replace(AT_HOME, demo=True))


def test_mail_needs_an_address_its_links_can_lead_to():
    mailing = replace(AT_HOME, smtp_url="smtp://mail.example.org")

    assert "FRONTDESK_PUBLIC_URL" in faults(mailing)
    hardening.check(replace(mailing, public_url="http://localhost:8501"))


def test_everything_in_the_way_is_said_at_once(started_with):
    started_with(server_address=EVERYWHERE, client_showErrorDetails="full")

    assert len(faults(AT_HOME).splitlines()) == 4


def test_the_settings_come_from_the_environment():
    told = from_environment(
        {"FRONTDESK_PUBLIC_URL": " https://desk.example.org/ ", "FRONTDESK_ALLOW_HTTP": "1"}
    )

    assert told.public_url == "https://desk.example.org"
    assert told.allow_http
    assert from_environment({}).public_url == ""
    assert not from_environment({}).allow_http


# --- the file


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_database_is_for_its_own_user_alone(tmp_path):
    path = tmp_path / "new.db"
    database = Database(f"sqlite:///{path}")
    with database.writing() as db:
        db.connection().exec_driver_sql("CREATE TABLE t (x)")

    assert {mode(each) for each in tmp_path.glob("new.db*")} == {0o600}
    database.dispose()


def test_an_older_database_is_closed_when_frontdesk_starts(tmp_path):
    for name in ("old.db", "old.db-wal"):
        (tmp_path / name).touch(0o644)

    hardening.close_files(f"sqlite:///{tmp_path / 'old.db'}")

    assert {mode(each) for each in tmp_path.glob("old.db*")} == {0o600}
    hardening.close_files("postgresql://localhost/frontdesk")


# --- the real thing


def test_started_elsewhere_it_refuses_and_says_from_where(migrated_file, tmp_path):
    """There Streamlit reads no config.toml of ours, and would run with its own defaults."""
    environment = os.environ | {
        "FRONTDESK_DATABASE_URL": f"sqlite:///{migrated_file}",
        "STREAMLIT_SERVER_PORT": str(free_port()),
        "STREAMLIT_SERVER_HEADLESS": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert "Start Frontdesk from its own directory" in done.stdout + done.stderr
