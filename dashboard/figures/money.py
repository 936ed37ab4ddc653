"""Money: what is booked is worth, and what was lost to no-shows and late cancellations."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from core.analytics import By, Worth, all_worth, worth
from core.analytics.behind import Behind
from core.analytics.files import FigureAsked
from core.analytics.tables import word_of, worth_table
from core.models import Organisation
from core.policy import Actor
from dashboard import session
from dashboard.components.words import money
from dashboard.figures.bar import Looked
from dashboard.figures.behind import show_bars
from dashboard.figures.figure import (
    MONEY,
    Bar,
    Figure,
    Grouped,
    choose,
    label_of,
    show_numbers,
)
from dashboard.formatting import change, number
from dashboard.i18n import N_, _

BOOKED, LOST = N_("Booked"), N_("Lost")
GROUPS: Mapping[str, By] = {
    N_("Month"): By.MONTH,
    N_("Week"): By.WEEK,
    N_("Service"): By.SERVICE,
    N_("Tier"): By.TIER,
    N_("Professional"): By.PROFESSIONAL,
}
LYING = (By.SERVICE, By.PROFESSIONAL, By.TIER)


def show_money(actor: Actor, looked: Looked, *, now: datetime) -> None:
    """The view: the headline, one figure at a time, and its numbers."""
    asked = looked.asked
    with session.reading() as db:
        whole = all_worth(db, actor, asked, now=now)
        before = all_worth(db, actor, asked.before(), now=now) if looked.compare else None
        before = before if before and before.visits else None  # nothing compares with nothing
        currency = db.get_one(Organisation, 1).currency
    if not (whole.booked_cents or whole.lost_cents):
        st.info(
            _(
                "Nothing with a price was booked on these days. Prices are set under Practice, "
                "Services; what is booked from then on counts here."
            ),
            icon=":material/payments:",
        )
        return
    headline(whole, before, currency)
    of, group = choose({BOOKED: GROUPS, LOST: GROUPS}, "money")
    by = GROUPS[group]
    with session.reading() as db:
        found = worth(db, actor, asked, by, now=now)
    draw = booked if of == BOOKED else lost
    figure = draw(by, group, found, currency)
    show_bars(actor, figure, looked, now=now)
    show_numbers(worth_table(by, found), FigureAsked("worth", by, asked), currency)


def headline(whole: Worth, before: Worth | None, currency: str) -> None:
    """Worth, what of it is to come, and what was lost."""
    lines = (
        (
            _("Booked"),
            whole.booked_cents,
            before.booked_cents if before else None,
            "normal",
            _(
                "{visits} visits that took or will take place, at the price each was sold at."
            ).format(visits=whole.visits),
        ),
        (_("Of that to come"), whole.to_come_cents, None, "off", _("Visits that have not begun.")),
        (
            _("Lost to no-shows"),
            whole.no_show_cents,
            before.no_show_cents if before else None,
            "inverse",
            _("Visits to which nobody came, at the price each was sold at."),
        ),
        (
            _("Lost to late cancellations"),
            whole.late_cents,
            before.late_cents if before else None,
            "inverse",
            _(
                "Cancelled by the patient later than the service's notice. Some of that time "
                "may have been booked again."
            ),
        ),
    )
    with st.container(horizontal=True, gap="small", key="money_headline"):
        for title, cents, compared, colour, tells in lines:
            st.metric(
                title,
                money(cents, currency),
                None if compared is None else change((cents - compared) / 100, 2),
                delta_color=colour,  # type: ignore[arg-type]
                border=True,
                help=tells,
            )


def booked(by: By, group: str, found: Sequence[Worth], currency: str) -> Figure:
    """What was booked in each group: so far, and to come."""
    bars = [
        Bar(
            label_of(by, word_of(by, each.key, each.name)),
            [(each.booked_cents - each.to_come_cents) / 100, each.to_come_cents / 100],
            number(each.booked_cents / 100) if each.booked_cents else "",
            _("{booked} of {visits} visits<br>{to_come} of it to come").format(
                booked=money(each.booked_cents, currency),
                visits=each.visits,
                to_come=money(each.to_come_cents, currency),
            ),
        )
        for each in found
    ]
    return Figure(
        f"booked_{by}",
        _("{currency} booked by {group}").format(currency=currency, group=_(group).lower()),
        _(
            "Visits of these days that took or will take place, at the price each was sold at; "
            "no-shows and cancelled visits are not in it. A group visit counts once. What was "
            "sold in another currency is left out."
        ),
        bars,
        (_("So far"), _("To come")),
        behind=Grouped(Behind.BOOKED, by, [each.key for each in found]),
        lying=by in LYING,
        ticks=MONEY,
    )


def lost(by: By, group: str, found: Sequence[Worth], currency: str) -> Figure:
    """What was lost in each group, and to what."""
    bars = [
        Bar(
            label_of(by, word_of(by, each.key, each.name)),
            [each.no_show_cents / 100, each.late_cents / 100],
            number(each.lost_cents / 100) if each.lost_cents else "",
            _("{no_shows} to no-shows<br>{late} to late cancellations").format(
                no_shows=money(each.no_show_cents, currency),
                late=money(each.late_cents, currency),
            ),
        )
        for each in found
    ]
    return Figure(
        f"lost_{by}",
        _("{currency} lost by {group}").format(currency=currency, group=_(group).lower()),
        _(
            "The price of visits nobody came to, and of those the patient cancelled later than "
            "the service's notice. Some of that time may have been booked again. What was sold "
            "in another currency is left out."
        ),
        bars,
        (_("No-shows"), _("Late cancellations")),
        behind=Grouped(Behind.LOST, by, [each.key for each in found]),
        lying=by in LYING,
        ticks=MONEY,
    )
