"""Cancelling a booking from its dialog."""

from core.booking import CANCELLABLE, CancelRequest, SetAside, cancel
from core.catalog import load_reasons
from core.db import utc_now
from core.models import Booking, ReasonKind
from core.policy import Actor, Permission, allows
from core.series import CancelSeriesRequest, cancel_series
from dashboard import series_form, session, unfinished
from dashboard.components.booking_forms import ask_reason
from dashboard.i18n import _
from dashboard.opened import KEY, offer_draft, press_of, run, time_of, title_of
from dashboard.series_form import Reach


def cancel_form(actor: Actor, booking: Booking, reach: Reach) -> None:
    """Cancel with a reason: this visit, or as many of its series as are chosen."""
    press = f"{press_of(booking)}_{reach.press}" if reach.is_more else press_of(booking)
    may_waive = allows(actor, Permission.BOOKINGS_OVERRIDE) and not reach.is_more
    draft = unfinished.Form(
        KEY,
        name=f"cancel_{booking.id}",
        about=booking.attendees[0].patient_id if booking.seats == 1 else None,
        typed=("words",),
        along=("reason",),
        search="",
    )
    if booking.state in CANCELLABLE:
        offer_draft(actor, draft)
    with session.reading() as db:
        listed = load_reasons(db, ReasonKind.CANCEL)
    asked = ask_reason(booking, listed, key=KEY, press=press, may_waive=may_waive, now=utc_now())
    if asked is None:
        return
    if reach.is_more:
        series = CancelSeriesRequest(
            booking.id, reach.scope, reach.seen, asked.reason, asked_by_patient=asked.by_patient
        )
        run(
            lambda db, now: cancel_series(db, actor, series, now=now),
            series_form.cancelled(series, title_of(booking)),
            draft=draft,
        )
    else:
        request = CancelRequest(
            booking.id,
            booking.version,
            asked.reason,
            asked_by_patient=asked.by_patient,
            not_late=SetAside(asked.reason) if asked.not_late else None,
        )
        run(
            lambda db, now: cancel(db, actor, request, now=now),
            _("Cancelled {name}.").format(name=title_of(booking)),
            step=booking.id,
            frees=time_of(booking),
            draft=draft,
        )
