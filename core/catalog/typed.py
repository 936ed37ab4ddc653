"""What an admin types, made fit to keep."""

import re
from collections.abc import Iterable
from typing import TypeVar
from zoneinfo import available_timezones

import phonenumbers

from core.errors import N_, Invalid
from core.models import (
    Expertise,
    ListedReason,
    OpeningView,
    Professional,
    Room,
    Service,
    Tier,
)
from core.patients import fold
from core.patients.typed import LONGEST_LANGUAGE, LONGEST_NAME, line, not_longer

HIGHEST_PRICE_CENTS = 100_000_000
LONGEST_VISIT_MINUTES = 24 * 60


def name_of(typed: str) -> str:
    name = line(typed, LONGEST_NAME, "name")
    if not name:
        raise Invalid(N_("Please enter a name."), field="name")
    return name


def zone_of_name(typed: str) -> str:
    if typed not in available_timezones():
        raise Invalid(
            N_("{zone} is not a time zone we know. Please choose one from the list."),
            field="zone",
            zone=typed,
        )
    return typed


def country_of(typed: str) -> str:
    code = typed.strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid(
            N_("{country} is not a country's code. Please use two letters, such as PT."),
            field="country",
            country=typed,
        )
    return code


def currency_of(typed: str) -> str:
    code = typed.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise Invalid(
            N_("Please write the currency in three letters, such as EUR, not {typed}."),
            field="currency",
            typed=typed,
        )
    return code


def view_of(chosen: str) -> OpeningView:
    """The view the desk opens with, or ``Invalid``."""
    try:
        return OpeningView(chosen)
    except ValueError:
        raise Invalid(N_("Please choose day, week, month or list."), field="opening_view") from None


def colour_of(typed: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", typed):
        raise Invalid(N_("Please write a colour like #0072B2."), field="colour")
    return typed


def languages_of(typed: str) -> str:
    """Each once, with commas between: "Portuguese, English"."""
    once: dict[str, str] = {}
    for each in re.split("[,;\n]", typed):
        name = line(each, LONGEST_LANGUAGE, "languages")
        once.setdefault(fold(name), name)
    return not_longer(", ".join(filter(None, once.values())), LONGEST_NAME, "languages")


def check_new(name: str, known: Iterable[str]) -> None:
    if fold(name) in {fold(each) for each in known}:
        raise Invalid(
            N_("There is already one called {name}. Please choose another name."),
            field="name",
            name=name,
        )


def check_between(number: int, lowest: int, highest: int, field: str) -> None:
    if not lowest <= number <= highest:
        raise Invalid(
            N_("Please enter a number between {lowest} and {highest}."),
            field=field,
            lowest=lowest,
            highest=highest,
        )


Named = TypeVar("Named", Service, Room, Expertise, Professional, Tier, ListedReason)


def by_name(rows: Iterable[Named]) -> list[Named]:
    return sorted(rows, key=lambda each: (fold(each.name), each.id))
