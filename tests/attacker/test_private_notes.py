"""A professional's private note, and everybody else who looks for it wherever something is told."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from streamlit.components.v2.bidi_component.main import (
    _make_trigger_id as trigger_id,
)
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1.element_tree import Block, Element

from core import drafts, exports, visit_notes
from core.analytics import OwnAsked
from core.analytics.asked import AnalyticsAsked
from core.analytics.files import TABLES, FigureAsked
from core.analytics.grouping import By
from core.day_print import load_printed_day
from core.db import utc_now
from core.desk import DayAsked
from core.errors import BookingError
from core.models import AuditEntry, AuthSession, Booking, Role
from core.passwords import secret_hash
from core.patient_slip import load_slip
from core.policy import Actor
from dashboard import open_booking, places
from tests import screen
from tests.attacker.client import Tab
from tests.attacker.conftest import Target
from tests.attacker.test_pages import PEOPLE, opens

CANARY = "Canary-Note-Quokka"
OTHERS = ("sato", "rita", "alex", "ana")


@dataclass(frozen=True)
class Noted:
    """Where something was noted: the visit that Ana had with Dr Ruiz at midnight."""

    target: Target
    visit: Booking


@pytest.fixture(scope="module")
def noted(target: Target) -> Noted:
    ruiz = actor_of(target, "ruiz")
    with target.database.writing() as db:
        query = select(Booking).where(Booking.professional_id == ruiz.professional_id)
        visit = db.scalars(query.order_by(Booking.starts_at)).first()
        request = visit_notes.NoteRequest(visit.id, 0, CANARY)
        visit_notes.write_note(db, ruiz, request, now=utc_now())
        drafts.keep(db, ruiz, f"note_{visit.id}", {"words": f"{CANARY} draft"}, now=utc_now())
    return Noted(target, visit)


def actor_of(target: Target, who: str) -> Actor:
    """Signed in as they are, and proven to be it just now."""
    user = target.users[who]
    token = secret_hash(target.token(who))
    with target.database.reading() as db:
        session_id = db.scalar(select(AuthSession.id).where(AuthSession.token_sha256 == token))
    return Actor(
        user.role,
        user.name,
        user_id=user.id,
        patient_id=user.patient_id,
        professional_id=user.professional_id,
        session_id=session_id,
    )


def open_visit(tab: Tab, url: str, booking_id: int) -> None:
    """Press a visit in every calendar of the page, as the page's own script would."""
    tab.run(url)
    grids = [
        (found.id, fragment)
        for kind, found, fragment in tab.elements()
        if kind == "bidi_component" and found.component_name == "frontdesk_day_grid"
    ]
    press = [{"event": "event", "value": {"type": "open", "block": f"{booking_id}.1"}}]
    for grid, fragment in grids:
        pressed = trigger_id(grid, "events")
        tab.widgets[pressed] = WidgetState(id=pressed, json_trigger_value=json.dumps(press))
        tab.run(page_hash=tab.page_hash, fragment=fragment)
    tab.run(page_hash=tab.page_hash)


def heard(tab: Tab) -> str:
    return tab.said.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def typed(noted: Noted) -> str:
    """Dr Ruiz opens the visit and reads her note; the id of the field it stands in."""
    with noted.target.tab("ruiz") as tab:
        open_visit(tab, "my-calendar", noted.visit.id)
        assert CANARY in heard(tab)
        return next(found.id for kind, found, _ in tab.elements() if kind == "text_area")


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_is_sent_a_word_of_it_by_any_page_whatever_they_forge(noted, typed, who):
    before = noted.target.rows()["visit_notes"]
    with noted.target.tab(who) as tab:
        for place in places.PLACES:
            if opens(PEOPLE.get(who, Role.PROFESSIONAL), place):
                open_visit(tab, place.url, noted.visit.id)
                tab.widgets[typed] = WidgetState(id=typed, string_value="Mine now")
                tab.run(page_hash=tab.page_hash, query=f"booking={noted.visit.id}")
        assert CANARY not in heard(tab)
        assert "Only you can read this" not in heard(tab)
    assert noted.target.rows()["visit_notes"] == before


@pytest.mark.parametrize("who", ["rita", "alex"])
def test_whoever_opens_the_visit_finds_no_trace_of_it(noted, who, monkeypatch):
    page = screen.show_to(monkeypatch, noted.target.database, noted.target.users[who]).run()
    page.session_state[open_booking.KEY] = open_booking.Opened(noted.visit.id)
    page.switch_page(str(places.PAGES / "desk.py")).run()

    told = "".join(str(each.proto) for each in walk(page._tree))
    assert "Cancel, because" in told
    assert CANARY not in told
    assert "Only you can read this" not in told


def walk(block: Block) -> Iterator[Element]:
    for each in block.children.values():
        yield from walk(each) if isinstance(each, Block) else (each,)


def test_asked_of_core_they_are_refused_without_a_word_of_it(noted):
    for who in OTHERS:
        asker = actor_of(noted.target, who)
        with pytest.raises(BookingError) as refused, noted.target.database.reading() as db:
            visit_notes.load_note(db, asker, noted.visit.id)
        assert CANARY not in f"{refused.value!r} {refused.value.details}"
        request = visit_notes.NoteRequest(noted.visit.id, 1, "Mine now")
        with pytest.raises(BookingError) as refused, noted.target.database.writing() as db:
            visit_notes.write_note(db, asker, request, now=utc_now())
        assert CANARY not in f"{refused.value!r} {refused.value.details}"


def test_it_is_in_no_file_that_anybody_takes_away(noted):
    day = noted.visit.starts_at.date()
    about = {
        "own-numbers": OwnAsked(By.WEEK, day, 4).words,
        "figure": FigureAsked(min(TABLES), next(iter(By)), AnalyticsAsked(day, day)).words,
        "everything": (),
        "patient": (str(noted.target.users["ana"].patient_id),),
        "slip": (str(noted.target.users["ana"].patient_id),),
        "visit": (str(noted.visit.id),),
        "day-sheet": (str(noted.visit.starts_at.date()), str(noted.visit.professional_id)),
        "overrides": (f"{noted.visit.starts_at:%Y-%m}-01",),
    }
    taken = set()
    for who in ("ruiz", *OTHERS):
        for kind, words in about.items():
            content = _file(noted.target, actor_of(noted.target, who), kind, words)
            if content is not None:
                taken.add(kind)
                assert CANARY.encode() not in content, (who, kind)
    assert taken == set(about), "each of them by somebody"


def test_it_is_on_no_sheet_of_paper(noted):
    """Letters in a PDF are numbers of a font's drawings: what is printed is looked at before."""
    visit, ana = noted.visit, noted.target.users["ana"].patient_id
    day = DayAsked(visit.starts_at.date(), professional_ids=(visit.professional_id,))
    rita = actor_of(noted.target, "rita")
    with noted.target.database.writing() as db:
        printed = repr(load_printed_day(db, rita, day, now=utc_now()))
        slip = repr(load_slip(db, rita, ana, now=utc_now()))
    assert "Canary-Aveiro" in printed
    assert CANARY not in printed + slip


def _file(target: Target, actor: Actor, kind: str, about: tuple[str, ...]) -> bytes | None:
    """All that is in the file, unpacked; None where the actor may not have it."""
    now = utc_now()
    try:
        with target.database.writing() as db:
            made = exports.take(db, actor, exports.offer(db, actor, kind, *about, now=now), now=now)
    except BookingError:
        return None
    if isinstance(made, exports.LargeFile):
        out = io.BytesIO()
        made.write(target.database, out)
        content = out.getvalue()
    else:
        content = made.content
    if made.media_type == exports.ZIP:
        files = zipfile.ZipFile(io.BytesIO(content))
        return b"".join(files.read(each) for each in files.namelist())
    return content


def test_neither_the_record_nor_the_log_holds_a_word_of_it(noted, typed):
    with noted.target.database.reading() as db:
        entries = db.scalars(select(AuditEntry.fields)).all()
        assert db.scalars(select(AuditEntry).where(AuditEntry.action == "booking.noted")).all()
    assert not [each for each in entries if CANARY in each]
    assert CANARY not in noted.target.log.read_text(encoding="utf-8", errors="replace")
