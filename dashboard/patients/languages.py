"""The languages patients are spoken to in, as words; a record keeps the code."""

from core.languages import NAMES
from dashboard.i18n import _


def in_words(code: str) -> str:
    """The name of a language; what is none of the list stays as it was written."""
    return _(NAMES[code]) if code in NAMES else code


def offered(*kept: str) -> list[str]:
    """Codes to choose from, by name, none first; what is kept is always among them."""
    codes = {*NAMES, *kept} - {""}
    return ["", *sorted(codes, key=lambda code: in_words(code).casefold())]
