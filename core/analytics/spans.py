"""Spans of time by the thousand: their starts and their ends, each an array of seconds."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.analytics.facts import Mask, Numbers
from core.interval import Span

FAR = 1 << 40


@dataclass(frozen=True)
class Spans:
    starts: Numbers
    ends: Numbers

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Spans":
        rows = np.array(list(spans), np.int64).reshape(-1, 2)
        return cls(rows[:, 0], rows[:, 1])

    @property
    def lengths(self) -> Numbers:
        return self.ends - self.starts

    @property
    def minutes(self) -> int:
        return int(self.lengths.sum()) // 60

    def only(self, mask: Mask) -> "Spans":
        return Spans(self.starts[mask], self.ends[mask])

    def within(self, edges: Numbers) -> Numbers:
        """Seconds between each edge and the next; where spans overlap, each of them counts."""
        passed = _passed(self.starts, edges) - _passed(self.ends, edges)
        return np.diff(passed)

    def joined(self) -> "Spans":
        """The same time in sorted spans that neither overlap nor touch."""
        order = np.argsort(self.starts, kind="stable")
        starts, reach = self.starts[order], np.maximum.accumulate(self.ends[order])
        apart = starts[1:] > reach[:-1]
        first = np.concatenate([[True], apart])[: len(starts)]
        last = np.concatenate([apart, [True]])[-len(starts) :] if len(starts) else first
        return Spans(starts[first], reach[last])

    def common(self, other: "Spans") -> "Spans":
        """The time both have; both joined."""
        edges = np.unique(np.concatenate([self.starts, self.ends, other.starts, other.ends]))
        both = self._holds(edges[:-1]) & other._holds(edges[:-1])
        return Spans(edges[:-1][both], edges[1:][both])

    def without(self, other: "Spans") -> "Spans":
        """The time the other leaves of it; both joined."""
        return self.common(
            Spans(np.append(-FAR, other.ends), np.append(other.starts, FAR)),
        )

    def _holds(self, instants: Numbers) -> Mask:
        begun = np.searchsorted(self.starts, instants, side="right")
        return begun > np.searchsorted(self.ends, instants, side="right")


def _passed(instants: Numbers, edges: Numbers) -> Numbers:
    """At each edge: the seconds since every instant before it, added up."""
    ordered = np.sort(instants)
    sums = np.concatenate([[0], np.cumsum(ordered)])
    before = np.searchsorted(ordered, edges)
    passed: Numbers = before * edges - sums[before]
    return passed
