"""What the words of a line stand for: a patient, a service, a professional.

Each word may be any of them. The reading under which most fits is the one meant; close
seconds are kept, for the desk to choose from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.availability.next_free import DayPart
from core.booking_line.line import LineRead
from core.booking_line.reading import as_typed
from core.catalog import load_professionals, load_services
from core.models import Attendee, Booking, Professional, ProfessionalService, Service
from core.patients import PatientFound, find_patients, fold
from core.policy import Actor, Permission, require

MOST_PATIENTS = 6
MOST_TOSSED = 6
"""So many words may stand for more than one thing; the others are a patient's."""
SHORTEST_BEGINNING = 3
WHOLE_WORD, BEGINNING, TITLED = 3.0, 2.0, 4.0
KNOWN_PATIENT, NO_PATIENT, UNKNOWN_PATIENT, UNKNOWN_WORD = 2.0, -2.0, -4.0, -1.5
WHOLE_NAME = 1.5
NEAR = 1.5
"""How much worse a second reading may fit and still be offered."""
MOST_READINGS = 4

PATIENT, SERVICE, PROFESSIONAL, NOTHING = "patient", "service", "professional", "nothing"


@dataclass(frozen=True)
class Named:
    id: int
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Meaning:
    """One way to understand a line. Several candidates mean: ask."""

    on: date | None
    minute: int | None
    part: DayPart | None
    """Which part of the day, where no time is said."""
    patients: tuple[PatientFound, ...]
    services: tuple[Named, ...]
    professionals: tuple[Named, ...]
    unknown: str
    """Words nobody and nothing fits."""
    has_unread: bool
    """Whether some of these are of no day and no time: no name for a patient then."""
    fit: float

    @property
    def patient(self) -> PatientFound | None:
        return self.patients[0] if len(self.patients) == 1 else None


def understand(session: Session, actor: Actor, line: LineRead, *, now: datetime) -> list[Meaning]:
    """The ways to understand a line, the best first; never none."""
    require(actor, Permission.BOOKINGS_WRITE)
    services = [_named(each) for each in load_services(session)]
    professionals = [_named(each) for each in load_professionals(session, actor)]
    found: dict[str, tuple[PatientFound, ...]] = {}

    def patients_of(words: str) -> tuple[PatientFound, ...]:
        if words not in found:
            people = (
                find_patients(session, actor, words, limit=MOST_PATIENTS, now=now) if words else ()
            )
            found[words] = tuple(people)
        return found[words]

    meanings = []
    for roles in _castings(line.words, services, professionals):
        cast = {
            role: [w for w, r in zip(line.words, roles, strict=True) if r == role]
            for role in (PATIENT, SERVICE, PROFESSIONAL, NOTHING)
        }
        fitting = (
            _fitting(cast[SERVICE], services),
            _fitting([*cast[PROFESSIONAL], *line.titled], professionals),
        )
        if (cast[SERVICE] and not fitting[0]) or (cast[PROFESSIONAL] and not fitting[1]):
            continue
        sought = " ".join([*cast[PATIENT], line.phone]).strip()
        patients = _in_full(cast[PATIENT], patients_of(sought))
        fit = (
            _fit(cast[SERVICE], fitting[0])
            + _fit(cast[PROFESSIONAL], fitting[1])
            + TITLED * bool(line.titled and fitting[1])
            + _fit_of_patients(cast[PATIENT], sought, patients)
            + UNKNOWN_WORD * len(cast[NOTHING])
        )
        unknown = [*line.unread, *cast[NOTHING]]
        unknown += [*cast[PATIENT], line.phone] if sought and not patients else []
        unknown += line.titled if line.titled and not fitting[1] else []
        said = (line.on, line.minute, line.part if line.minute is None else None)
        meanings.append(
            Meaning(
                *said,
                patients,
                *fitting,
                unknown=as_typed(line, unknown),
                has_unread=bool(line.unread),
                fit=fit,
            )
        )
    meanings.sort(key=lambda each: -each.fit)
    best = meanings[0].fit
    near = [each for each in meanings if each.fit > best - NEAR and not each.unknown]
    return (near if near and near[0].fit == best else meanings[:1])[:MOST_READINGS]


def usual_service(
    session: Session, patient_id: int, professional_id: int | None = None
) -> int | None:
    """What the patient came for last, where it is still offered (by that professional)."""
    offered = select(ProfessionalService.service_id)
    if professional_id is not None:
        offered = offered.where(ProfessionalService.professional_id == professional_id)
    return session.scalar(
        select(Booking.service_id)
        .join(Attendee, Attendee.booking_id == Booking.id)
        .join(Service, Service.id == Booking.service_id)
        .where(
            Attendee.patient_id == patient_id,
            Service.archived_at.is_(None),
            Booking.service_id.in_(offered),
        )
        .order_by(Booking.starts_at.desc())
        .limit(1)
    )


def services_offered(session: Session, professional_id: int | None) -> list[Named]:
    """What can be asked for, of one professional or of anybody, by name."""
    query = select(Service).where(Service.archived_at.is_(None)).order_by(func.lower(Service.name))
    if professional_id is not None:
        theirs = select(ProfessionalService.service_id).where(
            ProfessionalService.professional_id == professional_id
        )
        query = query.where(Service.id.in_(theirs))
    return [_named(each) for each in session.scalars(query)]


def _castings(
    words: Sequence[str], services: Sequence[Named], professionals: Sequence[Named]
) -> Iterator[tuple[str, ...]]:
    """Every way to give each word its part, as far as it could play it at all."""
    options, tossed = [], 0
    for word in words:
        parts = [PATIENT]
        if tossed < MOST_TOSSED:
            parts += [SERVICE] * any(_rating(word, each) for each in services)
            parts += [PROFESSIONAL] * any(_rating(word, each) for each in professionals)
            parts += [NOTHING] * (len(parts) == 1)
        tossed += len(parts) > 1
        options.append(parts)
    return product(*options)


def _fitting(words: Sequence[str], named: Sequence[Named]) -> tuple[Named, ...]:
    """Those all the words fit; of them, if any, those with every word in full, and of these
    the one who is called just that.
    """
    if not words:
        return ()
    found = [each for each in named if all(_rating(word, each) for word in words)]
    whole = [each for each in found if all(word in each.words for word in words)]
    just = [each for each in whole if sorted(each.words) == sorted(words)]
    return tuple(just or whole or found)


def _in_full(words: Sequence[str], found: Sequence[PatientFound]) -> tuple[PatientFound, ...]:
    """The one who is called just that, where others are called more."""
    just = [each for each in found if sorted(fold(each.name).split()) == sorted(words)]
    return tuple(just or found)


def _fit(words: Sequence[str], found: Sequence[Named]) -> float:
    return sum(max((_rating(word, each) for each in found), default=0.0) for word in words)


def _fit_of_patients(words: Sequence[str], sought: str, patients: Sequence[PatientFound]) -> float:
    if not sought:
        return NO_PATIENT
    if not patients:
        return UNKNOWN_PATIENT
    is_whole_name = len(words) > 1 and sorted(fold(patients[0].name).split()) == sorted(words)
    return (
        KNOWN_PATIENT * max(1, len(words)) + WHOLE_NAME * is_whole_name - (len(patients) > 1) / 10
    )


def _rating(word: str, named: Named) -> float:
    if word in named.words:
        return WHOLE_WORD
    long_enough = len(word) >= SHORTEST_BEGINNING
    return BEGINNING if long_enough and any(w.startswith(word) for w in named.words) else 0.0


def _named(row: Service | Professional) -> Named:
    return Named(row.id, row.name, tuple(fold(row.name).split()))
