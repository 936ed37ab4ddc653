"""Figures as tables: what a page shows below a figure, and the file of it, line by line."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.analytics.demand import Made, Waited
from core.analytics.forecast import Forecast
from core.analytics.grouping import By, Key
from core.analytics.hours import Gaps, UtilisationHour
from core.analytics.people import People
from core.analytics.searches import WAITED_BY, Searched
from core.analytics.seats import SeatCounts
from core.analytics.utilisation import UtilisationWeek
from core.analytics.worth import Worth
from core.day_names import WEEKDAYS
from core.errors import N_
from core.models import Channel


@dataclass(frozen=True)
class Table:
    """Titles and words are in English, to be translated; names and numbers are as they are."""

    titles: Sequence[str]
    rows: Sequence[Sequence[object]]


TITLES: Mapping[By, str] = {
    By.DAY: N_("Day"),
    By.WEEK: N_("Week from"),
    By.MONTH: N_("Month from"),
    By.WEEKDAY: N_("Weekday"),
    By.HOUR: N_("Hour"),
    By.LEAD: N_("Booked ahead"),
    By.SERVICE: N_("Service"),
    By.PROFESSIONAL: N_("Professional"),
    By.TIER: N_("Tier"),
    By.ROOM: N_("Room"),
    By.CHANNEL: N_("Booked through"),
    By.RETURNING: N_("New or returning"),
}
WORDS: Mapping[By, Sequence[str]] = {
    By.WEEKDAY: WEEKDAYS,
    By.LEAD: (
        N_("Under a day"),
        N_("1–2 days"),
        N_("3–6 days"),
        N_("1–2 weeks"),
        N_("2–4 weeks"),
        N_("4 weeks or more"),
    ),
    By.RETURNING: (N_("New"), N_("Returning")),
}
CHANNELS: Mapping[Channel, str] = {
    Channel.DESK: N_("Desk"),
    Channel.PROFESSIONAL: N_("Professional"),
    Channel.PATIENT: N_("Patient"),
    Channel.IMPORT: N_("Import"),
}
FIRST_CAME = N_("First came in")
NONE: Mapping[By, str] = {
    By.LEAD: N_("Not known"),
    By.TIER: N_("No tier"),
    By.ROOM: N_("No room"),
    By.PROFESSIONAL: N_("Anybody, or several"),
    By.WEEKDAY: N_("Any day, or several"),
}


def word_of(by: By, key: Key, name: str = "") -> object:
    """What a group is called: its name, a word, an hour, or the date it begins on."""
    if key is None:
        return NONE.get(by, "")
    if by in WORDS and isinstance(key, int):
        return WORDS[by][key]
    if by is By.CHANNEL:
        return CHANNELS[Channel(str(key))]
    if by is By.HOUR:
        return f"{key:02}:00"
    return name or key


def utilisation_table(found: Iterable[UtilisationWeek]) -> Table:
    """Every week of every professional."""
    titles = (
        TITLES[By.WEEK],
        TITLES[By.PROFESSIONAL],
        N_("Utilisation %"),
        N_("Booked h"),
        N_("Offered h"),
        N_("Visits"),
        N_("No-shows"),
        N_("Cancelled"),
    )
    return Table(
        titles,
        [
            (
                each.week_starts_on,
                each.professional,
                per_cent(each.utilisation),
                round(each.booked_minutes / 60, 2),
                round(each.offered_minutes / 60, 2),
                each.visits,
                each.no_shows,
                each.cancelled,
            )
            for each in found
        ],
    )


def hours_table(found: Iterable[UtilisationHour]) -> Table:
    """Every hour of every weekday."""
    titles = (
        TITLES[By.WEEKDAY],
        TITLES[By.HOUR],
        N_("Utilisation %"),
        N_("Booked h"),
        N_("Offered h"),
    )
    return Table(
        titles,
        [
            (
                word_of(By.WEEKDAY, each.weekday),
                word_of(By.HOUR, each.hour),
                per_cent(each.utilisation),
                round(each.booked_minutes / 60, 2),
                round(each.offered_minutes / 60, 2),
            )
            for each in found
        ],
    )


def gaps_table(found: Iterable[Gaps]) -> Table:
    """Free time and what of it is too short to sell."""
    titles = (
        TITLES[By.PROFESSIONAL],
        N_("Free h"),
        N_("Too short h"),
        N_("Too short %"),
        N_("Gaps too short"),
        N_("Shortest service, minutes"),
    )
    return Table(
        titles,
        [
            (
                each.professional,
                round(each.free_minutes / 60, 2),
                round(each.short_minutes / 60, 2),
                per_cent(each.short_share),
                each.short_gaps,
                each.shortest_minutes,
            )
            for each in found
        ],
    )


def forecast_table(found: Forecast) -> Table:
    """The weeks ahead: what is booked, and where it will probably end."""
    titles = (
        TITLES[By.WEEK],
        N_("Offered h"),
        N_("Booked h"),
        N_("Still open h"),
        N_("Booked %"),
        N_("Will probably end at %"),
        N_("At least %"),
        N_("At most %"),
        N_("Finished weeks compared"),
    )
    return Table(
        titles,
        [
            (
                each.week_starts_on,
                round(each.offered_minutes / 60, 2),
                round(each.booked_minutes / 60, 2),
                round(each.open_minutes / 60, 2),
                *map(per_cent, (each.booked, each.likely, each.low, each.high)),
                each.finished_weeks,
            )
            for each in found.weeks
        ],
    )


def seats_table(by: By, found: Iterable[SeatCounts]) -> Table:
    """No-shows and cancellations with what they are shares of."""
    titles = (
        TITLES[by],
        N_("Due"),
        N_("No-shows"),
        N_("No-show %"),
        N_("Not marked"),
        N_("Booked"),
        N_("Cancelled"),
        N_("Cancelled %"),
        N_("In time"),
        N_("Late"),
        N_("By us"),
        N_("Left a group"),
    )
    rows = [
        (
            word_of(by, each.key, each.name),
            each.due,
            each.no_shows,
            per_cent(each.no_show_share),
            each.unmarked,
            each.booked,
            each.cancelled,
            per_cent(each.cancelled_share),
            each.early,
            each.late,
            each.by_us,
            each.left,
        )
        for each in found
    ]
    return Table(titles, rows)


def made_table(by: By, found: Iterable[Made]) -> Table:
    """Bookings made, by where they came from."""
    titles = (TITLES[by], N_("Made"), *CHANNELS.values())
    return Table(
        titles,
        [
            (
                word_of(by, each.key, each.name),
                each.made,
                each.desk,
                each.professional,
                each.patient,
                each.imported,
            )
            for each in found
        ],
    )


def waited_table(by: By, found: Iterable[Waited]) -> Table:
    """Time between arriving and beginning."""
    titles = (
        TITLES[by],
        N_("Visits"),
        N_("Minutes on average"),
        N_("Over 15 minutes"),
        N_("Over 15 minutes %"),
    )
    return Table(
        titles,
        [
            (
                word_of(by, each.key, each.name),
                each.visits,
                None if each.minutes is None else round(each.minutes, 1),
                each.long,
                per_cent(each.long / each.visits if each.visits else None),
            )
            for each in found
        ],
    )


def searches_table(by: By, found: Iterable[Searched]) -> Table:
    """Searches and what they found; who waits stands beside what can be waited for."""
    waited_for = by in WAITED_BY
    titles = (
        SEARCHED_BY.get(by, TITLES[by]),
        N_("Searches"),
        N_("Found nothing"),
        N_("Found nothing %"),
        N_("Days ahead, median"),
        N_("Mostly because"),
        *((N_("Waiting now"),) if waited_for else ()),
    )
    rows = [
        (
            word_of(by, each.key, each.name),
            each.searches,
            each.nothing,
            per_cent(each.share),
            each.days_ahead,
            each.why,
            *((each.waiting,) if waited_for else ()),
        )
        for each in found
    ]
    return Table(titles, rows)


SEARCHED_BY: Mapping[By, str] = {By.CHANNEL: N_("Searched by"), By.WEEKDAY: N_("Day asked for")}


def worth_table(by: By, found: Iterable[Worth]) -> Table:
    """Money, in units of the currency."""
    titles = (
        TITLES[by],
        N_("Visits"),
        N_("Value booked"),
        N_("Of that to come"),
        N_("Lost to no-shows"),
        N_("Lost to late cancellations"),
    )
    return Table(
        titles,
        [
            (
                word_of(by, each.key, each.name),
                each.visits,
                each.booked_cents / 100,
                each.to_come_cents / 100,
                each.no_show_cents / 100,
                each.late_cents / 100,
            )
            for each in found
        ],
    )


def months_table(found: People) -> Table:
    """New and returning patients, month by month."""
    titles = (TITLES[By.MONTH], *WORDS[By.RETURNING])
    return Table(titles, [(each.month, each.new, each.returning) for each in found.months])


def visits_table(found: People) -> Table:
    """How many patients came how often."""
    return Table((N_("Visits"), N_("Patients")), list(found.by_visits.items()))


def months_after(count: int) -> str:
    """The title of a column; no sign stands before it, which spreadsheets take for a formula."""
    return "After 1 month" if count == 1 else f"After {count} months"


def cohorts_table(found: People, *, after: Callable[[int], str] = months_after) -> Table:
    """Of those who came first in a month, the share that came in each month after it."""
    months = max(len(found.cohorts) - 1, 0)
    titles = (FIRST_CAME, N_("Patients"), *(after(each + 1) for each in range(months)))
    return Table(
        titles,
        [
            (
                each.month,
                each.patients,
                *(
                    per_cent(again / each.patients if each.patients else None)
                    for again in each.came_again
                ),
                *(None,) * (months - len(each.came_again)),
            )
            for each in found.cohorts
        ],
    )


def per_cent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)
