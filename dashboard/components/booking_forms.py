"""What the desk's dialogs show: the time being booked, a booking's details, its next steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.booking import CANCELLABLE, MOVABLE, Confirmed, may_become
from core.errors import N_, BookingError
from core.models import Booking, BookingState, ListedReason
from core.overrides import OverrideMade
from core.own_bookings import cancels_late_after
from dashboard import feedback, keys
from dashboard.components.autofocus import autofocus
from dashboard.components.reason_pills import reason_pills
from dashboard.components.words import money, override_word, state_word, taxed
from dashboard.formatting import clock, phone, when
from dashboard.i18n import _

STEPS = (
    (BookingState.ARRIVED, N_("Arrived"), ":material/login:", keys.ARRIVED),
    (BookingState.IN_PROGRESS, N_("Start"), ":material/play_arrow:", keys.START),
    (BookingState.COMPLETED, N_("Completed"), ":material/check_circle:", keys.DONE),
    (BookingState.NO_SHOW, N_("No-show"), ":material/person_off:", keys.NO_SHOW),
)


def time_line(
    *what: str, starts_at: datetime, ends_at: datetime, zone: ZoneInfo, now: datetime
) -> None:
    """The one line that says when, and with whom, what and at what price."""
    times = when(starts_at, zone, now)
    if ends_at > starts_at:
        times = f"{times}-{clock(ends_at, zone)}"
    st.markdown(
        " · ".join([f"**{feedback.md(times)}**", *(feedback.md(each) for each in what if each)])
    )


def refusal_with_ways_out(
    refusal: BookingError,
    *,
    zone: ZoneInfo,
    now: datetime,
    key: str,
    choose: Callable[[datetime], None],
) -> None:
    """What is in the way, who was quicker, and the nearest times to take instead."""
    feedback.refuse(refusal)
    if quicker := refusal.details.get("taken_by"):
        st.caption(_("Booked by {name}.").format(name=feedback.md(quicker)))
    nearest: Sequence[datetime] = refusal.details.get("alternatives", ())
    if nearest:
        st.write(_("The nearest free times:"))
        with st.container(horizontal=True):
            for each in nearest:
                st.button(
                    when(each, zone, now),
                    key=f"{key}_instead_{each.isoformat()}",
                    on_click=choose,
                    args=(each,),
                )


def booking_details(booking: Booking, *, zone: ZoneInfo, booked_by: str, now: datetime) -> None:
    """Who comes, when, to whom, for what, and how far it has come."""
    patient = booking.attendees[0].patient if booking.seats == 1 and booking.attendees else None
    with st.container(horizontal=True):
        st.badge(state_word(booking.state))
        if booking.cancelled_late:
            st.badge(_("Cancelled late"), color="orange")
    time_line(
        booking.professional.name,
        booking.service.name,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        zone=zone,
        now=now,
    )
    rows = [
        (_("Phone"), phone(patient.phone) if patient else ""),
        (_("E-mail"), patient.email if patient else ""),
        (_("Date of birth"), birthday(patient.born_on) if patient else ""),
        (_("Room"), booking.room.name if booking.room else ""),
        (_("Price"), _price_of(booking)),
        (_("Note"), booking.desk_note),
        (_("Reason"), booking.cancel_reason),
        (_("Booked by"), booked_by),
    ]
    lines = [f"**{label}** {feedback.md(text)}" for label, text in rows if text]
    st.markdown("  \n".join(lines))


def _price_of(booking: Booking) -> str:
    if not booking.price_cents:
        return ""
    price = money(booking.price_cents, booking.currency)
    # A price stays as sold, but the tax is that of the day of the visit: today's says nothing
    # about visits that were.
    is_to_come = booking.occupies and booking.state is not BookingState.COMPLETED
    return taxed(price, booking.service.tax_rate) if is_to_come else price


def birthday(born_on: date | None) -> str:
    return born_on.strftime("%d.%m.%Y") if born_on else ""


def overrides_of(found: Sequence[OverrideMade], *, zone: ZoneInfo) -> None:
    """Which rules were set aside for this booking, by whom and why."""
    for each in found:
        line = _("{what} set aside by {who}, {when}: {why}").format(
            what=override_word(each.kind),
            who=each.who,
            when=when(each.at, zone, datetime.now(zone)),
            why=" · ".join(one for one in (_(each.reason), each.note) if one),
        )
        st.caption(feedback.md(line))


def next_steps(booking: Booking, *, key: str, now: datetime) -> BookingState | None:
    """Buttons for what a visit can become; the one pressed, if any."""
    pressed = None
    steps = [each for each in STEPS if may_become(booking, each[0], now=now)]
    if steps:
        with st.container(horizontal=True):
            for state, word, icon, by in steps:
                kind = "primary" if state == steps[0][0] else "secondary"
                if st.button(
                    _(word),
                    key=f"{key}_{state}",
                    icon=icon,
                    type=kind,  # type: ignore[arg-type]
                    shortcut=by.press,
                ):
                    pressed = state
    return pressed


def ask_confirmed(
    booking: Booking, confirmed: Confirmed | None, *, zone: ZoneInfo, now: datetime, key: str
) -> bool | None:
    """The tick that the patient said they will come; what it was just changed to, if it was."""
    if booking.state is not BookingState.BOOKED or booking.starts_at <= now:
        return None
    is_sure = confirmed is not None
    label = _("Confirmed by telephone")
    if confirmed is not None:
        label = _("Confirmed by telephone · {name}, {time}").format(
            name=confirmed.by, time=when(confirmed.at, zone, now)
        )
    ticked = st.checkbox(feedback.md(label), value=is_sure, key=f"{key}_confirmed_{is_sure}")
    return None if ticked == is_sure else ticked


@dataclass(frozen=True)
class CancelAsked:
    """Why, whose wish it was, and whether a late one is to pass as in time."""

    reason: str
    by_patient: bool
    not_late: bool


def ask_reason(
    booking: Booking,
    listed: Sequence[ListedReason],
    *,
    key: str,
    press: str,
    may_waive: bool,
    now: datetime,
) -> CancelAsked | None:
    """The reason for a cancellation once "Cancel booking" is pressed; None until then.

    The reasons ``listed`` stand open, so that it takes two clicks and never happens without one.
    ``press`` prefixes the key of the button, ``key`` those of what is typed. Whoever
    ``may_waive`` can let a late cancellation pass.
    """
    if booking.state not in CANCELLABLE:
        return None
    with st.container(key=f"{key}_cancel"):
        because = keys.marked(_("Cancel, because"), keys.CANCEL)
        chosen = reason_pills(because, listed, key=f"{key}_reason")
        if chosen is None:
            return None
        # The pressed reason would take Enter for itself.
        autofocus(f"{key}_words", once=f"{booking.id} {booking.version} {chosen.name}")
        words = st.text_input(_("In your own words (optional)"), key=f"{key}_words")
        is_late = chosen.by_patient and now > cancels_late_after(booking)
        not_late = (
            may_waive
            and is_late
            and st.checkbox(_("Do not count it as late"), key=f"{key}_not_late")
        )
        if st.button(
            _("Cancel booking"),
            key=f"{press}_do_cancel",
            type="primary",
            shortcut=keys.TAKE.press,
        ):
            reason = " · ".join(each for each in (_(chosen.name), words.strip()) if each)
            return CancelAsked(reason, chosen.by_patient, not_late)
    return None


def may_move(booking: Booking) -> bool:
    return booking.state in MOVABLE
