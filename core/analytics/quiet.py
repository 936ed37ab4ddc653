"""Who is booked least, and when: where time is left to offer, or hours to change."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.hours import utilisation_hours
from core.analytics.utilisation import Totals, UtilisationWeek, total
from core.policy import Actor, Permission, require

P = Permission

LEAST_OFFERED_MINUTES = 8 * 60
"""Who offered less is not called under-used, unless nobody offered more."""
WELL_USED = 0.9
NOON = 12


@dataclass(frozen=True)
class Used:
    """One professional's time, all weeks together."""

    professional_id: int
    professional: str
    time: Totals

    @property
    def is_well_used(self) -> bool:
        return (self.time.utilisation or 0) >= WELL_USED


@dataclass(frozen=True)
class Quiet:
    """Who was booked least, and the half of which weekday most of their free time lies in."""

    used: Used
    weekday: int
    before_noon: bool
    free_minutes: int


def least_used_first(weeks: Sequence[UtilisationWeek]) -> list[Used]:
    """Whoever offered time; of those used alike, in the order of the weeks."""
    of: dict[int, list[UtilisationWeek]] = {}
    for each in weeks:
        of.setdefault(each.professional_id, []).append(each)
    used = [Used(id, found[0].professional, total(found)) for id, found in of.items()]
    at_work = [each for each in used if each.time.offered_minutes]
    return sorted(at_work, key=lambda each: each.time.utilisation or 0)


def find_quiet(
    session: Session, actor: Actor, asked: AnalyticsAsked, used: Sequence[Used], *, now: datetime
) -> Quiet | None:
    """The first of them, if it is anybody, and when; None where nobody offered time."""
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    if not used:
        return None
    enough = [each for each in used if each.time.offered_minutes >= LEAST_OFFERED_MINUTES]
    least = (enough or used)[0]
    theirs = replace(asked, professional_ids=(least.professional_id,))
    free: Counter[tuple[int, bool]] = Counter()
    for each in utilisation_hours(session, actor, theirs, now=now):
        spare = each.offered_minutes - each.booked_minutes
        free[each.weekday, each.hour < NOON] += max(spare, 0)
    if not free:  # nothing of theirs may be read
        return None
    (weekday, before_noon), minutes = max(free.items(), key=lambda each: each[1])
    return Quiet(least, weekday, before_noon, minutes)
