"""What a person types about a patient, made fit to keep, or refused with the field's name."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Invalid
from core.models import Organisation, PartOfDay

LONGEST_NAME = 200
LONGEST_EMAIL = 254
LONGEST_PHONE = 60
LONGEST_LANGUAGE = 35
LONGEST_NOTE = 4000
LONGEST_ALERT, MOST_ALERTS = 120, 8
LONGEST_PREFERENCE = 500


@dataclass(frozen=True)
class Preferences:
    """What they like best; nothing said means anybody and any time."""

    professional_ids: tuple[int, ...] = ()
    parts: tuple[PartOfDay, ...] = ()
    words: str = ""


ANYTHING = Preferences()


@dataclass(frozen=True)
class NewPatient:
    name: str
    phone: str = ""
    email: str = ""
    born_on: date | None = None
    language: str = ""
    desk_note: str = ""
    no_contact: bool = False
    alerts: str = ""
    """One a line."""
    preferences: Preferences = ANYTHING


@dataclass(frozen=True)
class Place:
    """What the organisation tells about typed values: its country and its time zone."""

    country: str | None = None
    zone: str = "UTC"


def place_of(session: Session) -> Place:
    row = session.execute(select(Organisation.country, Organisation.zone)).one_or_none()
    return Place(*row) if row else Place()


def cleaned(request: NewPatient, place: Place, now: datetime) -> NewPatient:
    """The request as it will be kept, or ``Invalid`` naming the field."""
    name = line(request.name, LONGEST_NAME, "name")
    if not any(each.isprintable() and not each.isspace() for each in name):
        raise Invalid(N_("Please enter a name."), field="name")
    phone = phone_number(line(request.phone, LONGEST_PHONE, "phone"), place)
    email = email_address(line(request.email, LONGEST_EMAIL, "email"))
    if not phone and not email:
        raise Invalid(N_("Please enter a phone number or an e-mail address."), field="phone")
    return NewPatient(
        name=name,
        phone=phone,
        email=email,
        born_on=_birth_date(request.born_on, place, now),
        language=line(request.language, LONGEST_LANGUAGE, "language"),
        desk_note=note(request.desk_note, "desk_note"),
        no_contact=request.no_contact,
        alerts=_alerts(request.alerts),
        preferences=_preferences(request.preferences),
    )


def phone_number(typed: str, place: Place) -> str:
    """The number in E.164; one without a prefix is read as the organisation's country does."""
    if not typed:
        return ""
    try:
        number = phonenumbers.parse(typed, place.country)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise Invalid(
                N_("Please start the phone number with + and the country's code."), field="phone"
            ) from None
        raise Invalid(
            N_("This does not look like a phone number. Please check it."), field="phone"
        ) from None
    if number.extension:
        raise Invalid(
            N_("Please put the extension in the note, and the number without it here."),
            field="phone",
        )
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != ValidationResult.IS_POSSIBLE:
        raise Invalid(PHONE_IS_WRONG.get(possible, PHONE_IS_ODD), field="phone")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


PHONE_IS_ODD = N_("This phone number does not have the right number of digits. Please check it.")
PHONE_IS_WRONG = {
    ValidationResult.TOO_SHORT: N_(
        "This phone number is too short: please add the missing digits."
    ),
    ValidationResult.TOO_LONG: N_("This phone number is too long: please take out some digits."),
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: N_("Please add the area code to the phone number."),
}

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(\.[^@\s,;<>\".]+)+")


def email_address(typed: str) -> str:
    if typed and not EMAIL.fullmatch(typed):
        raise Invalid(
            N_("This does not look like an e-mail address. Please check it."), field="email"
        )
    return typed.lower()


def _birth_date(born_on: date | None, place: Place, now: datetime) -> date | None:
    if born_on is None:
        return None
    today = now.astimezone(ZoneInfo(place.zone)).date()
    if born_on > today:
        raise Invalid(
            N_("This date of birth is in the future. Please check the year."), field="born_on"
        )
    if born_on.year < today.year - 130:
        raise Invalid(
            N_("This date of birth is too long ago. Please check the year."), field="born_on"
        )
    return born_on


def _alerts(typed: str) -> str:
    """Each is read at a glance, while somebody is on the telephone."""
    lines = [line(each, LONGEST_ALERT, "alerts") for each in note(typed, "alerts").split("\n")]
    alerts = list(dict.fromkeys(each for each in lines if each))
    if len(alerts) > MOST_ALERTS:
        raise Invalid(
            N_("Only {most} alerts are read before a booking. Please take some out."),
            field="alerts",
            most=MOST_ALERTS,
        )
    return "\n".join(alerts)


def _preferences(wanted: Preferences) -> Preferences:
    words = not_longer(note(wanted.words, "preference"), LONGEST_PREFERENCE, "preference")
    return Preferences(
        professional_ids=tuple(sorted(set(wanted.professional_ids))),
        parts=tuple(each for each in PartOfDay if each in wanted.parts),
        words=words,
    )


def line(typed: str, longest: int, field: str) -> str:
    """One line of text, single-spaced, without what cannot be seen."""
    return not_longer(" ".join(_visible(typed, keep="").split()), longest, field)


def note(typed: str, field: str) -> str:
    """Several lines of text, without what cannot be seen."""
    lines = typed.replace("\r\n", "\n").replace("\r", "\n")
    return not_longer(_visible(lines, keep="\n\t").strip(), LONGEST_NOTE, field)


def not_longer(text: str, longest: int, field: str) -> str:
    if len(text) > longest:
        raise Invalid(
            N_("This is too long: {length} characters, at most {longest} fit."),
            field=field,
            length=len(text),
            longest=longest,
        )
    return text


TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that reorder the text around them; no name needs them, and a forged one does."""


def _visible(text: str, *, keep: str) -> str:
    """Without control characters, unpaired surrogates and marks that reorder text."""
    kept = []
    for each in unicodedata.normalize("NFC", text):
        if each in keep:
            kept.append(each)
        elif each.isspace():
            kept.append(" ")
        elif each not in TURNS_TEXT and unicodedata.category(each) not in ("Cc", "Cs"):
            kept.append(each)
    return "".join(kept)
