"""What figures are asked of: which days, and whose and which bookings."""

from dataclasses import dataclass, replace
from datetime import date, timedelta


@dataclass(frozen=True)
class AnalyticsAsked:
    """Local days, both included; what is left empty means everybody and everything.

    Whoever may read their own figures alone is answered with those, whatever is asked.
    """

    first: date
    last: date
    professional_ids: tuple[int, ...] = ()
    service_ids: tuple[int, ...] = ()
    room_ids: tuple[int, ...] = ()

    def before(self) -> "AnalyticsAsked":
        """As many days, just before."""
        length = self.last - self.first + timedelta(days=1)
        return replace(self, first=self.first - length, last=self.last - length)
