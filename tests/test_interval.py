"""Half-open time: the overlap rule in Python and in SQL, and the algebra over spans."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.db import overlaps
from core.interval import Interval, intersect, minutes_of, subtract, union
from core.models import Booking
from tests import a

SPANS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 40)).map(lambda at: (at[0], at[0] + at[1])),
    max_size=12,
)


def seconds_in(spans):
    return {second for start, end in spans for second in range(start, end)}


OVERLAP_CASES = [
    pytest.param(8, 9, False, id="touches before"),
    pytest.param(10, 11, False, id="touches after"),
    pytest.param(8, 9.5, True, id="reaches in"),
    pytest.param(9.5, 11, True, id="reaches out"),
    pytest.param(9.25, 9.75, True, id="inside"),
    pytest.param(8, 11, True, id="around"),
    pytest.param(9, 10, True, id="the same"),
]


@pytest.mark.parametrize(("start", "end", "expected"), OVERLAP_CASES)
def test_overlap_means_the_same_in_python_and_in_sql(session, start, end, expected):
    professional = a.professional(session)
    a.booking(session, professional, a.span(9, 10))
    other = a.span(start, end)

    found = session.scalars(
        select(Booking).where(overlaps(Booking.starts_at, Booking.ends_at, other.start, other.end))
    ).all()

    assert a.span(9, 10).overlaps(other) is expected
    assert bool(found) is expected


def test_an_interval_must_be_in_utc_and_end_after_it_starts():
    noon = datetime(2026, 12, 7, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="must be in UTC"):
        Interval(noon.replace(tzinfo=None), noon)
    with pytest.raises(ValueError, match="must end after"):
        Interval(noon, noon)
    assert Interval(noon, noon + timedelta(minutes=5)).minutes == 5


@given(SPANS)
def test_union_covers_the_same_time_in_spans_that_do_not_touch(spans):
    merged = union(spans)
    assert seconds_in(merged) == seconds_in(spans)
    assert all(left[1] < right[0] for left, right in itertools.pairwise(merged))


@given(SPANS, SPANS)
def test_subtract_leaves_what_the_others_do_not_cover(spans, taken):
    left = subtract(union(spans), taken)
    assert seconds_in(left) == seconds_in(spans) - seconds_in(taken)
    assert left == sorted(left)


@given(SPANS, SPANS)
def test_intersect_keeps_what_both_cover(spans, others):
    common = intersect(union(spans), union(others))
    assert seconds_in(common) == seconds_in(spans) & seconds_in(others)


def test_minutes_are_counted_over_all_spans():
    assert minutes_of([(0, 600), (1200, 1500)]) == 15
