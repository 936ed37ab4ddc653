"""No page and no dialog of the desk shuts anybody out: axe finds nothing serious on them."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core.db import Database
from tests.browser.conftest import press
from tests.browser.test_keys import ask_for_help, with_a_visit

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")
PAGES = {
    "time-off": "Nobody will be away.",
    "waiting-list": "Put on the waiting list",
    "patients": "Type a part of the name",
    "overrides": "against a rule",
}


@pytest.fixture
def live_database(live_database: Database) -> Database:
    return with_a_visit(live_database)


def grave(page: Page) -> list[str]:
    """What axe holds against what is on the screen, with the element and the reason."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious_at_the_desk(new_page, sign_in, dark):
    page = new_page(dark=dark)
    sign_in(page, "rita", path="/desk")
    dialog, main = page.get_by_role("dialog"), page.locator(".stMain")
    expect(page.get_by_label("Day calendar").first).to_be_visible(timeout=15_000)
    ask_for_help(page)
    expect(dialog).to_contain_text("In the booking line")
    found = {"help": grave(page)}
    close(page)
    found["desk"] = grave(page)

    for key, said in (("f", "Find a time"), ("Control+k", "Enter books")):
        press(page, key)
        expect(dialog).to_contain_text(said, timeout=10_000)
        found[said] = grave(page)
        close(page)

    press(page, "g")
    press(page, "t")
    visit = page.locator(".row", has_text="Nuria García")
    expect(visit).to_be_visible(timeout=15_000)
    found["today"] = grave(page)
    visit.press("Enter")
    expect(dialog).to_contain_text("Consultation", timeout=10_000)
    press(page, "m")
    expect(dialog.get_by_label("Day", exact=True)).to_be_visible()
    found["opened booking"] = grave(page)

    for url, said in PAGES.items():
        page.goto(page.url.rpartition("/")[0] + "/" + url)
        expect(main.get_by_text(said).first).to_be_visible(timeout=15_000)
        found[url] = grave(page)

    assert {where: faults for where, faults in found.items() if faults} == {}


def close(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # the first may clear what is typed
    expect(page.get_by_role("dialog")).to_be_hidden()
