"""Notes what patients, and visitors, look for by themselves, where they have said a service."""

from datetime import datetime

from core.availability.next_free import NextAsked
from core.directory import FoundPage, FreeTimes, Order, Sought, TimesAsked, When
from core.policy import Actor
from core.searches import SearchMade
from dashboard import searched

ABOUT = "directory"


def note_list(actor: Actor, sought: Sought, page: FoundPage, *, now: datetime) -> None:
    """The list of those who fit, as far as its first page says whether anybody is free."""
    is_all = page.page == 1 and (page.pages == 1 or sought.order is Order.SOONEST)
    if sought.service_id is None or not page.count or not is_all:
        return
    times = [start for each in page.found for day in each.days for start in day.starts]
    _note(actor, _asked(actor, sought.service_id, (), sought.when), times, now)


def note_times(actor: Actor, asked: TimesAsked, found: FreeTimes, *, now: datetime) -> None:
    """The times of one. That there are none on later dates only is no answer yet."""
    times = [start for day in found.days for start in day.starts]
    if times or found.next_on is None:
        wanted = _asked(actor, asked.service_id, (asked.professional_id,), asked.when)
        _note(actor, wanted, times, now)


def _asked(actor: Actor, service_id: int, people: tuple[int, ...], when: When) -> NextAsked:
    return NextAsked(
        service_id,
        patient_id=actor.patient_id,
        professional_ids=people,
        weekdays=when.weekdays,
        parts=when.parts,
        from_on=when.from_on,
    )


def _note(actor: Actor, asked: NextAsked, times: list[datetime], now: datetime) -> None:
    made = SearchMade(asked, len(times), min(times, default=None))
    searched.note(actor, made, searched.about(actor.patient_id, ABOUT), now=now)
