"""What somebody who waits would come for, in few keys."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, time, timedelta

import streamlit as st

from core.availability.next_free import AFTERNOON, EVENING, EVERY_DAY, MORNING, DayPart
from core.errors import N_
from core.models import Priority, Professional, Service
from core.waiting import Wishes
from dashboard.components.liked import Liked, fill, say_filled
from dashboard.feedback import md
from dashboard.formatting import WEEKDAYS
from dashboard.i18n import _

PARTS: Mapping[DayPart, str] = {
    MORNING: N_("Morning"),
    AFTERNOON: N_("Afternoon"),
    EVENING: N_("Evening"),
}
BETWEEN = "between"
NOTICES: Mapping[int, str] = {
    0: N_("Can come at once"),
    60: N_("An hour before"),
    180: N_("Three hours before"),
    24 * 60: N_("A day before"),
    48 * 60: N_("Two days before"),
}
NINE, TEN = time(9), time(10)
A_YEAR = timedelta(days=366)


def wish_fields(
    services: Sequence[Service],
    offering: Callable[[int], Sequence[Professional]],
    start: Wishes | None,
    *,
    today: date,
    key: str,
    liked: Liked | None = None,
) -> Wishes | None:
    """Draw the fields, filled with ``start`` and, where that says nothing, with what whoever
    was chosen prefers; None while no service is chosen.
    """
    service_id = _service(services, start, key)
    if service_id is None:
        return None
    professional_ids = _professionals(service_id, offering(service_id), start, key, liked)
    from_on, until_on = _days(start, today, key)
    weekdays = _weekdays(start, key)
    parts = _parts(start, key, liked)
    if liked is not None:
        say_filled(liked, f"{key}_professionals", f"{key}_parts")
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    notice = _notice(left, start, key)
    urgent = right.toggle(
        _("Urgent"),
        value=start is not None and start.priority is Priority.URGENT,
        key=f"{key}_urgent",
    )
    note = st.text_input(_("Note (optional)"), start.note if start else "", key=f"{key}_note")
    return Wishes(
        service_id=service_id,
        professional_ids=professional_ids,
        from_on=from_on,
        until_on=until_on,
        weekdays=weekdays,
        parts=parts,
        notice_minutes=notice,
        priority=Priority.URGENT if urgent else Priority.NORMAL,
        note=note,
    )


def own_wish_fields(
    service_id: int, professional: tuple[int, str], *, today: date, key: str
) -> Wishes:
    """What a patient wishes by themselves: with this professional or anybody, and when."""
    id, name = professional
    anybody = st.checkbox(
        _("With anybody, not only {name}").format(name=md(name)), key=f"{key}_anybody"
    )
    from_on, until_on = _days(None, today, key)
    return Wishes(
        service_id=service_id,
        professional_ids=() if anybody else (id,),
        from_on=from_on,
        until_on=until_on,
        weekdays=_weekdays(None, key),
        parts=_parts(None, key, None),
        notice_minutes=_notice(st.container(), None, key, _("How long before you have to know")),
    )


def _service(services: Sequence[Service], start: Wishes | None, key: str) -> int | None:
    names = {each.id: each.name for each in services}
    before = start.service_id if start else None
    return st.selectbox(
        _("Service"),
        list(names),
        index=list(names).index(before) if before in names else None,
        format_func=lambda id: names[id],
        key=f"{key}_service",
        placeholder=_("Choose a service"),
    )


def _professionals(
    service_id: int,
    offering: Sequence[Professional],
    start: Wishes | None,
    key: str,
    liked: Liked | None,
) -> tuple[int, ...]:
    names = {each.id: each.name for each in offering}
    given = [each for each in (start.professional_ids if start else ()) if each in names]
    if liked is not None and not given:
        fill(f"{key}_professionals", liked.people(list(names)), liked, service_id)
    chosen = st.multiselect(
        _("With"),
        list(names),
        default=given or None,
        format_func=lambda id: names[id],
        key=f"{key}_professionals",
        placeholder=_("Anybody"),
    )
    return tuple(chosen)


def _days(start: Wishes | None, today: date, key: str) -> tuple[date, date | None]:
    left, right = st.columns(2)
    first = (start.from_on if start else None) or today
    from_on = left.date_input(
        _("From"), first, min_value=min(first, today), format="DD.MM.YYYY", key=f"{key}_from"
    )
    until_on = right.date_input(
        _("Until (optional)"),
        start.until_on if start else None,
        max_value=today + A_YEAR,
        format="DD.MM.YYYY",
        key=f"{key}_until",
    )
    return (
        from_on if isinstance(from_on, date) else first,
        until_on if isinstance(until_on, date) else None,
    )


def _weekdays(start: Wishes | None, key: str) -> frozenset[int]:
    chosen = st.pills(
        _("Only on (any day if none)"),
        sorted(EVERY_DAY),
        format_func=lambda each: _(WEEKDAYS[each - 1]),
        selection_mode="multi",
        default=sorted(start.weekdays) if start and start.weekdays != EVERY_DAY else None,
        key=f"{key}_weekdays",
    )
    return frozenset(chosen) or EVERY_DAY


def _parts(start: Wishes | None, key: str, liked: Liked | None) -> tuple[DayPart, ...]:
    """Parts of the day, and a stretch of one's own where none of them says it."""
    wished = start.parts if start else ()
    own = next((each for each in wished if each not in PARTS), None)
    options: dict[str, str] = {_name(part): word for part, word in PARTS.items()}
    options[BETWEEN] = N_("Other times")
    before = [_name(each) for each in wished if each in PARTS] + ([BETWEEN] if own else [])
    if liked is not None and not before:
        fill(f"{key}_parts", [_name(each) for each in liked.parts], liked)
    chosen = st.pills(
        _("Time of day (any time if none)"),
        list(options),
        format_func=lambda each: _(options[each]),
        selection_mode="multi",
        default=before or None,
        key=f"{key}_parts",
    )
    parts = [each for each in PARTS if _name(each) in chosen]
    if BETWEEN in chosen:
        left, right = st.columns(2)
        low = left.time_input(
            _("Starts from"), _clock(own.starts_minute) if own else NINE, key=f"{key}_low"
        )
        high = right.time_input(
            _("Starts before"), _clock(own.ends_minute) if own else TEN, key=f"{key}_high"
        )
        if low is not None and high is not None:
            parts.append(DayPart(_minute(low), _minute(high) or 24 * 60))
    return tuple(parts)


def _notice(
    where: st.delta_generator.DeltaGenerator, start: Wishes | None, key: str, label: str = ""
) -> int:
    before = start.notice_minutes if start else 0
    known = dict(NOTICES) if before in NOTICES else {**NOTICES, before: ""}
    options = sorted(known)
    return where.selectbox(
        label or _("Has to know"),
        options,
        index=options.index(before),
        format_func=lambda each: (
            _(known[each]) or _("{hours} hours before").format(hours=each // 60)
        ),
        key=f"{key}_notice",
    )


def _name(part: DayPart) -> str:
    return f"{part.starts_minute}-{part.ends_minute}"


def _clock(minute: int) -> time:
    return time(*divmod(minute % (24 * 60), 60))


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
