"""A CSV file of another system: what its columns hold, what would happen, then the import."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.db import utc_now
from core.errors import BookingError
from core.policy import Actor
from core.schedule import WEEKDAYS, WeekdayWindow, wall_time
from core.transfer import (
    COLUMNS,
    IMPORTS,
    DateOrder,
    FileKind,
    Heading,
    ImportOptions,
    ImportReport,
    Keep,
    Outcome,
    RowReport,
    read_headings,
    remember_columns,
)
from dashboard import feedback, session
from dashboard.feedback import md
from dashboard.formatting import plain
from dashboard.i18n import N_, _, ngettext

NONCE = "bring_nonce"
REPORT = "bring_report"
LARGEST_MB = 2
"""While a file is read nobody else can save, so larger ones go in by the command line."""
MOST_SHOWN = 500

KINDS: Mapping[FileKind, str] = {
    FileKind.PATIENTS: N_("Patients"),
    FileKind.BOOKINGS: N_("Bookings"),
    FileKind.SERVICES: N_("Services"),
    FileKind.PROFESSIONALS: N_("Professionals"),
    FileKind.HOURS: N_("Weekly hours"),
}
DATED = (FileKind.PATIENTS, FileKind.BOOKINGS, FileKind.HOURS)
"""Only these files hold dates."""
ORDERS: Mapping[DateOrder, str] = {
    DateOrder.YMD: N_("year first: 2026-03-12"),
    DateOrder.DMY: N_("day first: 12/03/2026"),
    DateOrder.MDY: N_("month first: 03/12/2026"),
}
LABELS: Mapping[str, str] = {
    "": N_("not used"),
    "name": N_("Name"),
    "first_name": N_("First name"),
    "last_name": N_("Last name"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "born_on": N_("Date of birth"),
    "language": N_("Language"),
    "desk_note": N_("Note for the desk"),
    "alerts": N_("Alerts"),
    "preferred_parts": N_("Preferred times of day"),
    "preference": N_("What else they prefer"),
    "patient": N_("Patient"),
    "patient_email": N_("Patient's e-mail"),
    "patient_phone": N_("Patient's phone"),
    "patient_born_on": N_("Patient's date of birth"),
    "professional": N_("Professional"),
    "service": N_("Service"),
    "date": N_("Date"),
    "time": N_("Time"),
    "start": N_("Start"),
    "end": N_("End"),
    "length": N_("Length"),
    "state": N_("State"),
    "price": N_("Price"),
    "booked_on": N_("Booked on"),
    "before": N_("Buffer before"),
    "after": N_("Buffer after"),
    "buffer_rule": N_("Buffers between two visits"),
    "step": N_("Step"),
    "anchor": N_("Where starts fall"),
    "notice": N_("Notice"),
    "cancel_notice": N_("Notice to cancel"),
    "horizon": N_("Days ahead"),
    "seats": N_("Seats"),
    "tax": N_("Tax"),
    "colour": N_("Colour"),
    "listed": N_("Patients book it themselves"),
    "rooms": N_("Rooms"),
    "title": N_("Title"),
    "bio": N_("About them"),
    "languages": N_("Languages"),
    "tier": N_("Tier"),
    "zone": N_("Time zone"),
    "visits_per_day": N_("Visits a day at most"),
    "visits_per_week": N_("Visits a week at most"),
    "minutes_per_day": N_("Minutes a day at most"),
    "minutes_per_week": N_("Minutes a week at most"),
    "expertise": N_("Expertise"),
    "services": N_("Services offered"),
    "weekday": N_("Weekday"),
    "from": N_("From"),
    "to": N_("To"),
    "kind": N_("Work or break"),
    "valid_from": N_("Valid from"),
    "valid_to": N_("Valid until"),
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.ADDED: N_("added"),
    Outcome.MERGED: N_("filled in"),
    Outcome.CHANGED: N_("changed"),
    Outcome.UNCHANGED: N_("unchanged"),
    Outcome.REFUSED: N_("refused"),
}


@dataclass(frozen=True)
class Asked:
    """One file and how it is to be read."""

    kind: FileKind
    content: bytes
    order: DateOrder
    said: Mapping[str, str]

    def mark(self, actor: Actor) -> str:
        """The same for the same file, read the same way by the same person."""
        told = repr((actor.user_id, self.kind, self.order, sorted(self.said.items())))
        return hashlib.sha256(told.encode() + self.content).hexdigest()

    def options(self, keep: Keep) -> ImportOptions:
        return ImportOptions(date_order=self.order, keep=keep, said=self.said)


def show(actor: Actor) -> None:
    with st.container(border=True, key="practice_bring"):
        st.markdown(f"**{_('Bring in a file of another system')}**")
        asked = _ask(actor)
        if asked is None:
            return
        found: tuple[str, ImportReport] | None = st.session_state.get(REPORT)
        report = found[1] if found and found[0] == asked.mark(actor) else None
        _buttons(actor, asked, report)
        if report is not None:
            _tell(asked.kind, report)


def _ask(actor: Actor) -> Asked | None:
    kind = st.segmented_control(
        _("What the file is of"),
        list(KINDS),
        default=FileKind.PATIENTS,
        format_func=lambda each: _(KINDS[each]),
        key="bring_kind",
        required=True,
        label_visibility="collapsed",
    )
    uploaded = st.file_uploader(
        _("CSV file"),
        ("csv", "txt", "tsv"),
        key=f"bring_file_{st.session_state.setdefault(NONCE, secrets.token_hex(4))}",
        max_upload_size=LARGEST_MB,
        help=_("Save spreadsheets as CSV first. The first line names the columns."),
    )
    if uploaded is None or kind is None:
        return None
    content = uploaded.getvalue()
    try:
        with session.reading() as db:
            headings = read_headings(db, actor, kind, content)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return None
    order = _order() if kind in DATED else DateOrder.YMD
    return Asked(kind, content, order, _columns(kind, headings))


def _order() -> DateOrder:
    return st.selectbox(
        _("Dates are written"),
        list(ORDERS),
        format_func=lambda each: _(ORDERS[each]),
        key="bring_order",
    )


def _columns(kind: FileKind, headings: Sequence[Heading]) -> dict[str, str]:
    """What each column holds, with the first row beside it; remembered for the next file."""
    used = sum(bool(each.column) for each in headings)
    label = _("Columns: {used} of {count} are used").format(used=used, count=len(headings))
    with st.expander(label, icon=":material/view_column:", expanded=used < len(headings)):
        return {
            each.title: st.selectbox(
                md(f"{each.title}: {each.example[:40]}" if each.example else each.title),
                ["", *COLUMNS[kind]],
                ["", *COLUMNS[kind]].index(each.column),
                format_func=lambda column: _(LABELS[column]),
                key=f"bring_column_{kind}_{number}_{each.title}",
            )
            for number, each in enumerate(headings)
        }


def _buttons(actor: Actor, asked: Asked, report: ImportReport | None) -> None:
    """First what would happen, and only then the button that makes it so."""
    looked = report is not None and not report.saved
    with st.container(horizontal=True):
        look = st.button(
            _("See what would happen"),
            key="bring_look",
            icon=":material/search:",
            type="secondary" if looked else "primary",
        )
        bring = looked and st.button(
            _("Import the rows that can be"),
            key="bring_import",
            icon=":material/upload:",
            type="primary",
            disabled=not _news(report),
        )
    if look or bring:
        _run(actor, asked, Keep.GOOD_ROWS if bring else Keep.NOTHING)


def _news(report: ImportReport | None) -> int:
    counts = report.counts if report else {}
    return sum(counts.get(each, 0) for each in (Outcome.ADDED, Outcome.MERGED, Outcome.CHANGED))


def _run(actor: Actor, asked: Asked, keep: Keep) -> None:
    bring, now = IMPORTS[asked.kind], utc_now()
    try:
        with st.spinner(_("Reading the file …")), session.writing() as db:
            report = bring(db, actor, asked.content, asked.options(keep), now=now)
            if keep is Keep.GOOD_ROWS:
                remember_columns(db, actor, asked.kind, asked.said, now=now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    st.session_state[REPORT] = (asked.mark(actor), report)
    if report.saved:
        feedback.flash(_summary(report))
    st.rerun()


def _tell(kind: FileKind, report: ImportReport) -> None:
    said = _("Imported: {counts}.") if report.saved else _("This would happen: {counts}.")
    counts = said.format(counts=_counts(report))
    if report.refused:
        st.warning(counts, icon=":material/warning:")
    else:
        st.success(counts, icon=":material/check:")
    rows = [each for each in report.rows if _is_told(each)]
    if rows:
        _table(rows[:MOST_SHOWN], of=kind)
    if len(rows) > MOST_SHOWN:
        more = len(rows) - MOST_SHOWN
        st.caption(
            ngettext("… and {count} more row.", "… and {count} more rows.", more).format(count=more)
        )


def _table(rows: Sequence[RowReport], *, of: FileKind) -> None:
    """Line by line; cells are shown as they are, whatever stands in them."""
    st.dataframe(
        pd.DataFrame(
            {
                _("Line"): [each.line for each in rows],
                _(KINDS[of]): [each.label for each in rows],
                _("What to look at"): [_why(each) for each in rows],
            }
        ),
        hide_index=True,
        width="stretch",
        column_config={_("Line"): st.column_config.NumberColumn(width="small")},
        key="bring_rows",
    )


def _is_told(row: RowReport) -> bool:
    """Whether a row needs a look: what was simply added, or is there already, does not."""
    return row.outcome is Outcome.REFUSED or bool(row.differs or row.changed or row.ends)


def _why(row: RowReport) -> str:
    if row.refusal is not None:
        return plain(row.refusal)
    if row.ends:
        return _("No longer: {hours}").format(hours=", ".join(map(_in_words, row.ends)))
    if row.changed:
        return _("Changes: {names}").format(names=_labelled(row.changed))
    return _("Kept what is on file: {names}").format(names=_labelled(row.differs))


def _in_words(window: WeekdayWindow) -> str:
    times = f"{wall_time(window.starts_minute)}-{wall_time(window.ends_minute)}"
    return f"{_(WEEKDAYS[window.weekday - 1])} {times}"


def _labelled(columns: Sequence[str]) -> str:
    return ", ".join(_(LABELS[each]) for each in columns)


def _summary(report: ImportReport) -> str:
    return _("Imported: {counts}.").format(counts=_counts(report))


def _counts(report: ImportReport) -> str:
    counts = report.counts
    said = [f"{counts[each]:,} {_(OUTCOMES[each])}" for each in Outcome if counts[each]]
    return ", ".join(said) or _("no rows")
