"""Whose booking a row is: one patient on file, and nobody who merely bears the name."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Invalid
from core.models import Patient
from core.transfer.names import name_key

TELLING: Mapping[str, str] = {
    "patient_phone": N_("phone"),
    "patient_email": N_("e-mail"),
    "patient_born_on": N_("date of birth"),
}
"""What tells patients of one name apart."""


@dataclass(frozen=True)
class Described:
    """What a row says of a patient, each as it is kept on file."""

    label: str
    name: str
    details: Mapping[str, str]
    """By the columns of ``TELLING``, those that say something."""


class OnFile:
    """Everybody on file, by their names and by what else tells who they are."""

    def __init__(self) -> None:
        self._named: dict[str, set[int]] = defaultdict(set)
        self._known: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._details: dict[int, Mapping[str, str]] = {}

    def add(self, patient_id: int, name: str, details: Mapping[str, str]) -> None:
        self._named[name_key(name)].add(patient_id)
        self._details[patient_id] = details
        for column, value in details.items():
            self._known[column, value].add(patient_id)

    def find(self, told: Described, *, name_is_enough: bool) -> int:
        """The one patient a row describes. ``Invalid`` says what is in the way.

        A name alone will do where nothing in the file could say more; what is said beside it
        must be true of them, or not be on file at all, and one thing of it must be true.
        """
        alike = self._named.get(name_key(told.name), set()) if told.name else self._with(told)
        if not alike:
            raise _nobody(told)
        if told.details:
            found = {each for each in alike if self._is(each, told)}
            if not found:
                raise self._another(told, alike)
        else:
            found = alike
        if len(found) > 1:
            raise Invalid(
                N_("Several patients are {name}. Please add a phone, e-mail or date of birth."),
                field="patient",
                name=told.label,
            )
        if not told.details and not name_is_enough:
            raise Invalid(
                N_(
                    "A name alone does not say which {name} this is. Please add the phone, e-mail "
                    "or date of birth to this row."
                ),
                field="patient",
                name=told.label,
            )
        return next(iter(found))

    def _with(self, told: Described) -> set[int]:
        """Without a name, all that is told must be on file of them."""
        found = [self._known.get(each, set()) for each in told.details.items()]
        return set.intersection(*found) if found else set()

    def _is(self, patient_id: int, told: Described) -> bool:
        """Whether something of what is told is theirs, and nothing of it somebody else's."""
        own = self._details[patient_id]
        agrees = any(own.get(column) == value for column, value in told.details.items())
        return agrees and not self._differing(patient_id, told)

    def _differing(self, patient_id: int, told: Described) -> list[str]:
        own = self._details[patient_id]
        return [
            column
            for column, value in told.details.items()
            if column in own and own[column] != value
        ]

    def _another(self, told: Described, alike: set[int]) -> Invalid:
        """Why none of those who are alike is the one: what differs, or is not on file."""
        differing = [column for each in sorted(alike) for column in self._differing(each, told)]
        column = TELLING[next(iter(differing or told.details))]
        if differing:
            return Invalid(
                N_(
                    "{name} is on file with another {column}. Please correct the row or the record."
                ),
                field="patient",
                name=told.label,
                column=column,
            )
        return Invalid(
            N_("{name} is on file without {column}. Please add it to the record first."),
            field="patient",
            name=told.label,
            column=column,
        )


def _nobody(told: Described) -> Invalid:
    return Invalid(
        N_("No patient on file is {name} with these details. Please import patients first."),
        field="patient",
        name=told.label,
    )


def load_on_file(session: Session) -> OnFile:
    """Everybody who can be booked, in one read."""
    on_file = OnFile()
    columns = (Patient.id, Patient.name, Patient.phone, Patient.email, Patient.born_on)
    for patient_id, name, *values in session.execute(
        select(*columns).where(Patient.archived_at.is_(None))
    ):
        pairs = zip(TELLING, values, strict=True)
        on_file.add(patient_id, name, {column: str(value) for column, value in pairs if value})
    return on_file
