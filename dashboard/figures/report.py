"""The month on one page, to print: which month, and the button that gives the file."""

from datetime import date

import streamlit as st

from core.monthly_report import months_to_report
from dashboard.exporting import download_button
from dashboard.formatting import MONTHS
from dashboard.i18n import _, language

WIDTH = 310


def report_button(today: date) -> None:
    """Behind a button of the bar; filters narrow nothing there."""
    with st.popover(_("Monthly report"), icon=":material/print:", key="report"):
        month = st.selectbox(
            _("Month"),
            months_to_report(today),
            format_func=_month,
            key="report_month",
            width=WIDTH,
        )
        st.caption(
            _(
                "One page to print: the headlines beside the month before, who has time left, "
                "and what to act on. It is of everybody, whatever the filters say."
            ),
            width=WIDTH,
        )
        about = (f"{month:%Y-%m}", language().lower())
        download_button(_("Download PDF"), "monthly-report", *about, key="report_download")


def _month(month: date) -> str:
    return _("{month} {year}").format(month=_(MONTHS[month.month - 1]), year=month.year)
