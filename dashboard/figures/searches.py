"""What is asked for and cannot be had: searches that found nothing, and who waits."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.analytics import By, Searched, all_searches, searches
from core.analytics.files import FigureAsked
from core.analytics.searches import WAITED_BY, WHAT_TO_DO
from core.analytics.tables import searches_table, word_of
from core.policy import Actor
from dashboard import session
from dashboard.escaping import md
from dashboard.figures.bar import Looked
from dashboard.figures.figure import FEW, Bar, Figure, label_of, show, show_numbers
from dashboard.formatting import change, number, share
from dashboard.i18n import N_, _, ngettext

GROUPS: Mapping[str, By] = {
    N_("Service"): By.SERVICE,
    N_("Professional"): By.PROFESSIONAL,
    N_("Day asked for"): By.WEEKDAY,
    N_("Who searched"): By.CHANNEL,
}
LYING = (By.SERVICE, By.PROFESSIONAL)


def headline_searches(actor: Actor, looked: Looked) -> None:
    """How often nothing was found, beside the other headline numbers."""
    with session.reading() as db:
        whole = all_searches(db, actor, looked.asked)
        before = all_searches(db, actor, looked.asked.before()) if looked.compare else None
    st.metric(
        _("Found nothing"),
        f"{number(whole.nothing)} · {share(whole.share)}",
        change(whole.nothing - before.nothing) if before and before.searches else None,
        delta_color="inverse",
        border=True,
        help=_(
            "Of {searches} searches for a time on these days, at the desk and by patients, those "
            "that found none within what was asked for."
        ).format(searches=number(whole.searches)),
    )


def advise_on_searches(actor: Actor, looked: Looked) -> None:
    """The service that is asked for most often without being had, above whichever figure."""
    with session.reading() as db:
        found = searches(db, actor, looked.asked, By.SERVICE)
    if found and found[0].not_got:
        st.markdown(" ".join(in_words(found[0])))


def show_searches(actor: Actor, looked: Looked, by: By, group: str) -> None:
    """The figure and its numbers."""
    with session.reading() as db:
        found = searches(db, actor, looked.asked, by)
    if not found:
        st.info(
            _(
                "Nobody looked for a time on these days, and nobody waits. Searches at the desk "
                "and by patients are counted here; choose other days, or fewer filters."
            ),
            icon=":material/search_off:",
        )
        return
    show(searches_figure(by, group, found))
    show_numbers(searches_table(by, found), FigureAsked("searches", by, looked.asked))


def in_words(worst: Searched) -> list[str]:
    """The service that is had least, and what can be done about it: sentences for Markdown."""
    said = [
        _("People ask for **{service}** most often without getting it.").format(
            service=md(worst.name)
        )
    ]
    if worst.nothing:
        sentence = _("{nothing} of {searches} searches found nothing ({share}).")
        said.append(
            sentence.format(
                nothing=number(worst.nothing),
                searches=number(worst.searches),
                share=share(worst.share),
            )
        )
        said += [_(WHAT_TO_DO[worst.why])] if worst.why in WHAT_TO_DO else []
    if worst.waiting:
        waits = ngettext(
            "{count} person waits for it now.", "{count} people wait for it now.", worst.waiting
        )
        said.append(waits.format(count=number(worst.waiting)))
    if worst.days_ahead:
        sentence = _("Half of those who found a time had to look {days} or more ahead.")
        said.append(sentence.format(days=_days(worst.days_ahead)))
    return said


def searches_figure(by: By, group: str, found: Sequence[Searched]) -> Figure:
    """Searches that found nothing in each group, and beside them who waits."""
    waited_for = by in WAITED_BY
    bars = [
        Bar(
            label_of(by, word_of(by, each.key, each.name)),
            [each.nothing, *([each.waiting] if waited_for else [])],
            _says(each),
            "<br>".join(_tells(each, waited_for=waited_for)),
            few=0 < each.searches < FEW,
        )
        for each in found
    ]
    return Figure(
        f"searches_{by}",
        _("Which services people ask for and cannot get")
        if by is By.SERVICE
        else _("Searches that found nothing, by {group}").format(group=_(group).lower()),
        _(
            "Searches for a time on these days: Find a time, the typed booking and walk-ins at "
            "the desk, and what patients and visitors look for by themselves. Each counts once, "
            "with the first of its wishes that found nothing. Who waits is counted as of now. "
            "Nothing is kept of who looked. Filters by room do not narrow it."
        ),
        bars,
        [_("Searches that found nothing"), *([_("Waiting now")] if waited_for else [])],
        lying=by in LYING,
    )


def _says(each: Searched) -> str:
    if not each.searches:
        return ""
    return _("{nothing} of {searches}").format(
        nothing=number(each.nothing), searches=number(each.searches)
    )


def _tells(each: Searched, *, waited_for: bool) -> list[str]:
    said = [
        _("{nothing} of {searches} searches found nothing ({share})").format(
            nothing=number(each.nothing),
            searches=number(each.searches),
            share=share(each.share),
        )
    ]
    if each.nothing:
        said.append(_("mostly because: {why}").format(why=_(each.why).lower()))
    if each.days_ahead is not None:
        sentence = _("half of the others: at most {days} ahead")
        said.append(sentence.format(days=_days(each.days_ahead)))
    if waited_for:
        said.append(_("{count} on the waiting list now").format(count=number(each.waiting)))
    return said


def _days(count: float) -> str:
    days = number(count, 1 if count % 1 else 0)
    return ngettext("{days} day", "{days} days", round(count)).format(days=days)
