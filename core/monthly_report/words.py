"""What the report says, in the reader's language."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from core.analytics import By, Quiet
from core.analytics.searches import WHAT_TO_DO
from core.analytics.tables import CHANNELS, word_of
from core.day_names import MONTHS
from core.errors import N_
from core.models import Channel
from core.monthly_report.counting import MonthFigures, MonthlyReport
from core.recurrence import months_later

Say = Callable[[str], str]

LONGEST_NAME = 48


@dataclass(frozen=True)
class Tile:
    """A headline: its number, what it is of, and the same of the month before."""

    title: str
    value: str
    of: str
    before: str


@dataclass(frozen=True)
class Line:
    """One group of a small chart."""

    label: str
    count: int


def month_in_words(month: date, say: Say) -> str:
    return say(N_("{month} {year}")).format(month=say(MONTHS[month.month - 1]), year=month.year)


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def share(part: float | None) -> str:
    """Below a tenth the part of a point matters, as on the screen."""
    return f"{part:.1%}" if part and part < 0.1 else percent(part)


def hours(minutes: int, say: Say) -> str:
    return say(N_("{hours:,} h")).format(hours=round(minutes / 60))


def money(cents: int, currency: str) -> str:
    return f"{cents / 100:,.2f} {currency}"


def short(name: str) -> str:
    """A name within a sentence, however long it is."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def tiles(report: MonthlyReport, say: Say) -> list[Tile]:
    """Each headline beside the month before; nothing stands beside what had nothing to count."""
    now = _headlines(report.figures, report.currency, say)
    before = _headlines(report.before, report.currency, say)
    counted = [
        report.before.time.offered_minutes,
        report.before.time.visits,
        report.before.seats.due,
        report.before.seats.booked,
        report.before.made.made,
        report.before.worth.visits,
        report.before.worth.visits,
        report.before.people.patients,
    ]
    month = month_in_words(months_later(report.month, -1), say)
    return [
        Tile(title, value, of, f"{month}: {earlier if is_counted else '–'}")
        for (title, value, of), (_title, earlier, _of), is_counted in zip(
            now, before, counted, strict=True
        )
    ]


def _headlines(found: MonthFigures, currency: str, say: Say) -> list[tuple[str, str, str]]:
    return [*_of_time(found, say), *_of_seats(found, say), *_of_demand(found, currency, say)]


def _of_time(found: MonthFigures, say: Say) -> list[tuple[str, str, str]]:
    offered, booked = found.time.offered_minutes, found.time.booked_minutes
    return [
        (
            say(N_("Utilisation")),
            percent(found.time.utilisation),
            say(N_("of {hours} offered")).format(hours=hours(offered, say)),
        ),
        (
            say(N_("Visits")),
            f"{found.time.visits:,}",
            say(N_("in {hours}")).format(hours=hours(booked, say)),
        ),
    ]


def _of_seats(found: MonthFigures, say: Say) -> list[tuple[str, str, str]]:
    seats = found.seats
    late_share = seats.late / seats.booked if seats.booked else None
    return [
        (
            say(N_("No-shows")),
            f"{seats.no_shows:,} · {share(seats.no_show_share)}",
            say(N_("of {due:,} patients due")).format(due=seats.due),
        ),
        (
            say(N_("Cancelled late")),
            f"{seats.late:,} · {share(late_share)}",
            say(N_("of {booked:,} booked")).format(booked=seats.booked),
        ),
    ]


def _of_demand(found: MonthFigures, currency: str, say: Say) -> list[tuple[str, str, str]]:
    worth, people = found.worth, found.people
    return [
        (say(N_("Bookings made")), f"{found.made.made:,}", say(N_("for these and other days"))),
        (
            say(N_("Booked")),
            money(worth.booked_cents, currency),
            say(N_("{visits:,} visits")).format(visits=worth.visits),
        ),
        (
            say(N_("Lost")),
            money(worth.lost_cents, currency),
            say(N_("{amount} of it no-shows")).format(amount=money(worth.no_show_cents, currency)),
        ),
        (
            say(N_("New and returning")),
            f"{people.new:,} · {people.returning:,}",
            say(N_("of {patients:,} patients who came")).format(patients=people.patients),
        ),
    ]


def sentences(report: MonthlyReport, say: Say) -> list[str]:
    """Who is under-used and when; what no-shows cost; what is asked for and cannot be had."""
    return [_under_used(report.quiet, say), _missed(report, say), _not_had(report, say)]


def _under_used(quiet: Quiet | None, say: Say) -> str:
    if quiet is None:
        return say(N_("Nobody had working hours in this month."))
    values = {
        "name": short(quiet.used.professional),
        "share": percent(quiet.used.time.utilisation),
        "offered": hours(quiet.used.time.offered_minutes, say),
    }
    if quiet.used.is_well_used:
        sentence = N_(
            "Even {name}, booked least of all, was booked {share} of {offered}: hardly any time "
            "is left."
        )
        return say(sentence).format(**values)
    half = N_("{weekday} before noon") if quiet.before_noon else N_("{weekday} after noon")
    when = say(half).format(weekday=say(str(word_of(By.WEEKDAY, quiet.weekday))))
    sentence = N_(
        "{name} was booked least: {share} of {offered}. {when} had most time left ({free}): offer "
        "it first, or change these hours."
    )
    return say(sentence).format(**values, when=when, free=hours(quiet.free_minutes, say))


def _missed(report: MonthlyReport, say: Say) -> str:
    seats, worth = report.figures.seats, report.figures.worth
    if not (seats.due or seats.late):
        return say(N_("Nobody was due in this month, and nobody cancelled late."))
    if not (seats.no_shows or seats.late):
        return say(N_("Nobody of {due:,} due stayed away, and nobody cancelled late.")).format(
            due=seats.due
        )
    sentence = N_(
        "No-shows cost {missed} ({no_shows:,} of {due:,} due), late cancellations {cancelled} "
        "({late:,} of {booked:,} booked)."
    )
    said = say(sentence).format(
        missed=money(worth.no_show_cents, report.currency),
        no_shows=seats.no_shows,
        due=seats.due,
        cancelled=money(worth.late_cents, report.currency),
        late=seats.late,
        booked=seats.booked,
    )
    worst = report.missed_on
    if worst is None:
        return said
    advice = N_(
        "{weekday} had the highest share ({no_shows:,} of {due:,} due): confirm its visits the "
        "day before."
    )
    weekday = say(str(word_of(By.WEEKDAY, worst.key)))
    return f"{said} " + say(advice).format(weekday=weekday, no_shows=worst.no_shows, due=worst.due)


def _not_had(report: MonthlyReport, say: Say) -> str:
    if not report.wanted:
        if not report.searched.searches:
            return say(N_("Nobody looked for a time in this month, and nobody waits."))
        return say(N_("Each of {searches:,} searches found a time, and nobody waits.")).format(
            searches=report.searched.searches
        )
    worst = report.wanted[0]
    sentence = N_(
        "People ask for {service} most often without getting it: {nothing:,} of {searches:,} "
        "searches found no time; waiting for it now: {waiting:,}."
    )
    said = say(sentence).format(
        service=short(worst.name),
        nothing=worst.nothing,
        searches=worst.searches,
        waiting=worst.waiting,
    )
    if worst.why in WHAT_TO_DO:
        return f"{said} {say(WHAT_TO_DO[worst.why])}"
    if not worst.why:
        return said
    return f"{said} " + say(N_("Most often: {why}.")).format(why=say(worst.why).lower())


def channels(report: MonthlyReport, say: Say) -> list[Line]:
    """Through whom the bookings were made; nothing was brought in from a file in most months."""
    made = report.figures.made
    counts = {
        Channel.DESK: made.desk,
        Channel.PROFESSIONAL: made.professional,
        Channel.PATIENT: made.patient,
        Channel.IMPORT: made.imported,
    }
    return [
        Line(say(CHANNELS[each]), count)
        for each, count in counts.items()
        if count or each is not Channel.IMPORT
    ]


def leads(report: MonthlyReport, say: Say) -> list[Line]:
    """How long before the visit they were made."""
    return [Line(say(str(word_of(By.LEAD, each.key))), each.made) for each in report.leads]


def notes(report: MonthlyReport, say: Say) -> Sequence[str]:
    """What the numbers count, for whoever reads them without the screen."""
    said = [
        say(
            N_(
                "Utilisation is booked time as a share of the time offered; cancelled visits and "
                "no-shows are not booked. Due: begun and not cancelled; in a group each patient "
                "counts. Money at the price each visit was sold at; other currencies are left out."
            )
        )
    ]
    if unmarked := report.figures.seats.unmarked:
        sentence = N_(
            "{count:,} that were due are still marked as booked: they count as if they had come."
        )
        said.append(say(sentence).format(count=unmarked))
    return said
