"""The languages people speak, by their code."""

from collections.abc import Mapping

from core.errors import N_

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
