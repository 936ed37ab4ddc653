"""What other appointment books let slip, each told as something that happens at the desk.

Some stand where the rule is tested: "tomorrow 5pm" in ``test_booking_line.py``, the past and
the reasons for setting rules aside in ``test_overrides.py``, a day that opens at now in
``test_day_grid.py``, a cancellation without a reason in ``test_desk_page.py``, an e-mail
address that two patients share and "642 110 478" in ``test_patients.py``, Escape in
``test_drafts.py``.
"""

import pytest
from sqlalchemy import select

from core.booking import CancelRequest, SetAside, cancel
from core.desk import DayAsked, day_starts, load_day
from core.errors import CannotBook, Invalid
from core.models import Booking, Override, OverrideKind
from tests import a
from tests.test_booking import Desk


@pytest.fixture
def desk(session):
    return Desk(session)


def free_starts(desk, asked):
    day = load_day(desk.session, desk.actor, asked, now=a.BEFORE)
    return {
        (each.professional_id, each.start)
        for each in day_starts(day, now=a.BEFORE)
        if not each.reasons
    }


def test_a_filter_never_makes_a_busy_professional_look_free(desk):
    desk.book(9)
    on = a.at(9).date()
    everybody = free_starts(desk, DayAsked(on, desk.service.id))

    for one in (desk.ada, desk.ben):
        alone = free_starts(desk, DayAsked(on, desk.service.id, professional_ids=(one.id,)))
        assert alone
        assert alone == {each for each in everybody if each[0] == one.id}
    assert (desk.ada.id, int(a.at(9).timestamp())) not in everybody
    assert (desk.ben.id, int(a.at(9).timestamp())) in everybody


@pytest.mark.parametrize("hour", [3, 3 - 24], ids=["three at night", "a Sunday at three"])
def test_a_time_nobody_works_is_saved_only_with_a_reason_on_record(desk, hour):
    with pytest.raises(CannotBook), desk.session.begin_nested():
        desk.book(24 * 7 + hour)
    with pytest.raises(Invalid), desk.session.begin_nested():
        desk.book(24 * 7 + hour, set_aside=SetAside(" "))
    assert desk.session.scalars(select(Booking)).all() == []

    desk.book(24 * 7 + hour, set_aside=SetAside("Urgent"))
    assert desk.session.scalars(select(Override.kind)).all() == [OverrideKind.OUTSIDE_HOURS]


def test_a_past_date_is_saved_by_no_reason_at_all(desk):
    with pytest.raises(CannotBook):
        desk.book(-24 * 60, set_aside=SetAside("Urgent"))


def test_a_cancelled_booking_is_in_nobodys_way(desk):
    booking = desk.book(9)
    request = CancelRequest(booking.id, booking.version, "ill")
    cancel(desk.session, desk.actor, request, now=a.BEFORE)

    again = desk.book(9, patient_id=a.patient(desk.session).id)

    assert again.starts_at == booking.starts_at
    assert desk.session.scalars(select(Override.kind)).all() == []
