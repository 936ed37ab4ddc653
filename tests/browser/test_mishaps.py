"""T136: a bug in a script, a callback or a fragment shows a number and nothing of itself."""

import os

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, run_streamlit

pytestmark = pytest.mark.browser

APP = """
import streamlit as st
from dashboard import feedback
app = st.App({script!r}, on_script_error=feedback.report)
"""
SCRIPT = """
import streamlit as st
from core.errors import NotAllowed

def fail():
    raise RuntimeError("SELECT secret FROM users")

def refuse():
    raise NotAllowed

@st.fragment
def part():
    if st.button("In a fragment"):
        fail()

part()
st.button("In a callback", on_click=fail)
st.button("Refused in a callback", on_click=refuse)
if st.button("In the script"):
    fail()
"""


@pytest.fixture
def faulty(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "app.py").write_text(APP.format(script=str(tmp_path / "script.py")))
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    log = tmp_path / "server.log"
    with run_streamlit(str(tmp_path / "app.py"), {"PYTHONPATH": path}, log) as url:
        yield url, log


def test_a_bug_shows_a_number_and_the_log_tells_the_rest(faulty, new_page):
    url, log = faulty
    page = new_page()
    page.goto(url)
    for label in ("In a fragment", "In a callback", "In the script"):
        page.reload()
        page.get_by_role("button", name=label, exact=True).click()
        alert = page.get_by_test_id("stAlert")
        expect(alert).to_contain_text("Something went wrong on our side", timeout=30_000)
        number = alert.inner_text().strip().removesuffix(".").split()[-1]
        assert f"error {number}" in log.read_text()
        assert "secret" not in page.content()
        assert "RuntimeError" not in page.content()


def test_a_refusal_in_a_callback_is_said_in_words(faulty, new_page):
    url, _ = faulty
    page = new_page()
    page.goto(url)
    page.get_by_role("button", name="Refused in a callback").click()

    expect(page.get_by_text("Your role does not allow this.")).to_be_visible(timeout=30_000)
