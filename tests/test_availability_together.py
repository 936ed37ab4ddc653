"""Several professionals at once, or any of several."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.availability import (
    Busy,
    Explainer,
    Limits,
    Part,
    ReasonCode,
    TogetherExplainer,
    starts_with_all,
    starts_with_any,
)
from core.interval import to_instant
from tests import a
from tests.test_availability import VISITS, calendars, sec, sheet, times, visit

HOURLY = visit(60, step=3600)


def part(id: int, name: str, *hours: tuple[float, float], wanted=HOURLY, **values) -> Part:
    busy = [Busy(sec(start), sec(end), booking_id=7) for start, end in hours]
    return Part(sheet(professional_id=id, name=name, busy=busy, **values), wanted)


ADA = part(1, "Dr Ada", (9, 11))
BOB = part(2, "Dr Bob", (10, 12), (16, 17))


def test_with_all_everybody_is_free_and_with_any_somebody_is():
    assert times(starts_with_all([ADA, BOB], now=a.BEFORE)) == ["12:00", "13:00", "14:00", "15:00"]
    found = times(starts_with_any([ADA, BOB], now=a.BEFORE))
    assert found == ["09:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]


def test_the_reasons_name_who_is_in_the_way():
    explain = TogetherExplainer([ADA, BOB], now=a.BEFORE)
    names = {
        hour: [each.professional for each in explain.in_the_way(sec(hour))]
        for hour in (9, 10, 11, 12)
    }
    assert names == {9: ["Dr Ada"], 10: ["Dr Ada", "Dr Bob"], 11: ["Dr Bob"], 12: []}
    assert explain.in_the_way(sec(11))[0].reasons[0].code is ReasonCode.TAKEN


def test_with_any_nobody_is_in_the_way_while_one_is_free():
    explain = TogetherExplainer([ADA, BOB], starts_with_any, now=a.BEFORE)
    assert explain.in_the_way(sec(9)) == []
    assert [each.professional for each in explain.in_the_way(sec(10))] == ["Dr Ada", "Dr Bob"]


def test_a_start_off_the_shared_step_says_so():
    explain = TogetherExplainer([ADA, BOB], now=a.BEFORE)
    [found] = explain.in_the_way(sec(12.5))
    assert [each.code for each in found.reasons] == [ReasonCode.OFF_STEP]


def test_each_keeps_their_own_buffers_rooms_and_limits():
    rested = replace(ADA, visit=visit(60, before=30, step=3600))
    roomless = replace(BOB, rooms=[[Busy(sec(13), sec(14))]])
    full = replace(
        BOB, sheet=replace(BOB.sheet, limits=Limits(visits_per_day=2), busy=BOB.sheet.busy)
    )
    assert times(starts_with_all([rested, roomless], now=a.BEFORE)) == ["12:00", "14:00", "15:00"]
    assert starts_with_all([ADA, full], now=a.BEFORE) == []
    assert times(starts_with_any([ADA, full], now=a.BEFORE))[0] == "11:00"


PARTS = st.lists(st.tuples(calendars(), VISITS), min_size=2, max_size=3)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PARTS, st.integers(-6, 30))
def test_a_start_is_offered_exactly_when_nobody_is_in_the_way(drawn, hours):
    first, wanted = drawn[0]
    parts = [
        Part(replace(each, clock=first.clock, span=first.span), replace(own, rules=wanted.rules))
        for each, own in drawn
    ]
    now = to_instant(first.span[0] + hours * 3600)
    explainers = [Explainer(each.sheet, each.visit, now=now) for each in parts]
    for find, enough in ((starts_with_all, all), (starts_with_any, any)):
        offered = set(find(parts, now=now))
        together = TogetherExplainer(parts, find, now=now)
        for moment in {*range(first.span[0], first.span[1], 900), *offered}:
            in_the_way = together.in_the_way(moment)
            assert (moment in offered) == (not in_the_way), moment
            if moment in offered:
                assert enough(not each.against(moment) for each in explainers)
