"""Patients: who came first and who came again, how often, and who stayed."""

from datetime import datetime

import streamlit as st

from core.analytics import By, People, people
from core.analytics.files import FigureAsked
from core.analytics.tables import cohorts_table, months_table, visits_table
from core.policy import Actor
from dashboard import session
from dashboard.exporting import download_button
from dashboard.figures.bar import Looked
from dashboard.figures.figure import Bar, Figure, choose, label_of, show, show_numbers, show_table
from dashboard.formatting import change, number
from dashboard.i18n import N_, _, ngettext

BY_MONTH, OFTEN, STAYED = N_("New and returning"), N_("Visits each"), N_("Who came again")


def show_patients(actor: Actor, looked: Looked, *, now: datetime) -> None:
    """The view: the headline, one figure at a time, and its numbers."""
    with session.reading() as db:
        found = people(db, actor, looked.asked, now=now)
        before = people(db, actor, looked.asked.before(), now=now) if looked.compare else None
    before = before if before and before.patients else None  # nothing compares with nothing
    if not found.patients:
        st.info(
            _("Nobody has come on these days yet. Choose days in the past, or fewer filters."),
            icon=":material/group_off:",
        )
        return
    headline(found, before)
    of, _group = choose({BY_MONTH: {}, OFTEN: {}, STAYED: {}}, "patients")
    if of == STAYED:
        _show_stayed(found, looked)
        return
    show(new_and_returning(found) if of == BY_MONTH else visits_each(found))
    if of == BY_MONTH:
        show_numbers(months_table(found), FigureAsked("months", By.MONTH, looked.asked))
    else:
        show_numbers(visits_table(found), FigureAsked("visits", By.MONTH, looked.asked))


def headline(found: People, before: People | None) -> None:
    """How many patients, and how they came."""
    each, each_before = found.visits_each, before.visits_each if before else None
    lines = (
        (
            _("Patients"),
            number(found.patients),
            change(found.patients - before.patients) if before else None,
            _("Who came on these days at least once. A visit nobody came to does not count."),
        ),
        (
            _("New"),
            number(found.new),
            change(found.new - before.new) if before else None,
            _("Who had never come before, to anybody here."),
        ),
        (
            _("Returning"),
            number(found.returning),
            change(found.returning - before.returning) if before else None,
            _("Who had come before these days."),
        ),
        (
            _("Visits each"),
            "–" if each is None else number(each, 1),
            None if each is None or each_before is None else change(each - each_before, 1),
            _("On average: {visits} visits of {patients} patients.").format(
                visits=found.visits, patients=found.patients
            ),
        ),
    )
    with st.container(horizontal=True, gap="small", key="patients_headline"):
        for title, value, compared, tells in lines:
            st.metric(title, value, compared, border=True, help=tells)


def new_and_returning(found: People) -> Figure:
    """Month by month."""
    bars = [
        Bar(
            label_of(By.MONTH, each.month),
            [each.new, each.returning],
            number(each.new + each.returning) if each.new + each.returning else "",
            _("{new} new, {returning} returning").format(new=each.new, returning=each.returning),
        )
        for each in found.months
    ]
    return Figure(
        "patients_months",
        _("Patients by month"),
        _(
            "New in the month of their first visit ever; returning in every other month in "
            "which they came. Only the days asked for are counted."
        ),
        bars,
        (_("New"), _("Returning")),
    )


def visits_each(found: People) -> Figure:
    """How many came once, twice, and so on."""
    bars = [
        Bar(
            str(often),
            [patients],
            number(patients),
            _("{patients} patients came {often} times").format(patients=patients, often=often),
        )
        for often, patients in found.by_visits.items()
    ]
    return Figure(
        "patients_often",
        _("Patients by visits on these days"),
        _("How many patients came once, twice and so on. No-shows and cancelled visits are out."),
        bars,
    )


def _show_stayed(found: People, looked: Looked) -> None:
    tells = _(
        "Of those who came for the first time in a month, the share that came in each month "
        "after it, in percent. A month that is not over, or only in part asked for, is smaller."
    )
    st.subheader(_("Who came again"), help=tells, anchor=False)
    if len(found.cohorts) < 2:
        st.info(
            _("This takes more than one month. Choose Last 12 months."),
            icon=":material/date_range:",
        )
        return
    show_table(cohorts_table(found, after=_after), key="patients_cohorts")
    words = FigureAsked("cohorts", By.MONTH, looked.asked).words
    download_button(_("Download"), "figure", *words, key="cohorts_download")


def _after(count: int) -> str:
    return ngettext("After {count} month", "After {count} months", count).format(count=count)
