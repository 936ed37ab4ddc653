"""A page to look at the day calendar: ``streamlit run tests/browser/day_grid_demo.py``.

``?columns=20`` widens the desk, ``?hostile=1`` gives people dangerous names, ``?grids=2`` draws
two calendars, ``?week=1`` the days of a week, ``?long=1`` a day from six to midnight,
``?states=1`` every state in every height of block.
"""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)] if str(ROOT) not in sys.path else []

from core.models import BookingState  # noqa: E402
from dashboard.components.day_grid import (  # noqa: E402
    Dropped,
    GridBlock,
    GridColumn,
    GridStart,
    Opened,
    day_grid,
)
from dashboard.components.words import STATE_WORDS  # noqa: E402

PEOPLE = [
    ("Dr Elena Ruiz", "General practice", "#0072B2"),
    ("Dr Tomás Okafor", "Physiotherapy", "#D55E00"),
    ("Dr Ana Lindqvist", "Dermatology", "#009E73"),
    ("Dr Noor Haddad", "Paediatrics", "#CC79A7"),
    ("Marta Kowalczyk", "Nursing", "#E69F00"),
    ("Dr Jun Watanabe", "Cardiology", "#56B4E9"),
]
PATIENTS = ["Ana Silva", "Jonas Weber", "Priya Nair", "Luca Romano", "Amélie Fournier-Delacroix",
            "Sven Ek", "Fatima Zahra", "Owen Price", "Chloé Martin", "Igor Petrov"]  # fmt: skip
SERVICES = [("Follow-up", 15), ("Consultation", 30), ("First visit", 45), ("Treatment", 60)]
HOSTILE = ["<img src=x onerror=window.__pwned=1>", "![x](http://127.0.0.1:9/pixel.png)"]
LENGTH, STEP = 30, 15


def state_at(start: int, end: int, now: int | None, turn: int) -> tuple[str, str]:
    if turn % 11 == 7:
        return "cancelled", "Cancelled"
    if now is None or start > now + 25:
        return "booked", "Booked"
    if end <= now:
        return ("no_show", "No-show") if turn % 7 == 3 else ("completed", "Completed")
    if start <= now:
        return "in_progress", "In progress"
    return "arrived", "Arrived"


def states_of(column: GridColumn, number: int) -> list[GridBlock]:
    """Every state once, the columns by turns with small, medium and large blocks."""
    return [
        GridBlock(
            f"{column.id}-{state}", column.id, "hold" if state is BookingState.HELD else "booking",
            480 + 75 * place, 480 + 75 * place + (15, 30, 60)[number % 3],
            PATIENTS[place], "Follow-up", state.value, STATE_WORDS[state],
        )
        for place, state in enumerate(BookingState)
    ]  # fmt: skip


def visits_of(column: GridColumn, number: int, opens: int, now: int | None) -> list[GridBlock]:
    visits, minute, turn = [], opens + 15 * (number % 3), number
    while minute < opens + 590 and len(visits) < 9:
        service, length = SERVICES[(turn * 3 + number) % 4]
        off = number == 3 and minute + length > 960
        if not off and not (minute + length > 12 * 60 + 30 and minute < 13 * 60 + 15):
            state, word = state_at(minute, minute + length, now, turn)
            name = HOSTILE[turn % 2] if "hostile" in st.query_params else PATIENTS[turn % 10]
            visits.append(
                GridBlock(
                    f"{column.id}-{len(visits)}", column.id, "booking", minute, minute + length,
                    name, service, state, word,
                    movable=state in ("booked", "arrived"),
                    badges=("✱ override",) if turn % 5 == 1 else (),
                )
            )  # fmt: skip
        minute += length + (0, 15, 30, 15)[turn % 4]
        turn += 1
    return visits


def rests_of(column: GridColumn, number: int, opens: int, closes: int) -> list[GridBlock]:
    lunch = GridBlock(f"{column.id}-lunch", column.id, "break", 750, 795, "Lunch")
    hold = GridBlock(
        f"{column.id}-hold", column.id, "hold", 930, 960, "Held for web", "4 min left", "held",
        "Held",
    )  # fmt: skip
    off = GridBlock(f"{column.id}-off", column.id, "time_off", 960, closes, "Time off", "Training")
    late = GridBlock(f"{column.id}-late", column.id, "closed", opens, opens + 60, "Closed")
    return [lunch, *([hold] if number == 0 else [off] if number == 3 else [])] + (
        [late] if number % 6 == 4 else []
    )


def starts_of(column: GridColumn, blocks: list[GridBlock], opens: int, closes: int,
              now: int | None) -> list[GridStart]:  # fmt: skip
    busy = [each for each in blocks if each.column == column.id and each.state != "cancelled"]
    starts = []
    for minute in range(opens, closes, STEP):
        end = minute + LENGTH
        at = [each for each in busy if each.starts_minute <= minute < each.ends_minute]
        after = [each for each in busy if minute < each.starts_minute < end]
        reason = ""
        if now is not None and minute < now:
            reason = "This time is past"
        elif at:
            reason = f"Taken by {at[0].title}" if at[0].kind == "booking" else at[0].title
        elif after or end > closes:
            free = (after[0].starts_minute if after else closes) - minute
            reason = f"Too short by {LENGTH - free} min"
        starts.append(
            GridStart(column.id, minute, end, reason=reason, short=bool(reason and not at and after
                      and (now is None or minute >= now)))
        )  # fmt: skip
    return starts


def columns_shown(count: int) -> list[GridColumn]:
    if "week" in st.query_params:
        days = ["Mon 16", "Tue 17", "Wed 18", "Thu 19", "Fri 20"]
        return [GridColumn(f"d{n}", day, "November", "#0072B2") for n, day in enumerate(days)]
    return [
        GridColumn(f"p{n}", PEOPLE[n % 6][0], PEOPLE[n % 6][1], PEOPLE[n % 6][2])
        for n in range(count)
    ]


st.set_page_config("Day grid", layout="wide")
st.html("<style>.stMainBlockContainer{padding:4.2rem 1rem 0 !important}</style>")
query = st.query_params
opens, closes = (360, 1440) if "long" in query else (480, 1080)
now = None if "quiet" in query else 10 * 60 + 52
columns = columns_shown(int(query.get("columns", "6")))
blocks: list[GridBlock] = []
for number, column in enumerate(columns):
    if "states" in query:
        blocks += states_of(column, number)
        continue
    blocks += visits_of(column, number, opens, now)
    blocks += rests_of(column, number, opens, closes)
starts = [
    start
    for column in columns
    for start in starts_of(column, blocks, opens, closes, None if "free" in query else now)
]


@st.dialog("Booking")
def opened(block_id: str) -> None:
    st.text(f"This is {block_id}")


@st.fragment
def board(key: str) -> None:
    # A dropped booking really moves, so that the answer to a drag can be seen.
    moved = st.session_state.setdefault("moved", {})
    event = day_grid(
        columns,
        [moved.get(each.id, each) for each in blocks],
        [] if "plain" in query else starts,
        starts_minute=opens,
        ends_minute=closes,
        now_minute=now,
        step=STEP,
        key=key,
        height=int(query["height"]) if "height" in query else None,
        now_column="d2" if "week" in query else None,
    )
    if event is not None:
        st.session_state[f"{key}_seen"] = repr(event)
        st.session_state[f"{key}_count"] = st.session_state.get(f"{key}_count", 0) + 1
    if isinstance(event, Dropped) and "refuse" not in query:
        old = next(each for each in blocks if each.id == event.block_id)
        length = old.ends_minute - old.starts_minute
        moved[old.id] = GridBlock(
            old.id, event.column, old.kind, event.minute, event.minute + length, old.title,
            old.detail, old.state, old.state_word, movable=True,
        )  # fmt: skip
        st.rerun(scope="fragment")
    if isinstance(event, Opened) and "dialog" in query:
        opened(event.block_id)
    st.text(f"{key}: {st.session_state.get(f'{key}_seen', 'nothing yet')}")
    st.text(f"{key} heard {st.session_state.get(f'{key}_count', 0)}")


for each in range(int(query.get("grids", "1"))):
    board(f"grid{each}")
st.button("Run again")
