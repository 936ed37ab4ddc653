"""Visits that share their time: when every place is taken."""

from collections.abc import Iterable, Sequence

from core.interval import Span, intersect, union

Seated = tuple[int, int, int]
"""From, to, and how many visits at once the service of that visit allows."""


def full_spans(seated: Iterable[Seated], seats: int) -> list[Span]:
    """When no visit of a service with ``seats`` can be added.

    At each instant the strictest applies: of the new visit, and of those that are there.
    """
    return union(
        (start, end)
        for start, end, there in _instants(seated)
        if there and len(there) >= min(seats, *there)
    )


def peak(spans: Iterable[Span], within: Span) -> int:
    """The most visits there are at one instant of ``within``."""
    inside = ((*each, 1) for span in spans for each in intersect([span], [within]))
    return max((len(there) for _start, _end, there in _instants(inside)), default=0)


def _instants(seated: Iterable[Seated]) -> Iterable[tuple[int, int, Sequence[int]]]:
    """Stretches in which the same visits are there, with the seats each of them allows."""
    edges = sorted(
        edge for start, end, seats in seated for edge in ((start, True, seats), (end, False, seats))
    )
    there: list[int] = []
    since = 0
    for moment, comes, seats in edges:
        if moment > since:
            yield since, moment, tuple(there)
        since = moment
        if comes:
            there.append(seats)
        else:
            there.remove(seats)
