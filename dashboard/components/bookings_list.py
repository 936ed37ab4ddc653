"""A patient's bookings: cards for what is to come, one line for each that has been."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.errors import N_
from core.models import Booking, BookingState
from core.own_bookings import cancels_late_after
from dashboard.components.words import money, state_word
from dashboard.feedback import md
from dashboard.formatting import clock, day
from dashboard.i18n import _

S = BookingState
COLOURS = {
    S.BOOKED: "blue",
    S.ARRIVED: "violet",
    S.IN_PROGRESS: "orange",
    S.COMPLETED: "green",
    S.NO_SHOW: "red",
    S.CANCELLED: "gray",
}
ICONS = {
    S.BOOKED: ":material/event_available:",
    S.ARRIVED: ":material/login:",
    S.IN_PROGRESS: ":material/play_arrow:",
    S.COMPLETED: ":material/check_circle:",
    S.NO_SHOW: ":material/person_off:",
    S.CANCELLED: ":material/event_busy:",
}
OWN_REASONS = (
    N_("I am ill"),
    N_("I cannot come then"),
    N_("I need another time"),
    N_("I no longer need it"),
)


def coming_cards(
    bookings: Sequence[Booking],
    *,
    zone: ZoneInfo,
    now: datetime,
    on_cancel: Callable[[int], None],
    on_move: Callable[[int, int], None] | None,
    file_button: Callable[[int], None],
) -> None:
    """A card for each visit to come, with the ways to move it, cancel it and note it down.

    ``on_move`` is None where patients do not move by themselves.
    """
    for booking in bookings:
        with st.container(border=True, gap="small", key=f"coming_{booking.id}"):
            st.markdown(_card(booking, zone=zone, now=now))
            with st.container(
                horizontal=True,
                vertical_alignment="center",
                horizontal_alignment="distribute",
            ):
                st.markdown(badge(booking.state), width="content")
                with st.container(horizontal=True, gap="xsmall", width="content"):
                    file_button(booking.id)
                    if on_move is not None and is_movable(booking, now):
                        st.button(
                            _("Move"),
                            key=f"move_{booking.id}",
                            icon=":material/event_repeat:",
                            on_click=on_move,
                            args=(booking.id, booking.version),
                        )
                    if is_cancellable(booking, now):
                        st.button(
                            _("Cancel"),
                            key=f"cancel_{booking.id}",
                            icon=":material/event_busy:",
                            on_click=on_cancel,
                            args=(booking.id,),
                        )


def is_cancellable(booking: Booking, now: datetime) -> bool:
    """Whether the patient may still call the visit off without calling the practice."""
    return booking.state is S.BOOKED and booking.starts_at > now


def is_movable(booking: Booking, now: datetime) -> bool:
    """Whether the patient may move it without calling: as long as a cancellation is in time."""
    return (
        is_cancellable(booking, now) and booking.seats == 1 and now <= cancels_late_after(booking)
    )


def past_lines(bookings: Sequence[Booking], *, zone: ZoneInfo, now: datetime) -> None:
    """One paragraph each: when, how it went, what it was, and why it was cancelled."""
    with st.container(border=True):
        for booking in bookings:
            lines = [
                f"**{md(_dated(booking.starts_at, zone, now))}** {badge(booking.state)}",
                md(_with(booking)),
            ]
            if booking.cancel_reason:
                lines.append(f"*{md(booking.cancel_reason)}*")
            st.markdown("  \n".join(lines))


def badge(state: BookingState) -> str:
    """The state as a word, an icon and a colour, within a line of Markdown."""
    return f":{COLOURS[state]}-badge[{ICONS[state]} {state_word(state)}]"


def cancel_form(booking: Booking, *, zone: ZoneInfo, now: datetime) -> str | None:
    """Which booking it is, and why it is cancelled; the reason once that is pressed."""
    st.markdown(f"**{md(_times(booking, zone, now))}**  \n{md(_with(booking))}")
    if now > cancels_late_after(booking):
        st.warning(
            _("This is short notice: it will count as a late cancellation."),
            icon=":material/schedule:",
        )
    chosen = st.pills(_("Why?"), OWN_REASONS, format_func=_, key="own_cancel_reason")
    words = st.text_input(_("In your own words (optional)"), key="own_cancel_words")
    if st.button(_("Cancel this booking"), type="primary", key="own_cancel_do"):
        return " · ".join(each for each in (_(chosen) if chosen else "", words.strip()) if each)
    return None


def nothing_to_come(practice: str, name: str = "", *, books: bool) -> None:
    """The way to a first booking: by oneself where that is done here, else by calling.

    ``name`` is whose list it is, where it is not the reader's own.
    """
    nothing = _("You have no bookings to come.")
    if name:
        nothing = _("{name} has no bookings to come.").format(name=md(name))
    way = _("To make one, call {practice} or ask at the desk; it appears here at once.")
    if books:
        way = _("Find a time and book it, or call {practice}.")
    icon = ":material/event:" if books else ":material/call:"
    st.info(f"{nothing} {way.format(practice=md(practice))}", icon=icon)


def zone_note(zone: ZoneInfo) -> None:
    """Whose clock the times are on, for readers who are somewhere else."""
    there = st.context.timezone
    if isinstance(there, str) and there != zone.key:
        st.caption(
            _("All times are on the practice's clock ({zone}).").format(
                zone=md(zone.key.replace("_", " "))
            )
        )


def _card(booking: Booking, *, zone: ZoneInfo, now: datetime) -> str:
    """When, what and with whom; then, smaller, where, for how much and until when it can change."""
    details = [
        booking.room.name if booking.room else "",
        money(booking.price_cents, booking.currency) if booking.price_cents else "",
        _notice(booking, zone, now) if is_cancellable(booking, now) else "",
    ]
    small = " · ".join(md(each) for each in details if each)
    lines = [f"**{md(_times(booking, zone, now))}**", md(_with(booking))]
    return "  \n".join([*lines, f":small[{small}]"] if small else lines)


def _notice(booking: Booking, zone: ZoneInfo, now: datetime) -> str:
    latest = cancels_late_after(booking)
    if now > latest:
        return _("Cancelling now counts as late; to move it, please call.")
    return _("Move or cancel by {time} to be in time.").format(time=_dated(latest, zone, now))


def _with(booking: Booking) -> str:
    return _("{service} with {professional}").format(
        service=booking.service.name, professional=booking.professional.name
    )


def _times(booking: Booking, zone: ZoneInfo, now: datetime) -> str:
    begins = _dated(booking.starts_at, zone, now)
    times = _("{begins} to {ends}").format(begins=begins, ends=clock(booking.ends_at, zone))
    return times[:1].upper() + times[1:]


def _dated(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    """With the date on any day: it is copied into a diary, or read tomorrow."""
    on, today = instant.astimezone(zone).date(), now.astimezone(zone).date()
    values = {"date": day(on, today), "time": clock(instant, zone)}
    if on == today:
        return _("today, {date}, {time}").format(**values)
    return _("{date}, {time}").format(**values)
