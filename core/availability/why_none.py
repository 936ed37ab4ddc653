"""Why a search found nothing: the reason most of the starts that would do are refused for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy.orm import Session

from core.availability.loading import Days, load_sheets_and
from core.availability.next_free import Seeker, is_wanted_then
from core.availability.reasons import Explainer, ReasonCode
from core.availability.sheet import Busy, DaySheet
from core.interval import to_seconds

MOST_DAYS = 7
"""What stands in the way of a week stands in the way of the next one, too."""
SHORTEST_STEP = 15 * 60


def why_none(session: Session, seeker: Seeker, first: date, last: date) -> ReasonCode | None:
    """Of the starts while somebody works, the commonest reason; else that nobody does.

    None where nobody offers it.
    """
    if not seeker.visits:
        return None
    few = Days(first, min(last, first + timedelta(days=MOST_DAYS - 1)))
    sheets, busy = load_sheets_and(session, seeker.visits, few, seeker.others, now=seeker.now)
    at_work, away = Counter[ReasonCode](), Counter[ReasonCode]()
    for sheet in sheets:
        counted = at_work if _starts(seeker, sheet, at_work=True) else away
        counted.update(_reasons(seeker, sheet, busy, at_work=counted is at_work))
    found = (at_work or away).most_common(1)
    return found[0][0] if found else ReasonCode.CLOSED  # the day is over


def _reasons(
    seeker: Seeker, sheet: DaySheet, busy: Mapping[int, Sequence[Busy]], *, at_work: bool
) -> Iterator[ReasonCode]:
    rooms, patient = seeker.busy_in(busy)
    visit = seeker.visit_of[sheet.professional_id]
    explainer = Explainer(sheet, visit, now=seeker.now, rooms=rooms, patient=patient)
    for start in _starts(seeker, sheet, at_work=at_work):
        yield from (each.code for each in explainer.against(start)[:1])


def _starts(seeker: Seeker, sheet: DaySheet, *, at_work: bool) -> list[int]:
    """Those to come that would do: while they work, or at any time."""
    step = max(SHORTEST_STEP, seeker.visit_of[sheet.professional_id].rules.step)
    asked, spans = seeker.asked, sheet.offered if at_work else [sheet.span]
    low, high = max(sheet.span[0], to_seconds(seeker.now)), sheet.span[1]
    return [
        start
        for opens, closes in spans
        for start in range(opens, min(closes, high), step)
        if start >= low and is_wanted_then(sheet.clock, start, asked.weekdays, asked.parts)
    ]
