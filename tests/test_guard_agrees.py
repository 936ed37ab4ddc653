"""The check in Python and the guard in the database say the same about every overlap."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.availability import ReasonCode
from core.claims import ClaimRefused, lay_claims
from core.models import BookingState, Claim
from core.visits import load_around, reasons_against, want
from tests import a

MINUTES = 60
visits = st.lists(
    st.tuples(st.integers(0, MINUTES), st.integers(1, 30), st.sampled_from(["visit", "held"])),
    max_size=8,
)
IN_THE_WAY = {ReasonCode.TAKEN, ReasonCode.HELD}


def minute(number: int):
    return a.at(10) + timedelta(minutes=number)


def overlaps_by_the_reasons(reasons) -> bool:
    return any(
        each.code in IN_THE_WAY or (each.code is ReasonCode.TOO_SHORT and each.by_booking)
        for each in reasons
    )


def is_refused_by_the_guard(session, booking, service, calendar_id) -> bool:
    try:
        with session.begin_nested():
            lay_claims(session, booking, service, [calendar_id])
    except ClaimRefused:
        return True
    return False


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(there=visits, start=st.integers(0, MINUTES), length=st.integers(1, 60))
def test_why_not_and_the_guard_agree_on_random_calendars(session, there, start, length):
    """What touches is free to both, what shares a minute is taken to both."""
    step = session.begin_nested()
    service = a.service(session, length_minutes=length, step_minutes=1)
    ada = a.professional(session, services=(service,))
    spare = a.booking(session, a.professional(session), a.span(9, 10))
    laid = []
    for begin, lasts, kind in there:
        if any(begin < end and first < begin + lasts for first, end in laid):
            continue
        laid.append((begin, begin + lasts))
        lay_one(session, ada, begin, lasts, kind)
    spare.starts_at, spare.ends_at = minute(start), minute(start + length)
    wanted = want(
        session, a.actor(session), professional_id=ada.id, service_id=service.id, patient_ids=()
    )
    loaded = load_around(session, wanted, minute(start), now=a.BEFORE)

    reasons = reasons_against(wanted, loaded, minute(start), now=a.BEFORE)
    refused = is_refused_by_the_guard(session, spare, service, ada.calendar_id)

    overlaps = any(begin < start + length and start < end for begin, end in laid)
    assert (overlaps_by_the_reasons(reasons), refused) == (overlaps, overlaps)
    step.rollback()


def lay_one(session, professional, begin, lasts, kind) -> None:
    held_until = a.at(8) if kind == "held" else None
    state = BookingState.HELD if held_until else BookingState.BOOKED
    span = a.span(10 + begin / 60, 10 + (begin + lasts) / 60)
    booking = a.booking(session, a.professional(session), span, state=state, held_until=held_until)
    session.add(
        Claim(
            booking_id=booking.id,
            calendar_id=professional.calendar_id,
            starts_at=span.start,
            ends_at=span.end,
            held_until=held_until,
        )
    )
    session.flush()
