"""What the booking line is taken to mean: to be shown, chosen from, and read out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.availability.next_free import Proposal
from core.booking_line import (
    Meaning,
    Named,
    Proposed,
    propose,
    read_line,
    services_offered,
    understand,
)
from core.catalog import get_organisation
from core.patients import PatientFound
from core.policy import Actor
from dashboard.components.line_field import LineList, LineOption
from dashboard.components.patient_picker import describe
from dashboard.components.wish_fields import PARTS
from dashboard.formatting import day, when
from dashboard.i18n import _, ngettext
from dashboard.line_words import line_words

MOST_SERVICES = 12
PATIENT, SERVICE, PROFESSIONAL, READING, TIME = (
    "patient",
    "service",
    "professional",
    "reading",
    "time",
)


@dataclass(frozen=True)
class Chosen:
    """What was chosen from the lists of a line; another line forgets it."""

    text: str = ""
    reading: int = 0
    patient: PatientFound | None = None
    service: Named | None = None
    professional: Named | None = None


@dataclass(frozen=True)
class Understood:
    chosen: Chosen
    readings: Sequence[Meaning]
    meaning: Meaning
    proposed: Proposed
    offered: Sequence[Named]
    """The services that could be meant where none is said."""
    zone: ZoneInfo
    now: datetime

    @property
    def may_be_new(self) -> bool:
        """Whether the words nobody fits can be somebody's name or number."""
        meaning = self.meaning
        return bool(not meaning.patients and meaning.unknown and not meaning.has_unread)

    @property
    def can_be_booked(self) -> bool:
        """A time and a patient, and no word that was left over."""
        meaning = self.meaning
        found = self.proposed.starts_at is not None and meaning.patient is not None
        return found and not meaning.unknown


def understand_line(
    session: Session, actor: Actor, chosen: Chosen, zone: ZoneInfo, *, now: datetime
) -> Understood:
    """The words and what was chosen for them; read anew each time, for the day goes on."""
    here = now.astimezone(zone)
    line = read_line(
        chosen.text,
        line_words(),
        today=here.date(),
        minute=here.hour * 60 + here.minute,
        country=get_organisation(session).country,
    )
    readings = understand(session, actor, line, now=now)
    meaning = _as_chosen(readings[min(chosen.reading, len(readings) - 1)], chosen)
    proposed = propose(session, actor, meaning, now=now)
    offered = services_offered(session, proposed.professional_id)
    return Understood(chosen, readings, meaning, proposed, offered, zone, now)


def _as_chosen(meaning: Meaning, chosen: Chosen) -> Meaning:
    """The reading with what was picked from its short lists."""
    return replace(
        meaning,
        patients=(chosen.patient,) if chosen.patient else meaning.patients,
        services=(chosen.service,) if chosen.service else meaning.services,
        professionals=(chosen.professional,) if chosen.professional else meaning.professionals,
    )


def lists_of(found: Understood) -> list[LineList]:
    """A short list for each part that could be several, and for what is free instead."""
    questions = (
        (_("Which patient?"), PATIENT, _patients(found)),
        (
            _("Which professional? The first who is free, unless you choose."),
            PROFESSIONAL,
            _professionals(found),
        ),
        (_("Which service?"), SERVICE, _services(found)),
        (
            _("Free instead:"),
            TIME,
            [(time_id(each), time_words(found, each)) for each in times_of(found)],
        ),
        (_("Or did you mean:"), READING, list(_other_readings(found))),
    )
    return [
        LineList(question, tuple(LineOption(f"{part}-{id}", name) for id, name in options))
        for question, part, options in questions
        if options
    ]


def choose(found: Understood, picked: str) -> Chosen | None:
    """With the option that was picked, if it is one of those; a time is not chosen but taken."""
    part, _dash, id = picked.partition("-")
    meaning, chosen = found.meaning, found.chosen
    if part == PATIENT and len(meaning.patients) > 1:
        patient = next((each for each in meaning.patients if str(each.id) == id), None)
        return replace(chosen, patient=patient) if patient else None
    if part == PROFESSIONAL and len(meaning.professionals) > 1:
        professional = next((each for each in meaning.professionals if str(each.id) == id), None)
        return replace(chosen, professional=professional) if professional else None
    if part == SERVICE:
        service = next((each for each in _services_meant(found) if str(each.id) == id), None)
        return replace(chosen, service=service) if service else None
    if part == READING and id in {number for number, _words in _other_readings(found)}:
        return replace(chosen, reading=int(id))
    return None


def times_of(found: Understood) -> Sequence[Proposal]:
    """What is free instead of the time that was said."""
    return found.proposed.other_times if found.proposed.service_id is not None else ()


def time_id(time: Proposal) -> str:
    return f"{time.professional_id}-{time.starts_at.timestamp():.0f}"


def time_words(found: Understood, time: Proposal) -> str:
    return f"{when(time.starts_at, found.zone, found.now)} · {time.professional}"


def _patients(found: Understood) -> list[tuple[str, str]]:
    patients = found.meaning.patients
    return [(str(each.id), describe(each)) for each in patients] if len(patients) > 1 else []


def _professionals(found: Understood) -> list[tuple[str, str]]:
    named = found.meaning.professionals
    return [(str(each.id), each.name) for each in named] if len(named) > 1 else []


def _services(found: Understood) -> list[tuple[str, str]]:
    return [(str(each.id), each.name) for each in _services_meant(found)]


def _services_meant(found: Understood) -> Sequence[Named]:
    """What to choose from once the patient is known, since they may have a usual service."""
    if found.proposed.service_id is not None or len(found.meaning.patients) > 1:
        return ()
    return (found.meaning.services or tuple(found.offered))[:MOST_SERVICES]


def _other_readings(found: Understood) -> Iterator[tuple[str, str]]:
    """Other ways to understand the same words."""
    chosen = found.chosen
    if len(found.readings) < 2 or chosen.patient or chosen.professional or chosen.service:
        return
    for number, each in enumerate(found.readings):
        if each.fit != found.meaning.fit or number != chosen.reading:
            yield str(number), _reading_words(each)


def _reading_words(meaning: Meaning) -> str:
    patients = (
        meaning.patients[0].name
        if len(meaning.patients) == 1
        else _("{count} patients").format(count=len(meaning.patients))
        if meaning.patients
        else ""
    )
    names = [each.name for each in (*meaning.services[:1], *meaning.professionals[:1])]
    return " · ".join(each for each in (patients, *names) if each)


def time_said(found: Understood) -> str:
    """When it would be, or that it is not free then."""
    meaning, proposed = found.meaning, found.proposed
    if proposed.starts_at is not None:
        return when(proposed.starts_at, found.zone, found.now)
    today = found.now.astimezone(found.zone).date()
    said = [day(meaning.on, today)] if meaning.on else []
    if meaning.minute is not None:
        said.append(f"{meaning.minute // 60:02}:{meaning.minute % 60:02}")
    elif meaning.part is not None:
        said.append(_(PARTS[meaning.part]).lower())
    if not said:
        return _("next free time")
    if proposed.service_id is None:
        return " ".join(said)
    return _("{time} is not free").format(time=" ".join(said))


def service_said(found: Understood) -> str:
    proposed = found.proposed
    service = next((each.name for each in found.offered if each.id == proposed.service_id), "")
    if service and proposed.is_usual_service:
        return _("{service} (as last time)").format(service=service)
    return service


def professional_said(found: Understood) -> str:
    named = ", ".join(each.name for each in found.meaning.professionals)
    return found.proposed.professional or named


def read_out(found: Understood) -> str:
    """All of it in a short sentence, and what can be done next."""
    meaning = found.meaning
    patient = meaning.patient.name if meaning.patient else ""
    parts = [time_said(found), patient, service_said(found), professional_said(found)]
    said = [", ".join(each for each in parts if each) + "."]
    if meaning.unknown:
        said.append(_("Not understood: {words}.").format(words=meaning.unknown))
        if found.may_be_new and found.proposed.starts_at is not None:
            said.append(_("Ctrl+Enter books for a new patient."))
    elif found.can_be_booked:
        said.append(_("Enter books."))
    elif not meaning.patients:
        said.append(_("The patient is missing."))
    count = sum(len(each.options) for each in lists_of(found))
    if count:
        choices = ngettext(
            "{count} choice with Arrow Down.", "{count} choices with Arrow Down.", count
        )
        said.append(choices.format(count=count))
    return " ".join(said)
