"""T096, T097: what people wrote is shown as it is, wherever Streamlit reads Markdown."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dashboard.escaping import APART
from tests.browser.conftest import run_streamlit
from tests.browser.hostile import NAMES
from tests.browser.markdown_demo import PLACES

pytestmark = pytest.mark.browser

ACTIVE = "a, img, svg image, script, .katex, code, pre, strong, em, del, ul, ol, blockquote, hr"
TEXTS = "[data-testid='stMarkdownContainer'], [data-testid='stCaptionContainer']"
MARKED = (
    "[data-testid='stIconMaterial'], [data-testid='stMarkdownBadge'], [class*='stMarkdownColor']"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("markdown") / "server.log"
    with run_streamlit("tests/browser/markdown_demo.py", {}, log) as url:
        yield url


def literal(name: str) -> str:
    """What a reader should see of a name: itself, on one line."""
    return re.sub(r"\s+", " ", name)


def seen(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace(APART, "")).strip()


@pytest.mark.parametrize("place", [*(name for name, _ in PLACES), "sentence", "toast", "tooltip"])
def test_t096_t097_a_hostile_name_is_only_a_name(demo, new_page, place):
    page = new_page(height=3000)
    outside: list[str] = []
    page.on("request", lambda asked: outside.append(asked.url))
    page.on("dialog", lambda dialog: outside.append(dialog.message))
    page.goto(f"{demo}/?place={place}")
    page.get_by_text("drawn").wait_for()

    if place == "toast":
        toasts = page.get_by_test_id("stToast")
        expect(toasts).to_have_count(len(NAMES))  # each comes sliding in by itself
        shown = " ".join(toasts.all_inner_texts())
        check_all_in(shown)
    elif place == "tooltip":
        page.get_by_role("button", name="Who").hover()
        tooltip = page.get_by_role("tooltip")
        tooltip.wait_for()
        check_all_in(tooltip.inner_text())
        assert tooltip.locator(ACTIVE).count() == 0
    else:
        for number, name in enumerate(NAMES):
            box = page.locator(f".st-key-name_{number}")
            texts = box.locator(TEXTS)
            texts.first.wait_for()
            assert literal(name) in seen(box.inner_text()), place
            assert texts.locator(ACTIVE).count() == 0, name
            assert texts.locator(MARKED).count() == 0, name
    assert [url for url in outside if "localhost" not in url and "data:" not in url] == []


def check_all_in(text: str) -> None:
    missing = [name for name in NAMES if literal(name) not in seen(text)]
    assert missing == []
