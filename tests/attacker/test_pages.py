"""Every page asked for in every way by everybody: who sees what, and what a forged widget does."""

import itertools
import random
import threading

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from core.models import Role
from core.policy import Actor
from dashboard import links, places
from tests.attacker.client import Tab, page_hash
from tests.attacker.conftest import CANARIES, DOCTORS

PEOPLE = {
    "": None,
    "ana": Role.PATIENT,
    "ruiz": Role.PROFESSIONAL,
    "rita": Role.RECEPTIONIST,
    "alex": Role.ADMIN,
}
URLS = [place.url for place in places.PLACES]
NO_ENTRY = "Your role does not open this page."


def opens(role: Role | None, place: places.Place) -> bool:
    return role is not None and place.is_open_to(Actor(role=role, name=""))


def every_name_of_a_page(place: places.Place) -> list[dict[str, str]]:
    """A page as a browser asks for it, and as somebody does who makes up the question."""
    file = str(places.PAGES / place.file)
    return [
        {"page": place.url},
        {"page": f"pages/{place.file}"},
        {"page_hash": page_hash(place.url)},
        {"page_hash": page_hash(file)},
        {"page_hash": file},
    ]


@pytest.mark.parametrize("who", PEOPLE, ids=lambda who: who or "a stranger")
def test_t078_t128_a_page_opens_to_nobody_else_however_it_is_asked_for(target, who):
    """A page that runs draws widgets or names of its own; the frame alone draws neither."""
    with target.tab(who) as tab:
        for place in places.PLACES:
            for question in every_name_of_a_page(place):
                tab.run(**question)
                check_only_what_is_open(tab, PEOPLE[who], question)


def check_only_what_is_open(tab: Tab, role: Role | None, question: object) -> None:
    if role is None:
        assert tab.is_anonymous(), question
        assert "Canary" not in tab.text, question
        return
    place = next((each for each in places.PLACES if each.url == tab.url_path), None)
    if place is not None and not opens(role, place):
        assert NO_ENTRY in tab.text, question
        assert not [kind for kind, _, _ in tab.elements() if kind in DRAWN_BY_PAGES], question


@pytest.mark.parametrize("who", PEOPLE, ids=lambda who: who or "a stranger")
@pytest.mark.parametrize("url", [each.url for each in links.PAGES])
def test_a_page_behind_a_link_opens_nothing_to_who_makes_the_link_up(target, who, url):
    """A stranger is asked to sign in; who has signed in stays who they are."""
    with target.tab(who) as tab:
        for question in ("", "link=made-up", "link=%00", f"link={'x' * 5000}"):
            tab.run(url, query=question)
            assert tab.is_anonymous() is (who == ""), question
            assert who or "Canary" not in tab.text, question
            assert not [label for label in tab.labels() if "at least" in label], question


DRAWN_BY_PAGES = {"button", "selectbox", "arrow_data_frame", "date_input", "plotly_chart"}
"""What the frame around a page does not draw by itself."""


@pytest.mark.parametrize(
    ("who", "url"),
    [
        (who, each.url)
        for who, role in PEOPLE.items()
        for each in places.PLACES
        if opens(role, each)
    ],
)
def test_a_page_that_is_open_draws_itself(target, who, url):
    with target.tab(who) as tab:
        tab.run(url)

        assert tab.url_path == url
        assert NO_ENTRY not in tab.text
        assert len(list(tab.elements())) > FRAME


FRAME = 3
"""How many elements stand around each page."""


# --- two at once


def test_t125_two_patients_and_two_professionals_at_once_never_hear_of_each_other(target):
    """All pages, interleaved, each hearing everything that is sent to them."""
    pairs = {"ana": "bea", "bea": "ana"}
    doctors = dict(itertools.permutations(DOCTORS, 2))
    heard: dict[str, str] = {}

    def wander(who: str) -> None:
        with target.tab(who) as tab:
            for url in (*URLS, "", *reversed(URLS)):
                tab.run(url)
            heard[who] = tab.said.decode("utf-8", "replace")

    threads = [threading.Thread(target=wander, args=(who,)) for who in (*pairs, *doctors, "rita")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    for who, other in pairs.items():
        assert CANARIES[who][0] in heard[who]
        assert not [name for name in CANARIES[other] if name in heard[who]]
    for who, other in doctors.items():
        assert DOCTORS[who] in heard[who]
        assert DOCTORS[other] not in heard[who]
        theirs = dict(zip(DOCTORS, CANARIES.values(), strict=True))[other]
        assert not [name for name in theirs if name in heard[who]]


# --- forged widgets


def forgeries(rng: random.Random) -> list[dict[str, object]]:
    """Nothing that a hand could do: no press of a button that is there, no box ticked."""
    text = rng.choice(["", "'; DROP TABLE users; --", "../../etc/passwd", "\u202e\x00", "x" * 5000])
    return [
        {"string_value": text},
        {"int_value": rng.choice([-1, 2**62, 0, 10**9])},
        {"double_value": rng.choice([float("nan"), float("inf"), -0.0, 1e308])},
        {"int_array_value": {"data": [10**9, -1]}},
        {"double_array_value": {"data": [float("nan"), 1e300]}},
        {"string_array_value": {"data": [text, "9999-12-31", "0001-01-01"]}},
        {"json_value": rng.choice(["[" * 5000, "{}", "null", '{"event": 1}', "NaN"])},
        {"json_trigger_value": '[{"event": "event", "value": {"kind": "pick", "id": 99999}}]'},
        {"bytes_value": b"\xff\x00" * 50},
        {"string_trigger_value": {"data": text}},
    ]


AT_MOST = 8
"""Widgets of a page that are tried in the short run; the long one tries them all."""


@pytest.mark.parametrize("who", [who for who in PEOPLE if who])
def test_t130_whatever_a_widget_is_said_to_hold_nothing_breaks_and_nothing_is_written(target, who):
    check_forged(target, who, AT_MOST)


@pytest.mark.slow
@pytest.mark.parametrize("who", [who for who in PEOPLE if who])
def test_t130_the_same_of_every_widget_and_every_kind_of_value(target, who):
    for _ in range(12):
        check_forged(target, who, 1000)


def check_forged(target, who: str, at_most: int) -> None:
    rng, before = random.Random(who), target.rows()
    for place in places.PLACES:
        if opens(PEOPLE[who], place):
            with target.tab(who) as tab:
                tab.run(place.url)
                known = [found.id for kind, found, _ in tab.elements() if is_harmless(kind, found)]
                for widget in rng.sample(known, min(at_most, len(known))):
                    _forge(tab, widget, rng)
    assert target.rows() == before


def is_harmless(kind: str, found: object) -> bool:
    """Not a button or a box: whatever is sent for those presses them, as a hand may."""
    pressed = kind in ("button", "checkbox") or "Sign out" in str(found)
    return bool(getattr(found, "id", "")) and not pressed


def _forge(tab: Tab, widget: str, rng: random.Random) -> None:
    value = rng.choice(forgeries(rng))
    tab.widgets = {widget: WidgetState(id=widget, **value)}
    tab.run(page_hash=tab.page_hash, query="booking=7&msg=<script>&page=../..")
    assert "<script>" not in tab.text, value
    assert "site-packages" not in tab.text, value


HOSTILE_QUERIES = (
    "booking=1&msg=You+have+won",
    "booking=99999999999999999999",
    "code=x&next=https://evil.example",
    "embed=true&embed_options=show_toolbar",
    "msg=%3Cimg+src%3Dx%3E&error=![x](http://evil.example/x.png)",
    "%00=%ff&a[]=1&a[]=2&__proto__=1",
    "&".join(f"k{number}={number}" for number in range(500)),
    "day=9999-99-99&professionals=-1&service=NaN",
)


@pytest.mark.parametrize("who", ["", "ana", "rita"])
@pytest.mark.parametrize("query", HOSTILE_QUERIES, ids=range(len(HOSTILE_QUERIES)))
def test_t131_what_an_address_says_is_shown_nowhere(target, who, query):
    with target.tab(who) as tab:
        tab.run(places.HOMES[PEOPLE[who]] if who else "", query=query)

        drawn = "".join(str(content) for _, content, _ in tab.elements())
        assert "evil.example" not in drawn
        assert "You have won" not in drawn
        assert tab.is_anonymous() is (not who)


def test_t086_t019_a_button_of_another_role_sent_by_hand_does_nothing(target):
    """A widget's id is no secret: whoever knows it can press what was never drawn for them."""
    before = target.rows()
    with target.tab("alex") as admin:
        admin.run("practice")
        buttons = [found.id for kind, found, _ in admin.elements() if kind == "button"]
        practice = admin.page_hash
    assert buttons
    for who in ("", "ana", "ruiz", "rita"):
        with target.tab(who) as tab:
            tab.run("")
            for button in buttons:
                tab.widgets[button] = WidgetState(id=button, trigger_value=True)
            tab.run(page_hash=practice)
            assert "Add service" not in tab.text

    assert target.rows() == before
