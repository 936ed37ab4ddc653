"""The keys of the desk: one table, from which both the buttons and the help sheet take theirs.

A key means the same wherever it works. Streamlit keeps ``c`` and ``r`` for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import N_

EVERYWHERE, BOOKING = "everywhere", "booking"
"""Any page; the dialog of an opened booking. Other places are the pages' own urls."""


@dataclass(frozen=True)
class Key:
    """``press`` is what Streamlit calls a shortcut; ``where`` it works."""

    press: str
    does: str
    where: tuple[str, ...]
    on_button: bool = True
    """A button of Streamlit's own carries it; otherwise one of our components listens."""

    @property
    def shown(self) -> str:
        return self.press.upper() if len(self.press) == 1 else self.press


TAKE = Key("Ctrl+Enter", N_("Press the main button, or open who was found first"), (EVERYWHERE,))
HELP = Key("?", N_("Show these keys"), (EVERYWHERE,), on_button=False)
GO = Key("g", N_("Go to another page: G, then its letter"), (EVERYWHERE,), on_button=False)
TAKE_BACK = Key("z", N_("Take back what was just done, for ten minutes"), (EVERYWHERE,))
CLOSE = Key("Esc", N_("Close a dialog, or put back what is being moved"), (EVERYWHERE,), False)

TODAY = Key("t", N_("Today"), ("desk", "my-calendar"))
BACK = Key("p", N_("Previous day, week or month"), ("desk", "my-calendar"))
ON = Key("n", N_("Next day, week or month"), ("desk", "my-calendar"))
BY_DAY = Key("Shift+D", N_("By day"), ("desk", "my-calendar"), on_button=False)
BY_WEEK = Key("Shift+W", N_("A week"), ("desk", "my-calendar"), on_button=False)
BY_MONTH = Key("Shift+M", N_("A month"), ("desk", "my-calendar"), on_button=False)
AS_LIST = Key("Shift+L", N_("The bookings as a list"), ("desk", "my-calendar"), on_button=False)
FILTERS = Key("Shift+F", N_("Filters: which service, whose calendars"), ("desk",), on_button=False)
FIND = Key("f", N_("Find a time"), ("desk",))
LINE = Key("Ctrl+K", N_("Type a booking"), ("desk",))
WALK_IN = Key("w", N_("Somebody without a booking"), ("today",))
CALLS = Key("k", N_("The calls for the next day, and back"), ("today",))
LATE = Key("e", N_("Somebody runs late: then the first digit of the minutes"), ("today",))
WAIT = Key("l", N_("Put somebody on the waiting list"), ("waiting-list",))

ARRIVED = Key("a", N_("Arrived"), ("today", BOOKING))
START = Key("s", N_("Start the visit"), ("today", BOOKING))
DONE = Key("d", N_("Done: finish the visit"), ("today", BOOKING))
NO_SHOW = Key("x", N_("No-show"), ("today", BOOKING))
UNDO = Key("u", N_("Undo the last step"), ("today", "sick-day", BOOKING))
CONFIRM = Key("c", N_("Confirmed by telephone"), ("today",), on_button=False)
MOVE = Key("m", N_("Move; then Enter: to the same time a week later"), (BOOKING,), on_button=False)
CANCEL = Key("Delete", N_("Cancel, with a reason"), (BOOKING,), on_button=False)
AGAIN = Key("b", N_("Book again"), (BOOKING,))

FIRST_LIST = Key("v", N_("Open the first list of visits to move, or go on with it"), ("sick-day",))
PROPOSALS = tuple(
    Key(press, N_("Take the proposal with this number"), ("sick-day",)) for press in "12345"
)
NO_ANSWER = Key("o", N_("No answer: call again later"), ("sick-day",))
SKIP = Key("j", N_("Skip for now"), ("sick-day",))
CANCEL_AWAY = Key("q", N_("Cancel the visit: the professional is away"), ("sick-day",))

ARROWS = Key(
    "← ↑ ↓ →", N_("From time to time, from row to row"), ("desk", "today", "my-calendar"), False
)
OPEN = Key(
    "Enter", N_("Open the booking, or pick the time"), ("desk", "today", "my-calendar"), False
)
JUMP = Key("PgUp PgDn", N_("From booking to booking"), ("desk", "my-calendar"), False)
CARRY = Key("Alt+← ↑ ↓ →", N_("Move the booking; Enter drops it"), ("desk", "my-calendar"), False)

VIEWS = (BY_DAY, BY_WEEK, BY_MONTH, AS_LIST)
"""In the order of the switch they press."""
KEYS = (
    *(ARROWS, OPEN, JUMP, CARRY),
    *(TODAY, BACK, ON, *VIEWS, FILTERS, FIND, LINE, WALK_IN, CALLS, LATE, WAIT),
    *(FIRST_LIST, *PROPOSALS, NO_ANSWER, SKIP, CANCEL_AWAY),
    *(ARRIVED, START, DONE, NO_SHOW, CONFIRM, UNDO, MOVE, CANCEL, AGAIN),
    *(TAKE, TAKE_BACK, GO, HELP, CLOSE),
)
PRESSES = {
    each.press.removeprefix("Shift+").lower(): ("view", place) for place, each in enumerate(VIEWS)
} | {"f": ("desk_filters", 0)}
"""What Streamlit gives no shortcut to: with Shift, a letter presses the button at that place."""
OPENS = {MOVE: "open_booking_move", CANCEL: "open_booking_cancel"}
"""What Streamlit gives no shortcut to: the part of the dialog that each of these leads to."""


def keys_at(where: str) -> Sequence[Key]:
    return [each for each in KEYS if where in each.where]


def behind_dialogs() -> list[str]:
    """The letters of pages, which mean nothing while a dialog lies over the page.

    Figures stay: dialogs choose by them.
    """
    letters = [each for each in KEYS if len(each.press) == 1 and not each.press.isdigit()]
    return [each.press for each in letters if BOOKING not in each.where]


def marked(label: str, key: Key) -> str:
    """A label that shows its key, where Streamlit shows none."""
    return f"{label} :gray-badge[{key.shown}]"
