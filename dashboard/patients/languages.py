"""The languages patients are spoken to in, as words; a record keeps the code."""

from collections.abc import Mapping

from dashboard.i18n import N_, _

NAMES: Mapping[str, str] = {
    "ar": N_("Arabic"),
    "bg": N_("Bulgarian"),
    "ca": N_("Catalan"),
    "zh": N_("Chinese"),
    "hr": N_("Croatian"),
    "cs": N_("Czech"),
    "da": N_("Danish"),
    "nl": N_("Dutch"),
    "en": N_("English"),
    "fi": N_("Finnish"),
    "fr": N_("French"),
    "de": N_("German"),
    "el": N_("Greek"),
    "hi": N_("Hindi"),
    "hu": N_("Hungarian"),
    "it": N_("Italian"),
    "ja": N_("Japanese"),
    "no": N_("Norwegian"),
    "fa": N_("Persian"),
    "pl": N_("Polish"),
    "pt": N_("Portuguese"),
    "ro": N_("Romanian"),
    "ru": N_("Russian"),
    "es": N_("Spanish"),
    "sv": N_("Swedish"),
    "tr": N_("Turkish"),
    "uk": N_("Ukrainian"),
    "ur": N_("Urdu"),
    "vi": N_("Vietnamese"),
}


def in_words(code: str) -> str:
    """The name of a language; what is none of the list stays as it was written."""
    return _(NAMES[code]) if code in NAMES else code


def offered(*kept: str) -> list[str]:
    """Codes to choose from, by name, none first; what is kept is always among them."""
    codes = {*NAMES, *kept} - {""}
    return ["", *sorted(codes, key=lambda code: in_words(code).casefold())]
