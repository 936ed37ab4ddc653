"""My numbers: how full a professional's calendar was, who did not come, and what it earned."""

from collections.abc import Collection

import streamlit as st

from core.analytics import By, OwnAsked, latest_bookings, own_numbers, own_table
from core.db import utc_now
from dashboard import open_booking, places, session
from dashboard.exporting import download_button
from dashboard.figures.figure import show, show_table
from dashboard.i18n import N_, _
from dashboard.my_numbers import latest
from dashboard.my_numbers.drawing import figure, headline
from dashboard.my_numbers.figures import FIGURES, UTILISATION

PERIODS = {
    N_("Last 4 weeks"): (By.WEEK, 4),
    N_("Last 12 weeks"): (By.WEEK, 12),
    N_("Last 12 months"): (By.MONTH, 12),
}
USUAL = N_("Last 4 weeks")


def choose(label: str, words: Collection[str], usual: str, *, key: str) -> str:
    """One of a few, side by side, as it stands in the address."""
    chosen = st.segmented_control(
        label,
        list(words),
        default=usual,
        format_func=_,
        key=key,
        required=True,
        label_visibility="collapsed",
        bind="query-params",
    )
    return chosen or usual


def nothing_yet() -> None:
    """What to do while there is nothing to count."""
    st.info(
        _(
            "There is nothing to count in this time yet: no hours of yours and no bookings. "
            "Enter your hours, and patients can be booked."
        ),
        icon=":material/event_busy:",
    )
    st.page_link(
        str(places.PAGES / "my_hours.py"),
        label=_("Go to My hours"),
        icon=":material/arrow_forward:",
    )


actor, now, zone = session.signed_in(), utc_now(), session.zone()
by, count = PERIODS[choose(_("Period"), PERIODS, USUAL, key="period")]
asked = OwnAsked(by, now.astimezone(zone).date(), count)
with session.reading() as db:
    numbers = own_numbers(db, actor, asked, now=now)
    before = own_numbers(db, actor, asked.before(), now=now)
    newest = latest_bookings(db, actor, now=now)
if numbers.whole.booked or numbers.whole.offered_minutes:
    headline(numbers, before)
    drawn = choose(_("Figure"), FIGURES, UTILISATION, key="figure")
    show(figure(numbers, FIGURES[drawn], by))
    st.caption(
        _(
            "The newest bar is of the week or month we are in, with what is still to come of it. "
            "Small numbers beside those above compare with as long a time just before, once there "
            "is one."
        )
    )
    show_table(own_table(by, numbers), numbers.currency, key=f"my_numbers_table_{by}")
    download_button(_("Download"), "own-numbers", *asked.words, key="my_numbers_download")
else:
    nothing_yet()
latest.show(newest, zone=zone, now=now)
if open_booking.is_open():
    open_booking.show()
