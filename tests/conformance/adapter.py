"""Builds our objects from a case and asks the engine; it decides nothing itself."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from core import recurrence
from core.availability import (
    Busy,
    DaySheet,
    Explainer,
    Limits,
    Part,
    Rules,
    TimeOffSpan,
    Visit,
    WallClock,
    clock_of,
    full_spans,
    peak,
    starts,
    starts_every_week,
    starts_with_all,
    starts_with_any,
)
from core.availability.hours import DateWindow, Habits, WeeklyWindow, spans_of_hours
from core.availability.starts import horizon_end, next_on_clock
from core.interval import Span, intersect, subtract, to_instant, to_seconds, union
from core.models import Anchor, BufferRule

PATH = Path(__file__).parent / "availability_cases.json"
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
FOREVER = 10**10

Values = dict[str, Any]


@dataclass(frozen=True)
class Case:
    id: str
    kind: str
    title: str
    source: str
    adopt: str
    given: Values
    expect: Values
    ours: Values | None = None
    note: str = ""


def load_cases() -> list[Case]:
    known = Case.__dataclass_fields__
    return [
        Case(**{name: value for name, value in each.items() if name in known})
        for each in json.loads(PATH.read_text(encoding="utf-8"))["cases"]
    ]


def answer(case: Case) -> Values:
    """What the engine says to the case, in the words the case expects."""
    return ASK[case.kind](case.given)


def seconds(text: str) -> int:
    return to_seconds(datetime.fromisoformat(text))


def spans(pairs: list[list[str]]) -> list[Span]:
    return [(seconds(start), seconds(end)) for start, end in pairs]


def text(moment: int) -> str:
    return to_instant(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def texts(found: list[Span]) -> Values:
    return {"windows": [[text(start), text(end)] for start, end in found]}


def minute(wall: str) -> int:
    hour, minutes = wall.split(":")
    return int(hour) * 60 + int(minutes)


def range_of(given: Values) -> Span:
    return seconds(given["range"]["from"]), seconds(given["range"]["to"])


def rules_of(given: Values, clock_rules: Values) -> Rules:
    """Our rules for theirs; ``grid`` and ``step`` come in minutes."""
    minutes = {name: 60 * value for name, value in clock_rules.items() if isinstance(value, int)}
    clock = clock_rules.get("anchor") == "clock"
    return Rules(
        step=60 * given.get("service", {}).get("step", 15),
        grid=minutes.get("grid") if clock else None,
        grid_offset=minutes.get("grid_offset", 0),
        anchor=Anchor.CLOCK if clock else Anchor.OPENING,
        after_visits=clock_rules.get("generate") == "subtract",
        start_offset=minutes.get("start_offset", 0),
        fill_gaps=clock_rules.get("mode") == "fill_gaps",
        buffer_rule=BufferRule.ADD,
        buffers_inside_hours=clock_rules.get("buffer_inside_hours", False),
        end_tolerance=clock_rules.get("end_tolerance_s", 0),
        notice=minutes.get("notice", 0),
        notice_included=clock_rules.get("notice_boundary") != "exclusive",
    )


def visit_of(given: Values, own: Mapping[str, Any] | None = None) -> Visit:
    service = given["service"] | (own or {})
    return Visit(
        length=60 * service["duration"],
        before=60 * service.get("buffer_before", 0),
        after=60 * service.get("buffer_after", 0),
        rules=rules_of(given, given["rules"]),
        booking_id=given.get("exclude", 0),
        seats=service.get("capacity", 1),
    )


def weekly_of(given: Values, name: str, *, overnight: bool) -> list[WeeklyWindow]:
    found = []
    for each in given.get(name, ()):
        start, end = minute(each["start"]), minute(each["end"])
        if overnight and end < start:
            end += 1440
        found += [WeeklyWindow(day, start, end, name == "breaks") for day in each["days"]]
    return found


def habits_of(given: Values, clock: WallClock) -> Habits:
    overnight = given.get("rules", {}).get("overnight", False)
    dates = []
    for each in given.get("overrides", ()):
        ordinal = date.fromisoformat(each["date"]).toordinal()
        dates += [
            DateWindow(ordinal, minute(start), minute(end)) for start, end in each["windows"]
        ] or [DateWindow(ordinal)]
    weekly = [
        *weekly_of(given, "weekly", overnight=overnight),
        *weekly_of(given, "breaks", overnight=overnight),
    ]
    return Habits(clock, weekly, dates)


def busy_of(given: Values) -> list[Busy]:
    """Their entries as the loader would hand them out: no own holds, none that has run out."""
    now = seconds(given["now"]) if "now" in given else 0
    found = []
    for each in given.get("busy", ()):
        if each.get("status") in ("pending", "rejected", "cancelled"):
            continue
        if each.get("status") == "held" and (
            each["owner"] == given["viewer"] or seconds(each["expires"]) <= now
        ):
            continue
        busy = Busy(
            seconds(each["start"]),
            seconds(each["end"]),
            each.get("buffer_before", 0),
            each.get("buffer_after", 0),
            each.get("id", 0),
        )
        found.append(busy)
    return sorted(found)


def sheet_of(given: Values, *, until: int = 0) -> DaySheet:
    """A sheet over the range of the question, or on to ``until``."""
    clock = clock_of(given["tz"])
    span = range_of(given)
    reach = span[0], max(span[1], until)
    if "windows" in given:
        shifts, breaks = sorted(spans(given["windows"])), list[Span]()
    else:
        first, last = clock.ordinal_of(reach[0]) - 1, clock.ordinal_of(reach[1]) + 1
        shifts, breaks = spans_of_hours(habits_of(given, clock), first, last)
    if given.get("rules", {}).get("clamp"):
        shifts = [part for each in shifts for part in intersect([each], [span])]
    if "valid_until" in given:
        hours = (0, seconds(given["valid_until"]))
        shifts = [part for each in shifts for part in intersect([each], [hours])]
    limit = given.get("limit", {})
    names = {"count": "visits_per_day", "minutes": "minutes_per_day"}
    return DaySheet(
        professional_id=1,
        name="Dr Ada",
        clock=clock,
        span=reach,
        shifts=shifts,
        breaks=breaks,
        time_off=sorted(
            TimeOffSpan(seconds(each["start"]), seconds(each["end"]))
            for each in given.get("time_off", ())
        ),
        busy=busy_of(given),
        limits=Limits(**{names[limit["unit"]]: limit["max"]}) if limit else Limits(),
    )


def now_of(given: Values) -> datetime:
    return datetime.fromisoformat(given["now"]) if "now" in given else LONG_AGO


def ask_slots(given: Values) -> Values:
    now = now_of(given)
    if "professionals" not in given:
        return started(starts(sheet_of(given), visit_of(given), now=now))
    parts = []
    for each in given["professionals"]:
        own = {"tz": given["tz"], "range": given["range"], "rules": given["rules"]} | each
        # One clock lays the lattice; each keeps hours by their own.
        sheet = replace(sheet_of(own), clock=clock_of(given["tz"]))
        parts.append(Part(sheet, visit_of(given, each.get("service"))))
    combine = {"all": starts_with_all, "any": starts_with_any}[given["assign"]]
    return started(combine(parts, now=now))


def started(found: list[int]) -> Values:
    return {"starts": [text(each) for each in found], "count": len(found)}


def ask_windows(given: Values) -> Values:
    sheet = sheet_of(given)
    asked = sheet.span
    merged = given["rules"].get("merge_windows", True)
    found = sheet.working if merged else sheet.windows
    return texts([each for each in found if each[0] < asked[1] and asked[0] < each[1]])


def ask_algebra(given: Values) -> Values:
    if given["op"] == "union":
        return texts(union(spans(given["a"])))
    if given["op"] == "subtract":
        return texts(subtract(spans(given["a"]), spans(given["b"])))
    first, second = given["sets"]
    return texts(intersect(spans(first), spans(second)))


def ask_conflict(given: Values) -> Values:
    """The candidate against what is there, on a professional's and a patient's calendar."""
    candidate, patient, existing = given["candidate"], [], []
    matched = given.get("match_on", ["resource"])
    for each in busy_of({"busy": given["existing"]}):
        row = next(row for row in given["existing"] if seconds(row["start"]) == each.start)
        if "patient" in matched and row["patient"] == candidate["patient"]:
            patient.append(each)
        others = {"practitioner", "resource"}.intersection(matched)
        if any(row[name] == candidate[name] for name in others):
            existing.append(each)
    start, end = seconds(candidate["start"]), seconds(candidate["end"])
    gap = 60 * given.get("gap", 0)
    rules = Rules(step=1, buffer_rule=BufferRule.GAP)
    visit = Visit(end - start, before=gap, after=gap, rules=rules)
    return {"ok": not reasons(open_sheet(existing), visit, start, patient)}


def open_sheet(busy: list[Busy], limits: Limits | None = None, zone: str = "UTC") -> DaySheet:
    """Somebody who is always there."""
    every = (0, FOREVER)
    return DaySheet(
        1, "Dr Ada", clock_of(zone), every, [every], busy=sorted(busy), limits=limits or Limits()
    )


def reasons(
    sheet: DaySheet,
    visit: Visit,
    start: int,
    patient: list[Busy] | tuple[Busy, ...] = (),
    now: datetime = LONG_AGO,
) -> list[str]:
    return [str(each) for each in Explainer(sheet, visit, now=now, patient=patient).reasons(start)]


def ask_service_hours(given: Values) -> Values:
    weekly = given["weekly"]
    if "service_hours" in given:
        opens, closes = given["service_hours"]
        weekly = [{"days": list(range(1, 8)), "start": opens, "end": closes}]
    candidate = {name: f"{wall}:00Z" for name, wall in given["candidate"].items()}
    start, end = seconds(candidate["start"]), seconds(candidate["end"])
    day = to_instant(start).date()
    until = (day + timedelta(days=1)).isoformat() + "T00:00:00Z"
    question = {"from": day.isoformat() + "T00:00:00Z", "to": until}
    sheet = sheet_of({"tz": "UTC", "weekly": weekly, "range": question})
    try:
        visit = Visit(end - start, rules=Rules(step=1))
    except ValueError:
        return {"ok": False}
    return {"ok": not reasons(sheet, visit, start)}


def ask_peak(given: Values) -> Values:
    seats = given["max_concurrent"]
    existing = spans(given["existing"])
    candidate = seconds(given["candidate"]["start"]), seconds(given["candidate"]["end"])
    visit = Visit(candidate[1] - candidate[0], rules=Rules(step=1), seats=seats)
    sheet = open_sheet([Busy(*each, seats=seats) for each in existing])
    return {
        "peak_existing": peak(existing, candidate),
        "ok": not reasons(sheet, visit, candidate[0]),
    }


def ask_full(given: Values) -> Values:
    bookings = [tuple(each) for each in given["bookings"]]
    found = full_spans(bookings, given["candidate_capacity"])
    return {"blocked_hours": [list(each) for each in found]}


def ask_limit(given: Values) -> Values:
    unit = {"count": "visits", "minutes": "minutes"}[given["unit"]]
    limits = Limits(
        **{f"{unit}_per_{given['per']}": given["max"]}, week_starts_on=given["week_start"]
    )
    start, end = (seconds(given["candidate"][each]) for each in ("start", "end"))
    busy = busy_of({"busy": given["existing"]})
    sheet = open_sheet(busy, limits, given["tz"])
    return {"ok": not reasons(sheet, Visit(end - start, rules=Rules(step=1)), start)}


def ask_day_limit(given: Values) -> Values:
    sheet = sheet_of(given)
    day = date.fromisoformat(given["limit"]["report_date"])
    found = starts(sheet, visit_of(given), now=now_of(given))
    return {"slots_on_date": sum(sheet.clock.date_of(each) == day for each in found)}


def ask_horizon(given: Values) -> Values:
    clock = clock_of(given["tz"])
    counted = range(1, 8) if given["count"] == "calendar" else range(1, 6)
    rules = Rules(horizon_days=given["days"], horizon_weekdays=counted)
    end = horizon_end(clock, rules, now_of(given))
    days = [date.fromisoformat(each) for each in given["dates"]]
    return {
        "open_dates": [each.isoformat() for each in days if clock.span_of_days(each, each)[0] < end]
    }


def ask_reschedule_notice(given: Values) -> Values:
    now = datetime(2026, 12, 7, tzinfo=UTC)
    old, new = (
        to_seconds(now + timedelta(hours=given[name])) for name in ("original_in_h", "new_in_h")
    )
    rules = Rules(step=1, notice=3600 * given["notice_h"])
    visit = Visit(3600, rules=rules, booking_id=7, moved_from=old)
    sheet = open_sheet([Busy(old, old + 3600, booking_id=7)])
    return {"ok": not reasons(sheet, visit, new, now=now)}


def ask_grid(given: Values) -> Values:
    rules = Rules(step=60 * given["interval"], grid_offset=60 * given["offset"])
    at = seconds(given["at"])
    return {"aligned": next_on_clock(clock_of(given["tz"]), at, rules) == at}


def ask_first_start(given: Values) -> Values:
    """The rest of a window, from its first start on the clock."""
    until = given.get("valid_until", FOREVER)
    every = (0, FOREVER)
    ended = [TimeOffSpan(until, FOREVER)] if until < FOREVER else []
    sheet = replace(open_sheet([]), shifts=[tuple(given["window"])], time_off=ended, span=every)
    rules = Rules(step=given["increment_s"])
    left = intersect(sheet.offered, [(given["now"], FOREVER)])
    if not left:
        return {"window": None}
    return {"window": [next_on_clock(sheet.clock, left[0][0], rules), left[0][1]]}


def ask_steps(given: Values) -> Values:
    shifts = [(60 * start, 60 * end) for start, end in given["windows"]]
    sheet = replace(open_sheet([]), shifts=shifts)
    rules = Rules(step=60 * given["increment"], anchor=Anchor.OPENING)
    found = starts(sheet, Visit(60 * given["length"], rules=rules), now=to_instant(0))
    return {"starts": [each // 60 for each in found]}


def ask_series(given: Values) -> Values:
    weeks = given["occurrences"] - 1
    first = range_of(given)
    sheet = sheet_of(given, until=first[1] + 7 * 86400 * (weeks + 1))
    return started(
        starts_every_week(sheet, visit_of(given), first=first, weeks=weeks, now=now_of(given))
    )


def ask_recur(given: Values) -> Values:
    """LibreBooking counts repeats, so its first date is not among them; see ``source``."""
    start = date.fromisoformat(given["start"])
    until = date.fromisoformat(given["until"]) if "until" in given else None
    end = recurrence.End(until=until, count=given.get("count"))
    every = given.get("every", 1)
    style = given["style"]
    if style == "daily":
        found = recurrence.daily(start, end, every=every)
    elif style == "monthly_day":
        found = recurrence.monthly_on_date(start, end, every=every)
    elif style == "monthly_nth":
        found = recurrence.monthly_on_weekday(start, end, every=every)
    else:
        # Blocks of seven days from the first date are weeks that begin on its weekday.
        week_starts_on = given.get("week_start", start.isoweekday())
        found = recurrence.weekly(
            start, end, weekdays=given["weekdays"], every=every, week_starts_on=week_starts_on
        )
    dates = list(found.dates)
    if not style.startswith("weekly") and dates[0] == start:
        dates = dates[1:]
    return {"dates": [each.isoformat() for each in dates], "count": len(dates)}


ASK: Mapping[str, Callable[[Values], Values]] = {
    "slots": ask_slots,
    "windows": ask_windows,
    "algebra": ask_algebra,
    "conflict": ask_conflict,
    "service_hours": ask_service_hours,
    "peak": ask_peak,
    "full": ask_full,
    "recur": ask_recur,
    "series": ask_series,
    "limit": ask_limit,
    "day_limit_slots": ask_day_limit,
    "horizon": ask_horizon,
    "reschedule_notice": ask_reschedule_notice,
    "grid": ask_grid,
    "first_start": ask_first_start,
    "steps": ask_steps,
}
