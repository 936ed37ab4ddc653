"""Rules the desk may set aside, with a reason that stays."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from core.booking import (
    BookingRequest,
    CancelRequest,
    MoveRequest,
    SetAside,
    book,
    cancel,
    move,
)
from core.desk import DayAsked, load_day
from core.errors import CannotBook, Invalid, NotAllowed
from core.models import BookingState, Claim, Override, OverrideKind, Patient, Role
from dashboard.components.desk_board import badges_of
from tests import a

URGENT = SetAside("Urgent", "pain since this morning")


@pytest.fixture
def service(session):
    return a.service(session)


@pytest.fixture
def ada(session, service):
    return a.professional(session, name="Dr Ada", services=(service,))


@pytest.fixture
def rita(session):
    return a.actor(session, name="Rita")


def ask(session, ada, service, hour, **values):
    patient = a.patient(session)
    return BookingRequest(
        ada.id, service.id, patient.id, a.at(hour), request_key=f"{patient.id}", **values
    )


def kinds(session):
    return sorted(session.scalars(select(Override.kind)))


@pytest.mark.parametrize(
    ("hour", "kind"),
    [
        (9, OverrideKind.OVERLAP),
        (8.75, OverrideKind.OUTSIDE_HOURS),
        (10.1, OverrideKind.OFF_STEP),
        (18, OverrideKind.OUTSIDE_HOURS),
    ],
)
def test_a_rule_is_set_aside_by_the_desk_with_a_reason_that_stays(
    session, ada, service, rita, hour, kind
):
    a.booking(session, ada, a.span(9, 9.5))
    with pytest.raises(CannotBook):
        book(session, rita, ask(session, ada, service, hour), now=a.BEFORE)

    booked = book(session, rita, ask(session, ada, service, hour, set_aside=URGENT), now=a.BEFORE)

    kept = session.scalars(select(Override).where(Override.kind == kind)).one()
    assert (kept.booking_id, kept.reason, kept.note, kept.user_id, kept.role) == (
        booked.id,
        "Urgent",
        "pain since this morning",
        rita.user_id,
        Role.RECEPTIONIST,
    )


def test_only_an_overlap_lays_claims_the_guard_lets_pass(session, ada, service, rita):
    late = book(session, rita, ask(session, ada, service, 18, set_aside=URGENT), now=a.BEFORE)
    a.booking(session, ada, a.span(9, 9.5))
    over = book(session, rita, ask(session, ada, service, 9, set_aside=URGENT), now=a.BEFORE)
    guarded = dict(session.execute(select(Claim.booking_id, Claim.guarded)).all())
    assert (guarded[late.id], guarded[over.id]) == (True, False)


def test_an_overlapping_booking_is_still_in_the_way_of_others(session, ada, service, rita):
    first = a.booking(session, ada, a.span(9, 9.5))
    book(session, rita, ask(session, ada, service, 9, set_aside=URGENT), now=a.BEFORE)
    cancel(session, rita, CancelRequest(first.id, first.version, "ill"), now=a.BEFORE)
    with pytest.raises(CannotBook):
        book(session, rita, ask(session, ada, service, 9), now=a.BEFORE)


def test_what_needs_no_override_leaves_no_document(session, ada, service, rita):
    book(session, rita, ask(session, ada, service, 9, set_aside=URGENT), now=a.BEFORE)
    assert kinds(session) == []


def test_an_override_needs_a_reason(session, ada, service, rita):
    request = ask(session, ada, service, 18, set_aside=SetAside(" "))
    with pytest.raises(Invalid, match="reason"):
        book(session, rita, request, now=a.BEFORE)


def test_any_other_reason_is_said_in_the_desks_own_words(session, ada, service, rita):
    request = ask(session, ada, service, 18, set_aside=SetAside("Other", " "))
    with pytest.raises(Invalid, match="own words") as refused:
        book(session, rita, request, now=a.BEFORE)
    assert refused.value.field == "note"

    said = replace(request, set_aside=SetAside("Other", "came from abroad"))
    assert book(session, rita, said, now=a.BEFORE).state is BookingState.BOOKED


def test_the_past_cannot_be_set_aside(session, ada, service, rita):
    request = ask(session, ada, service, 9, set_aside=URGENT)
    with pytest.raises(CannotBook):
        book(session, rita, request, now=a.at(12))


def test_a_professional_may_not_set_rules_aside(session, ada, service):
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    request = ask(session, ada, service, 18, set_aside=URGENT)
    patient = session.get_one(Patient, request.patient_id)
    a.booking(session, ada, a.span(9, 9.5, day=-7), patient=patient)
    with pytest.raises(NotAllowed):
        book(session, own, request, now=a.BEFORE)


def test_a_move_over_another_visit_is_documented_too(session, ada, service, rita):
    a.booking(session, ada, a.span(9, 9.5))
    booked = book(session, rita, ask(session, ada, service, 10), now=a.BEFORE)
    request = MoveRequest(booked.id, booked.version, ada.id, a.at(9), set_aside=URGENT)
    assert move(session, rita, request, now=a.BEFORE).starts_at == a.at(9)
    assert kinds(session) == [OverrideKind.OVERLAP]


def test_a_late_cancellation_passes_as_in_time_only_with_a_reason_on_record(
    session, ada, service, rita
):
    one = book(session, rita, ask(session, ada, service, 9), now=a.BEFORE)
    two = book(session, rita, ask(session, ada, service, 10), now=a.BEFORE)
    cancel(session, rita, CancelRequest(one.id, one.version, "ill"), now=a.at(8))
    request = CancelRequest(two.id, two.version, "ill", not_late=SetAside("Our mistake"))
    cancel(session, rita, request, now=a.at(8))

    assert (one.cancelled_late, two.cancelled_late) == (True, False)
    assert kinds(session) == [OverrideKind.LATE_CANCEL]
    assert two.state is BookingState.CANCELLED


def test_the_calendar_marks_what_set_a_rule_aside_and_nothing_else(session, ada, service, rita):
    book(session, rita, ask(session, ada, service, 10), now=a.BEFORE)
    late = ask(session, ada, service, 18, set_aside=URGENT)
    book(session, rita, late, now=a.BEFORE)

    day = load_day(session, rita, DayAsked(a.at(10).date()), now=a.BEFORE)

    assert [list(badges_of(each)) for each in day.bookings] == [[], ["✱ override"]]
