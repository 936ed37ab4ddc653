"""Lines of the waiting list: who waits for what, which time suits whom, what was offered."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.availability.next_free import EVERY_DAY
from core.errors import N_
from core.models import Answer, Priority
from core.waiting import Fit, Gap, Offered, Waiting, Wishes
from dashboard.components.countdown import countdown
from dashboard.components.wish_fields import PARTS
from dashboard.feedback import md
from dashboard.formatting import WEEKDAYS, clock, day, phone, say, when
from dashboard.i18n import _

ANSWERS: Mapping[Answer | None, str] = {
    Answer.ACCEPTED: N_("accepted"),
    Answer.DECLINED: N_("declined"),
    Answer.NO_ANSWER: N_("no answer"),
    Answer.TAKEN_BACK: N_("taken back"),
    None: N_("ran out"),
}
COLUMNS = [5, 7, 2]


def free_line(fit: Fit, *, zone: ZoneInfo, now: datetime, key: str) -> bool:
    """A free time with the best who waits for it; whether "Offer" was pressed."""
    left, middle, right = st.columns(COLUMNS, vertical_alignment="center")
    left.markdown(
        f"**{md(times(fit.starts_at, fit.ends_at, zone, now))}**  \n{md(fit.professional)}"
    )
    middle.markdown(
        f"{md(fit.waiting.patient)} · {md(fit.waiting.service)}  \n:small[{why_words(fit)}]"
    )
    return right.button(
        _("Offer"),
        key=f"{key}_{fit.waiting.id}",
        icon=":material/call:",
        help=_("Hold the time for ten minutes and call"),
        width="stretch",
    )


def why_words(fit: Fit) -> str:
    """What ranked somebody where they stand, safe as Markdown."""
    return " · ".join(say(each) for each in fit.why)


def running_line(
    waiting: Waiting, names: Mapping[int, str], *, zone: ZoneInfo, now: datetime, key: str
) -> bool:
    """Somebody who is being offered a time, and how long it is held; whether to open it."""
    running = waiting.running
    assert running is not None
    left, middle, right = st.columns(COLUMNS, vertical_alignment="center")
    left.markdown(
        f"**{md(times(running.starts_at, running.ends_at, zone, now))}**  \n"
        f"{md(names.get(running.professional_id, ''))}"
    )
    offered = _("Offered to {patient} by {who}").format(
        patient=md(waiting.patient), who=md(running.offered_by)
    )
    with middle:
        st.markdown(offered)
        countdown(
            running.held_until,
            now=now,
            running=_("Held: {left} left"),
            over=_("No longer held."),
            key=f"{key}_left_{running.offer_id}",
        )
    return right.button(
        _("Open"), key=f"{key}_{running.offer_id}", icon=":material/call:", width="stretch"
    )


def entry_line(
    waiting: Waiting, names: Mapping[int, str], *, zone: ZoneInfo, now: datetime, key: str
) -> bool:
    """Somebody who waits, and what for; whether "Change" was pressed."""
    today = now.astimezone(zone).date()
    left, middle, right = st.columns(COLUMNS, vertical_alignment="center")
    number = phone(waiting.phone)
    left.markdown(
        f"**{md(waiting.patient)}**  \n"
        + " · ".join(md(each) for each in (waiting.service, number) if each)
    )
    since = _("since {day}").format(day=day(waiting.since.astimezone(zone).date(), today))
    lines = [md(wishes_words(waiting.wishes, names, today))]
    if waiting.wishes.note:
        lines.append(f":small[{md(waiting.wishes.note)}]")
    marks = [since]
    if waiting.wishes.priority is Priority.URGENT:
        marks.insert(0, _("urgent"))
    if waiting.visit_at is not None:
        marks.append(_("has a visit {when}").format(when=when(waiting.visit_at, zone, now)))
    if waiting.wishes.until_on is not None and waiting.wishes.until_on < today:
        marks.append(_("the last day has passed"))
    lines.append(f":small[{md(' · '.join(marks))}]")
    middle.markdown("  \n".join(lines))
    return right.button(
        _("Change"), key=f"{key}_{waiting.id}", icon=":material/edit:", width="stretch"
    )


def wishes_words(wishes: Wishes, names: Mapping[int, str], today: date) -> str:
    """ "With Dr Ada · until Friday 11 December · Monday, Wednesday · morning", as plain text."""
    who = [names[each] for each in wishes.professional_ids if each in names]
    found = [_("with {names}").format(names=_(" or ").join(who)) if who else _("with anybody")]
    if wishes.professional_ids and not who:
        found = [_("with somebody who does not work here any more")]
    if wishes.from_on is not None and wishes.from_on > today:
        found.append(_("from {day}").format(day=day(wishes.from_on, today)))
    if wishes.until_on is not None:
        found.append(_("until {day}").format(day=day(wishes.until_on, today)))
    if wishes.weekdays != EVERY_DAY:
        found.append(", ".join(_(WEEKDAYS[each - 1]) for each in sorted(wishes.weekdays)))
    for part in wishes.parts:
        words = PARTS.get(part)
        found.append(
            _(words).lower()
            if words
            else _("{low} to {high}").format(
                low=_of_day(part.starts_minute), high=_of_day(part.ends_minute)
            )
        )
    if wishes.notice_minutes:
        hours = -(-wishes.notice_minutes // 60)
        found.append(_("has to know {hours} h before").format(hours=hours))
    words = " · ".join(found)
    return words[:1].upper() + words[1:]


def log_lines(log: Sequence[Offered], *, zone: ZoneInfo, now: datetime) -> None:
    """What was offered before, and the answers."""
    for each in log:
        answer = _("being asked") if each.runs else _(ANSWERS[each.answer])
        line = _("{time} with {professional}: {answer} ({who}, {at})").format(
            time=when(each.starts_at, zone, now),
            professional=each.professional,
            answer=answer,
            who=each.offered_by,
            at=when(each.offered_at, zone, now),
        )
        st.caption(md(line))


def gap_words(gap: Gap, professional: str, zone: ZoneInfo, now: datetime) -> str:
    return _("{times} with {professional}").format(
        times=times(gap.starts_at, gap.ends_at, zone, now), professional=professional
    )


def times(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, now: datetime) -> str:
    return f"{when(starts_at, zone, now)}-{clock(ends_at, zone)}"


def _of_day(minute: int) -> str:
    return _("{hour:02}:{minute:02}").format(hour=minute // 60, minute=minute % 60)
