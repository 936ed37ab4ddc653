"""The day calendar: what it sends, what it believes, and what a person can do with it."""

import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route, expect

from core.models import ServiceColour
from dashboard.components.day_grid import (
    Dropped,
    GridBlock,
    GridColumn,
    GridStart,
    Opened,
    Picked,
    grid_event,
    grid_payload,
)
from dashboard.components.service_colours import SHADES
from dashboard.components.words import STATE_WORDS

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "tests" / "browser" / "day_grid_demo.py"
STARTS_WITHIN = 120
CSP = (
    "default-src 'self'; script-src 'self' blob:; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'self'"
)

COLUMNS = [GridColumn("ada", "Dr Ada"), GridColumn("bea", "Dr Bea", "Skin", "#D55E00")]
BLOCKS = [
    GridBlock("b1", "ada", "booking", 540, 570, "Ana Silva", state="booked", movable=True),
    GridBlock("b2", "bea", "break", 720, 780, "Lunch"),
]


def believed(raw):
    return grid_event(raw, columns=COLUMNS, blocks=BLOCKS, starts_minute=480, ends_minute=1080)


def payload(columns=COLUMNS, blocks=BLOCKS, starts=(), **frame):
    frame = {"starts_minute": 480, "ends_minute": 1080, "now_minute": None, "step": 15, **frame}
    return grid_payload(columns, blocks, starts, **frame)


def test_a_start_that_is_picked_becomes_an_event():
    raw = {"type": "pick", "column": "bea", "minute": 600, "refused": False, "stamp": 7}

    assert believed(raw) == Picked("bea", 600, refused=False)


def test_a_block_that_is_opened_becomes_an_event():
    assert believed({"type": "open", "block": "b2"}) == Opened("b2")


def test_a_movable_block_that_is_dropped_becomes_an_event():
    raw = {"type": "drop", "block": "b1", "column": "bea", "minute": 480}

    assert believed(raw) == Dropped("b1", "bea", 480)


PICK = {"type": "pick", "column": "ada", "minute": 600, "refused": False}
DROP = {"type": "drop", "block": "b1", "column": "ada", "minute": 600}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(None, id="nothing"),
        pytest.param("pick", id="a-string"),
        pytest.param([PICK], id="a-list"),
        pytest.param({}, id="no-fields"),
        pytest.param(PICK | {"type": "delete"}, id="unknown-type"),
        pytest.param(PICK | {"type": ["pick"]}, id="type-is-a-list"),
        pytest.param(PICK | {"column": "zoe"}, id="unknown-column"),
        pytest.param(PICK | {"column": ["ada"]}, id="column-is-a-list"),
        pytest.param(PICK | {"column": None}, id="no-column"),
        pytest.param(PICK | {"minute": 600.0}, id="minute-is-a-float"),
        pytest.param(PICK | {"minute": math.nan}, id="minute-is-not-a-number"),
        pytest.param(PICK | {"minute": math.inf}, id="minute-is-infinite"),
        pytest.param(PICK | {"minute": "600"}, id="minute-is-a-string"),
        pytest.param(PICK | {"minute": True}, id="minute-is-a-bool"),
        pytest.param(PICK | {"minute": 479}, id="before-the-day"),
        pytest.param(PICK | {"minute": 1080}, id="at-the-end-of-the-day"),
        pytest.param(PICK | {"refused": 0}, id="refused-is-a-number"),
        pytest.param({key: PICK[key] for key in ("type", "column", "minute")}, id="not-said"),
        pytest.param({"type": "open", "block": "b9"}, id="unknown-block"),
        pytest.param({"type": "open", "block": {"id": "b1"}}, id="block-is-a-dict"),
        pytest.param({"type": "open"}, id="no-block"),
        pytest.param(DROP | {"block": "b2"}, id="not-movable"),
        pytest.param(DROP | {"block": None}, id="drop-of-nothing"),
        pytest.param(DROP | {"column": "zoe"}, id="dropped-on-nobody"),
        pytest.param(DROP | {"minute": -15}, id="dropped-before-midnight"),
        pytest.param(DROP | {"minute": 10**30}, id="dropped-at-the-end-of-time"),
    ],
)
def test_what_makes_no_sense_is_not_an_event(raw):
    assert believed(raw) is None


def test_payload_names_columns_and_reasons_once():
    starts = [
        GridStart("ada", 540, 570, reason="Taken by Ana Silva"),
        GridStart("bea", 540, 570, reason="Taken by Ana Silva"),
        GridStart("bea", 570, 600, "09:30, free"),
        GridStart("bea", 705, 735, reason="Too short by 15 min", short=True),
    ]

    data = payload(starts=starts)

    assert data["reasons"] == ["", "Taken by Ana Silva", "Too short by 15 min"]
    assert data["starts"] == [
        [0, 540, 570, 1, 0, ""],
        [1, 540, 570, 1, 0, ""],
        [1, 570, 600, 0, 0, "09:30, free"],
        [1, 705, 735, 2, 1, ""],
    ]
    assert data["columns"][1] == ["bea", "Dr Bea", "Skin", "#D55E00"]


def test_payload_leaves_out_what_stands_in_no_column():
    data = payload(columns=COLUMNS[1:], starts=[GridStart("ada", 540, 570)])

    assert [row[0] for row in data["blocks"]] == ["b2"]
    assert data["starts"] == []


def test_payload_brings_the_colour_of_the_service():
    painted = replace(BLOCKS[0], colour="#0072B2")

    assert [row[-1] for row in payload(blocks=[painted, BLOCKS[1]])["blocks"]] == ["#0072B2", ""]


def lightness(shade):
    """As WCAG has it."""
    parts = [int(shade[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", ServiceColour)
@pytest.mark.parametrize("ground", ["#FFFFFF", "#10181B"])
def test_every_colour_of_a_service_is_seen_in_light_and_dark(colour, ground):
    dark, light = sorted((lightness(SHADES[colour]), lightness(ground)))
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_payload_tells_today_among_the_columns_of_a_week():
    assert payload()["nowColumn"] is None
    assert payload(now_column="bea")["nowColumn"] == 1
    assert payload(now_column="another week")["nowColumn"] == -1


def test_payload_of_a_busy_desk_is_small():
    columns = [GridColumn(f"p{n}", f"Dr {n}") for n in range(20)]
    blocks = [
        GridBlock(f"b{n}", f"p{n % 20}", "booking", 480, 510, "Ana Silva", "Follow-up", "booked",
                  "Booked", movable=True)
        for n in range(160)
    ]  # fmt: skip
    starts = [GridStart(f"p{n % 20}", 480 + n // 20 * 15, 510, reason="Past") for n in range(800)]

    assert len(json.dumps(payload(columns, blocks, starts))) < 45_000


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param({"starts_minute": 1080, "ends_minute": 1080}, id="no-time"),
        pytest.param({"starts_minute": -1}, id="before-midnight"),
        pytest.param({"ends_minute": 2881}, id="past-the-second-midnight"),
        pytest.param({"step": 0}, id="no-step"),
        pytest.param({"height": 100}, id="no-room"),
    ],
)
def test_payload_refuses_a_frame_that_cannot_be_drawn(frame):
    with pytest.raises(ValueError, match=r"^(not a|a calendar needs)"):
        payload(**frame)


# In the browser.


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless=true", "--server.fileWatcherType=none",
               "--server.address=127.0.0.1", "--browser.gatherUsageStats=false",
               f"--server.port={port}"]  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(DEMO), *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(server, address)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(STARTS_WITHIN)


def wait_until_up(server: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        assert server.poll() is None, "the demo ended before it answered"
        try:
            if httpx.get(f"{address}/_stcore/health", timeout=1).text == "ok":
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("the demo did not start")


def guard(route: Route) -> None:
    answer = route.fetch()
    headers = {**answer.headers, "content-security-policy": CSP}
    route.fulfill(response=answer, headers=headers)


def complain(page: Page, said: ConsoleMessage) -> None:
    # The one inline script is in Streamlit's own index.html, refused there as well.
    if said.type == "error" and "Executing inline script" not in said.text:
        page.complaints.append(said.text)


@pytest.fixture(scope="module")
def windows(browser) -> Iterator[dict[bool, BrowserContext]]:
    """One for the mouse and one for a finger; the demo is fetched and compiled once in each."""
    # A page answered from a route counts as foreign to the server's own socket.
    kept = {
        touch: browser.new_context(permissions=["local-network-access"], has_touch=touch)
        for touch in (False, True)
    }
    yield kept
    for each in kept.values():
        each.close()


@pytest.fixture
def visit(windows, demo):
    """Opens the demo in a tab of its own, under the policy of the real pages."""
    opened = []

    def open_page(
        query: str = "",
        *,
        width: int = 1400,
        height: int = 900,
        touch: bool = False,
        dark: bool = False,
    ) -> Page:
        page = windows[touch].new_page()
        opened.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.route(f"{demo}/?*", guard)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: complain(page, said))
        page.goto(f"{demo}/?{query}")
        page.locator(".desk[data-draw-ms]").first.wait_for(timeout=30_000)
        page.get_by_text("grid0: ").wait_for()
        page.locator('[data-test-script-state="notRunning"]').wait_for()
        return page

    yield open_page
    for each in opened:
        each.close()


def said(page: Page, event: object, *, grid: str = "grid0") -> None:
    expect(page.get_by_text(f"{grid}: {event!r}")).to_be_visible(timeout=30_000)


class NothingYet:
    def __repr__(self) -> str:
        return "nothing yet"


def grip_of(item) -> tuple[float, float]:
    box = item.bounding_box()
    return box["x"] + 20, box["y"] + 6


def focus_of(page: Page) -> str:
    return page.locator(".desk button:focus").get_attribute("aria-label")


FIRST_BOOKED = "11:30–11:45, Amélie Fournier-Delacroix, Follow-up, Booked"


@pytest.fixture
def booked(visit):
    page = visit()
    return page, page.get_by_role("button", name=FIRST_BOOKED)


def drag(page: Page, item, *, right: float = 0, down: float = 0, drop: bool = True) -> None:
    x, y = grip_of(item)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=8)
    if drop:
        page.mouse.up()


def sizes(page: Page) -> tuple[float, float]:
    """The width of a column, and the height of an hour."""
    column = page.locator(".column").first.bounding_box()
    return column["width"], column["height"] / 10


@pytest.mark.browser
def test_clicking_a_free_start_picks_it(visit):
    page = visit()

    page.get_by_role("group", name="Dr Elena Ruiz").get_by_role(
        "button", name="12:00–12:30"
    ).click()

    said(page, Picked("p0", 720, refused=False))
    assert page.complaints == []


@pytest.mark.browser
def test_clicking_a_refused_start_asks_all_the_same_and_says_so(visit):
    page = visit()

    page.get_by_role("button", name="12:15–12:45, Too short").first.click()

    said(page, Picked("p0", 735, refused=True))


@pytest.mark.browser
def test_hovering_a_free_start_shows_the_whole_visit(visit):
    page = visit()
    start = page.get_by_role("button", name="13:30–14:00, free").first

    start.hover()

    preview = page.locator(".preview")
    expect(preview).to_contain_text("13:30–14:00")
    assert preview.bounding_box()["height"] == pytest.approx(sizes(page)[1] / 2, abs=3)


@pytest.mark.browser
def test_clicking_a_booking_opens_it(booked):
    page, booking = booked

    booking.click()

    said(page, Opened("p0-4"))


@pytest.mark.browser
def test_a_double_click_counts_once(booked):
    page, booking = booked

    x, y = grip_of(booking)
    page.mouse.click(x, y)
    page.wait_for_timeout(150)
    page.mouse.click(x, y)

    said(page, Opened("p0-4"))
    page.wait_for_timeout(600)
    expect(page.get_by_text("grid0 heard 1")).to_be_visible()


@pytest.mark.browser
def test_an_opened_booking_can_show_a_dialog_from_inside_a_fragment(visit):
    page = visit("dialog=1")

    page.get_by_role("button", name=FIRST_BOOKED).click()

    expect(page.get_by_role("dialog")).to_contain_text("This is p0-4")


@pytest.mark.browser
def test_dragging_a_booking_to_another_column_drops_it_there_on_the_step(booked):
    page, booking = booked
    width, hour = sizes(page)

    drag(page, booking, right=width, down=1.05 * hour)

    said(page, Dropped("p0-4", "p1", 750))
    moved = page.get_by_role("group", name="Dr Tomás Okafor").get_by_role("button", name="12:30")
    expect(moved.filter(has_text="Amélie")).to_be_visible()


@pytest.mark.browser
def test_a_drop_past_the_end_of_the_day_stays_within_it(booked):
    page, booking = booked

    drag(page, booking, down=5_000)

    said(page, Dropped("p0-4", "p0", 1065))


@pytest.mark.browser
def test_a_refused_drop_leaves_the_block_in_place_and_at_rest(visit):
    page = visit("refuse=1")
    booking = page.get_by_role("button", name=FIRST_BOOKED)
    before = booking.bounding_box()

    drag(page, booking, down=sizes(page)[1])

    said(page, Dropped("p0-4", "p0", 750))
    expect(page.locator(".block.moving")).to_have_count(0, timeout=5_000)
    assert booking.bounding_box() == before


@pytest.mark.browser
def test_escape_cancels_a_drag(booked):
    page, booking = booked
    drag(page, booking, down=sizes(page)[1], drop=False)
    expect(page.locator(".ghost")).to_contain_text("12:30–12:45")

    page.keyboard.press("Escape")
    page.mouse.up()

    expect(page.locator(".ghost")).to_have_count(0)
    page.wait_for_timeout(400)
    said(page, NothingYet())


@pytest.mark.browser
def test_a_press_that_trembles_is_a_click(booked):
    page, booking = booked

    drag(page, booking, right=2, down=1)

    said(page, Opened("p0-4"))


def swipe(page: Page, x: float, y: float, down: float) -> None:
    finger = page.context.new_cdp_session(page)
    for name, at in [("touchStart", 0), *(("touchMove", n / 8) for n in range(1, 9))]:
        points = [{"x": x, "y": y + at * down}]
        finger.send("Input.dispatchTouchEvent", {"type": name, "touchPoints": points})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.browser
def test_a_finger_drags_by_the_handle(visit):
    page = visit(touch=True)
    handle = page.get_by_role("button", name=FIRST_BOOKED).locator(".handle").bounding_box()

    swipe(page, handle["x"] + 10, handle["y"] + 6, sizes(page)[1])

    said(page, Dropped("p0-4", "p0", 750))


@pytest.mark.browser
def test_a_finger_on_the_block_itself_scrolls_the_day(visit):
    page = visit("long=1", touch=True)
    scroller = page.locator(".scroller")
    before = scroller.evaluate("node => node.scrollTop")

    swipe(page, *grip_of(page.locator(".block.movable").nth(1)), -200)

    page.wait_for_function(
        "([node, before]) => node.scrollTop > before + 50", arg=[scroller.element_handle(), before]
    )
    expect(page.get_by_role("status")).to_have_text("")
    said(page, NothingYet())


@pytest.mark.browser
def test_a_day_that_arrives_during_a_drag_waits_for_its_end(booked):
    page, booking = booked
    drag(page, booking, down=sizes(page)[1], drop=False)

    # A resize asks for a redraw just as new data does.
    page.set_viewport_size({"width": 1400, "height": 850})
    page.wait_for_timeout(200)
    expect(page.locator(".ghost")).to_be_visible()
    expect(page.locator(".lifted")).to_have_count(1)
    page.keyboard.press("Escape")

    expect(page.locator(".lifted")).to_have_count(0)
    assert sizes(page)[1] < 76


@pytest.mark.browser
def test_arrows_move_in_time_and_enter_picks(visit):
    page = visit()
    page.get_by_role("button", name=FIRST_BOOKED).focus()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert focus_of(page).startswith("11:45–12:15, free")
    page.keyboard.press("Enter")

    said(page, Picked("p0", 705, refused=False))
    assert focus_of(page).startswith("11:45–12:15, free")


@pytest.mark.browser
def test_arrows_reach_the_neighbour_column_and_home_and_end_its_edges(visit):
    page = visit()
    page.get_by_role("button", name=FIRST_BOOKED).focus()

    page.keyboard.press("ArrowRight")
    beside = page.locator(".column:nth-of-type(n) button:focus")
    assert (
        beside.evaluate("node => node.parentElement.ariaLabel") == "Dr Tomás Okafor, Physiotherapy"
    )
    page.keyboard.press("Home")
    assert focus_of(page).startswith("08:00")
    page.keyboard.press("End")
    assert focus_of(page).startswith("17:45")
    page.keyboard.press("PageUp")
    assert "Booked" in focus_of(page)


@pytest.mark.browser
def test_only_one_thing_of_the_grid_is_in_the_tab_order(visit):
    page = visit()
    assert page.locator('.desk button[tabindex="0"]').count() == 1

    page.get_by_role("button", name=FIRST_BOOKED).focus()

    assert page.locator('.desk button[tabindex="0"]').count() == 1


@pytest.mark.browser
def test_alt_and_arrows_carry_a_booking_and_enter_drops_it(booked):
    page, booking = booked
    booking.focus()

    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowRight")
    expect(page.get_by_role("status")).to_have_text(
        "Amélie Fournier-Delacroix: Dr Tomás Okafor, 12:00. "
        "Enter drops it there, Escape puts it back."
    )
    page.keyboard.press("Enter")

    said(page, Dropped("p0-4", "p1", 720))


@pytest.mark.browser
def test_escape_puts_a_carried_booking_back(booked):
    page, booking = booked
    booking.focus()
    page.keyboard.press("Alt+ArrowDown")

    page.keyboard.press("Escape")

    expect(page.get_by_role("status")).to_contain_text("stays with Dr Elena Ruiz, 11:30")
    expect(page.locator(".ghost")).to_have_count(0)
    said(page, NothingYet())


@pytest.mark.browser
def test_focus_on_a_refused_start_tells_why(visit):
    page = visit()
    page.get_by_role("button", name=FIRST_BOOKED).focus()

    page.keyboard.press("ArrowDown")

    expect(page.get_by_role("tooltip")).to_have_text("11:30Taken by Amélie Fournier-Delacroix")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()


@pytest.mark.browser
def test_a_narrow_screen_lists_the_day_by_time(visit):
    page = visit(width=390, height=844)
    assert page.locator(".desk").get_attribute("data-view") == "list"

    times = page.locator(".list > .rows .when .time").all_text_contents()
    assert len(times) > 20
    assert times == sorted(times)
    page.get_by_text("Free times").first.click()
    page.get_by_role("button", name="12:00–12:30, free, Dr Elena Ruiz").click()

    said(page, Picked("p0", 720, refused=False))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
def test_in_the_list_only_what_is_over_and_marked_goes_among_what_was_earlier(visit):
    page = visit("states=1&columns=1", width=390, height=844)  # at 10:52
    earlier = page.locator(".earlier summary")
    expect(earlier).to_have_text("Earlier1")

    page.get_by_role("button", name=re.compile("^09:15–09:30.*Booked")).click()

    said(page, Opened("p0-booked"))


@pytest.mark.browser
def test_a_booking_opens_from_the_list(visit):
    page = visit(width=390, height=844)

    page.get_by_role("button", name=FIRST_BOOKED).click()

    said(page, Opened("p0-4"))


@pytest.mark.browser
@pytest.mark.parametrize("width", [1400, 390])
def test_names_are_shown_as_they_are_and_never_run(visit, width):
    page = visit("hostile=1", width=width)

    expect(page.get_by_text("<img src=x onerror=window.__pwned=1>").first).to_be_attached()
    expect(page.get_by_text("![x](http://127.0.0.1:9/pixel.png)").first).to_be_attached()
    assert page.locator(".desk img").count() == 0
    assert page.evaluate("window.__pwned") is None
    assert page.complaints == []


@pytest.mark.browser
def test_two_calendars_on_a_page_answer_for_themselves(visit):
    page = visit("grids=2")
    second = page.locator(".desk").nth(1)

    second.get_by_role("button", name=FIRST_BOOKED).click()

    said(page, Opened("p0-4"), grid="grid1")
    said(page, NothingYet(), grid="grid0")


@pytest.mark.browser
def test_the_desk_from_eight_to_six_stands_above_the_fold(visit):
    page = visit()
    sheet, day = page.locator(".sheet").bounding_box(), page.locator(".scroller").bounding_box()

    assert sheet["height"] <= day["height"]
    assert day["y"] + day["height"] <= 900
    assert sizes(page)[1] >= 72


@pytest.mark.browser
def test_the_calendar_ends_at_the_fold_even_when_something_grows_above_it(visit):
    page = visit("long=1")
    page.add_style_tag(content=".stMainBlockContainer { padding-top: 9rem !important }")

    page.wait_for_function(
        "day => Math.round(day.getBoundingClientRect().bottom) <= 900",
        arg=page.locator(".scroller").element_handle(),
        timeout=5_000,
    )


@pytest.mark.browser
def test_a_long_day_opens_at_now_and_keeps_its_place_over_redraws(visit):
    page = visit("long=1")
    scroller = page.locator(".scroller")
    assert scroller.evaluate("node => node.scrollTop") > 200
    expect(page.locator(".now-time")).to_be_in_viewport()

    scroller.evaluate("node => { node.scrollTop = 400 }")
    page.get_by_role("button", name="17:00–17:30, free").first.click()
    said(page, Picked("p0", 1020, refused=False))

    assert scroller.evaluate("node => node.scrollTop") == 400


@pytest.mark.browser
def test_twenty_professionals_are_drawn_with_names_and_hours_that_stay(visit):
    page = visit("columns=20")
    spent = page.locator(".desk").get_attribute("data-draw-ms")
    things = page.locator(".desk").get_attribute("data-things")
    print(f"\n20 professionals, {things} things: {spent} ms of JavaScript")

    page.locator(".scroller").evaluate("node => { node.scrollLeft = 400 }")

    assert page.locator(".head").count() == 20
    assert float(spent) > 0
    assert page.locator(".column").first.bounding_box()["width"] >= 110
    desk = page.locator(".desk").bounding_box()
    assert page.locator(".gutter").bounding_box()["x"] == pytest.approx(desk["x"], abs=2)


CONTRASTS = """starts => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (paint, under) => {
    for (const each of [under, paint]) { pen.fillStyle = each; pen.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return starts.map((start) => {
    const { color, backgroundColor } = getComputedStyle(start);
    const [a, b] = [light(color, backgroundColor), light(backgroundColor, backgroundColor)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
}"""


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_each_free_time_can_be_read(visit, dark):
    page = visit(dark=dark)

    contrasts = page.locator(".start.free").evaluate_all(CONTRASTS)

    assert page.locator(".desk").get_attribute("data-shade") == ("dark" if dark else "light")
    assert len(contrasts) > 10
    assert min(contrasts) >= 4.5


@pytest.mark.browser
@pytest.mark.parametrize("columns", [4, 20])
def test_an_overridden_visit_bears_its_sign_however_narrow_its_column(visit, columns):
    page = visit(f"columns={columns}")
    marked = page.locator(".block[aria-label$='✱ override']:not(.released)")

    assert marked.count() > 1
    for block in marked.all():
        sign = block.locator(".sign").bounding_box()
        assert sign["width"] > 5
        state, whole = block.locator(".icon").bounding_box(), block.bounding_box()
        assert state["x"] + state["width"] <= whole["x"] + whole["width"]


def stands_in(part, whole) -> bool:
    """Drawn, and not cut off."""
    if not part.count() or not part.is_visible():
        return False
    inner, outer = part.bounding_box(), whole.bounding_box()
    return inner["width"] > 5 and inner["x"] + inner["width"] <= outer["x"] + outer["width"]


@pytest.mark.browser
@pytest.mark.parametrize(("columns", "said_in"), [(3, ".word, .state"), (12, ".icon")])
def test_every_state_is_told_in_words_however_small_its_block(visit, columns, said_in):
    """By the block's name and its tooltip always; where there is room, on the block itself."""
    page = visit(f"states=1&plain=1&columns={columns}")
    words = list(STATE_WORDS.values())

    for height in ("small", "medium", "large"):
        blocks = page.locator(f".block.{height}")
        assert blocks.count() == columns // 3 * len(words)
        for word, block in zip(words, blocks.all(), strict=False):
            assert block.get_attribute("aria-label").endswith(f", {word}")
            assert stands_in(block.locator(said_in).first, block)
            block.focus()
            expect(page.get_by_role("tooltip")).to_contain_text(word)
    assert page.locator(".meaning").all_inner_texts() == words
