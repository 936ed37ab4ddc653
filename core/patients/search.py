"""The search text of a patient, and what the desk types against it.

The text holds the folded name, the digits of the phone in both forms, the birth date and the
e-mail. Whatever is typed is folded in the same way, so that accents, case, grouping and the
order of words do not matter.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from core.folding import fold
from core.models import Patient
from core.patients.typed import NewPatient

LONGEST_SEARCH = 120
"""Nobody types more to find a patient; the rest is not looked at."""
MOST_WORDS = 8
SHORTEST_PHONE = 6
"""Fewer digits are no phone number: a date, or numbers that stand alone."""
MONTH_FIRST = frozenset({"US", "PH"})
"""Countries that write 3/12/84 for the 12th of March."""


def search_text(patient: NewPatient | Patient) -> str:
    """What ``Patient.search`` holds: name first, so that it also sorts by name."""
    born = patient.born_on.strftime("%Y%m%d").zfill(8) if patient.born_on else ""
    parts = (fold(patient.name), *_phone_forms(patient.phone), born, fold(patient.email))
    return " ".join(each for each in parts if each)


def _phone_forms(phone: str) -> tuple[str, ...]:
    """The digits with the country's code, and as they are dialled inside the country."""
    digits = phone.removeprefix("+")
    try:
        number = phonenumbers.parse(phone)
    except NumberParseException:
        return (digits,)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    dialled = "".join(each for each in national if each.isdigit())
    return (digits,) if digits.endswith(dialled) else (digits, dialled)


NUMBERS = re.compile(r"\+?\(?[0-9][0-9 ().\-/]*")


def sought(words: str, country: str | None) -> list[tuple[str, ...]]:
    """Groups of alternatives: a patient fits when each group has one in their search text."""
    typed = words[:LONGEST_SEARCH]
    groups: list[tuple[str, ...]] = []
    for run in NUMBERS.findall(typed):
        groups.extend(_number_groups(run, country))
    groups.extend((word,) for word in fold(NUMBERS.sub(" ", typed)).split())
    return list(dict.fromkeys(groups))[:MOST_WORDS]


def _number_groups(run: str, country: str | None) -> list[tuple[str, ...]]:
    """A run of digits is a phone number, a birth date, or a few numbers that stand alone."""
    whole = re.sub(r"\D", "", run.replace("(0)", ""))
    dates = _typed_dates(run, country)
    if len(whole) < SHORTEST_PHONE and not dates:
        return [(each,) for each in re.findall(r"[0-9]+", run)]
    phones = (whole, whole.removeprefix("00")) if len(whole) >= SHORTEST_PHONE else ()
    return [tuple(dict.fromkeys((*phones, fold(run), *dates)))]


def _typed_dates(run: str, country: str | None) -> list[str]:
    """The dates a typed one may mean, as eight digits."""
    parts = re.fullmatch(r"(\d{1,4})[ .\-/]+(\d{1,2})[ .\-/]+(\d{4}|\d{2})\.?", run.strip())
    if parts is None:
        return []
    first, second, third = parts.groups()
    if len(first) == 4:
        orders = [(first, second, third)]
    elif country in MONTH_FIRST:
        orders = [(third, first, second)]
    else:
        orders = [(third, second, first)]
    return [
        f"{century}{year:0>2}{month:0>2}{day:0>2}"
        for year, month, day in orders
        for century in ([""] if len(year) == 4 else ["19", "20"])
    ]
