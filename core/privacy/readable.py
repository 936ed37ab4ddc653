"""Everything about a person as a page they can read and print, in their own language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from phonenumbers import NumberParseException, PhoneNumberFormat

from core.errors import N_
from core.languages import NAMES as LANGUAGES
from core.models import BookingState
from core.privacy.inventory import HOLDINGS

S = BookingState
Held = Mapping[str, Sequence[Mapping[str, Any]]]
"""The rows of each table of the inventory, with times as times."""


@dataclass(frozen=True)
class Language:
    """One to write in: its tag, and what a sentence is called in it."""

    tag: str
    say: Callable[[str], str]


Speaks = Callable[[str], Language]
"""Which language to write in for somebody who speaks that of a tag."""

ENGLISH = Language("en", str)


def in_english(_tag: str) -> Language:
    return ENGLISH


@dataclass(frozen=True)
class Entry:
    title: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Section:
    heading: str
    facts: Sequence[tuple[str, str]] = ()
    entries: Sequence[Entry] = ()


@dataclass(frozen=True)
class Page:
    lang: str
    practice: str
    title: str
    made: str
    nothing: str
    sections: Sequence[Section]
    footer: Sequence[str]


@dataclass(frozen=True)
class Writing:
    """How times and sentences are written on one page."""

    language: Language
    zone: ZoneInfo
    now: datetime

    def say(self, sentence: str, **values: object) -> str:
        return self.language.say(sentence).format(**values)

    def day(self, on: date) -> str:
        words = {"weekday": self.say(f"{on:%A}"), "month": self.say(f"{on:%B}")}
        return self.say(N_("{weekday} {day} {month} {year}"), day=on.day, year=on.year, **words)

    def birthday(self, on: date) -> str:
        return self.say(
            N_("{day} {month} {year}"), day=on.day, month=self.say(f"{on:%B}"), year=on.year
        )

    def time(self, at: datetime) -> str:
        there = at.astimezone(self.zone)
        clock = self.say(N_("{hour:02}:{minute:02}"), hour=there.hour, minute=there.minute)
        return self.say(N_("{date}, {time}"), date=self.day(there.date()), time=clock)


STATES: Mapping[str, str] = {
    S.HELD: N_("Held"),
    S.BOOKED: N_("Booked"),
    S.ARRIVED: N_("Arrived"),
    S.IN_PROGRESS: N_("In progress"),
    S.COMPLETED: N_("Completed"),
    S.NO_SHOW: N_("No-show"),
    S.CANCELLED: N_("Cancelled"),
}
PARTS: Mapping[str, str] = {
    "morning": N_("Mornings"),
    "afternoon": N_("Afternoons"),
    "evening": N_("Evenings"),
}
TOLD = frozenset(
    {
        "patients",
        "preferred_professionals",
        "bookings",
        "attendees",
        "waiting_entries",
        "recalls",
    }
)
"""Tables whose rows are written out here; of the others it is said what they are for."""


def write_page(
    held: Held, patient_id: int, practice: str, zone: ZoneInfo, speaks: Speaks, *, now: datetime
) -> str:
    """The page as HTML: no script, nothing from elsewhere, every value escaped."""
    patient = next(each for each in held["patients"] if each["id"] == patient_id)
    writing = Writing(speaks(patient["language"]), zone, now)
    say = writing.say
    coming, past = _visits(held, writing)
    page = Page(
        lang=writing.language.tag,
        practice=practice,
        title=say(N_("What is kept about {name}"), name=patient["name"]),
        made=say(N_("Written on {time}."), time=writing.time(now)),
        nothing=say(N_("Nothing.")),
        sections=(
            Section(say(N_("Person")), facts=_person(patient, held, writing)),
            Section(say(N_("Visits to come")), entries=coming),
            Section(say(N_("Past and cancelled visits")), entries=past),
            Section(say(N_("Waiting list")), entries=_waiting(held, writing)),
            Section(say(N_("To be seen again")), entries=_recalls(held, writing)),
            Section(say(N_("Also kept")), entries=_rest(held, writing)),
        ),
        footer=(
            say(N_("Times are those of the practice.")),
            say(
                N_(
                    "The files beside this page hold all of it, each date and number: "
                    "person.json whole, the .csv files as tables for a spreadsheet."
                )
            ),
        ),
    )
    return _template().render(page=page)


@cache
def _template() -> Template:
    """Escapes by itself whatever it is given."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("person.html")


def _person(patient: Mapping[str, Any], held: Held, writing: Writing) -> list[tuple[str, str]]:
    say = writing.say
    preferred = [
        *dict.fromkeys(each["professional_id"] for each in held["preferred_professionals"]),
        *(say(PARTS[each]) for each in patient["preferred_parts"].split(",") if each),
        *patient["preference"].split("\n"),
    ]
    born_on = patient["born_on"]
    facts = (
        (N_("Name"), patient["name"]),
        (N_("Phone"), _phone(patient["phone"])),
        (N_("E-mail"), patient["email"]),
        (N_("Date of birth"), writing.birthday(born_on) if born_on else ""),
        (N_("Language"), say(LANGUAGES.get(patient["language"], "")) or patient["language"]),
        (N_("Alerts"), patient["alerts"]),
        (N_("Preferences"), "\n".join(each for each in preferred if each)),
        (N_("Note for the desk"), patient["desk_note"]),
        (N_("Send no messages"), say(N_("Yes")) if patient["no_contact"] else ""),
        (N_("On file since"), writing.time(patient["created_at"])),
    )
    return [(say(label), value) for label, value in facts if value]


def _phone(kept: str) -> str:
    try:
        number = phonenumbers.parse(kept)
    except NumberParseException:
        return kept
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def _visits(held: Held, writing: Writing) -> tuple[list[Entry], list[Entry]]:
    """Those to come, the next first; the others, the latest first."""
    seats = {each["booking_id"]: each for each in held["attendees"]}
    rows = sorted(held["bookings"], key=lambda each: (each["starts_at"], each["id"]))
    coming: list[Entry] = []
    past: list[Entry] = []
    for each in rows:
        seat = seats[each["id"]]
        entry = _visit(each, seat, writing)
        is_open = seat["state"] in (S.BOOKED, S.ARRIVED, S.IN_PROGRESS)
        (coming if is_open and each["ends_at"] > writing.now else past).append(entry)
    return coming, past[::-1]


def _visit(booking: Mapping[str, Any], seat: Mapping[str, Any], writing: Writing) -> Entry:
    say = writing.say
    what = say(
        N_("{service} with {professional}"),
        service=booking["service_id"],
        professional=booking["professional_id"],
    )
    state = N_("waiting for a seat") if seat["waiting"] else STATES[seat["state"]]
    facts = (what, booking["room_id"], _price(booking), say(state))
    notes = (
        (N_("Note: {words}"), booking["desk_note"]),
        (N_("Reason: {words}"), booking["cancel_reason"]),
    )
    return Entry(
        writing.time(booking["starts_at"]),
        [
            " · ".join(each for each in facts if each),
            *(say(sentence, words=words) for sentence, words in notes if words),
        ],
    )


def _price(booking: Mapping[str, Any]) -> str:
    cents: int = booking["price_cents"]
    return f"{cents // 100}.{cents % 100:02} {booking['currency']}" if cents else ""


def _waiting(held: Held, writing: Writing) -> list[Entry]:
    entries = []
    for each in held["waiting_entries"]:
        lines = [writing.say(N_("Since {time}"), time=writing.time(each["created_at"]))]
        if each["closed_at"] is not None:
            lines.append(writing.say(N_("Until {time}"), time=writing.time(each["closed_at"])))
        entries.append(Entry(each["service_id"], [*lines, *_said(each, writing)]))
    return entries


def _recalls(held: Held, writing: Writing) -> list[Entry]:
    entries = []
    for each in held["recalls"]:
        what = " · ".join(name for name in (each["service_id"], each["professional_id"]) if name)
        lines = [what] if what else []
        if each["closed_at"] is not None:
            lines.append(writing.say(N_("Until {time}"), time=writing.time(each["closed_at"])))
        entries.append(Entry(writing.day(each["due_on"]), [*lines, *_said(each, writing)]))
    return entries


def _said(row: Mapping[str, Any], writing: Writing) -> list[str]:
    notes = ((N_("Note: {words}"), row["note"]), (N_("Reason: {words}"), row["close_reason"]))
    return [writing.say(sentence, words=words) for sentence, words in notes if words]


def _rest(held: Held, writing: Writing) -> list[Entry]:
    """What a person would not read line by line: in which file it stands, and what for."""
    entries = []
    for each in HOLDINGS:
        name = each.table.name
        if name not in TOLD and held[name]:
            kept = writing.say(N_("Kept {why}."), why=writing.say(each.why))
            entries.append(Entry(f"{name}.csv", [kept]))
    return entries
