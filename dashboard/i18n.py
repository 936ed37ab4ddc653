"""Sentences in the reader's language. English is the source and needs no catalogue.

``_`` and ``ngettext`` look the language up on each call, since one process serves many
readers: use them inside functions and scripts, and ``N_`` for what a module keeps.
"""

import functools
import gettext
import re
from pathlib import Path

import streamlit as st

from core.errors import N_
from core.privacy.readable import ENGLISH, Language

__all__ = ["N_", "_", "language", "ngettext", "spoken_by"]

DOMAIN = "frontdesk"
LOCALE = Path(__file__).parent / "locale"
SOURCE_LANGUAGE = "en"
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}", re.IGNORECASE)


def language() -> str:
    """What the reader's browser asks for, as a language tag."""
    asked = st.context.locale
    if isinstance(asked, str) and LANGUAGE_TAG.fullmatch(asked):
        return asked
    return SOURCE_LANGUAGE


def _(sentence: str) -> str:
    """The sentence in the reader's language."""
    return _catalogue(language()).gettext(sentence) if sentence else ""


def ngettext(one: str, many: str, count: int) -> str:
    """The form of the sentence that goes with ``count``."""
    return _catalogue(language()).ngettext(one, many, count)


def spoken_by(tag: str) -> Language:
    """The language of somebody who is not looking at the screen, as far as it is translated."""
    asked = tag if LANGUAGE_TAG.fullmatch(tag) else SOURCE_LANGUAGE
    catalogue = _catalogue(asked)
    if not isinstance(catalogue, gettext.GNUTranslations):
        return ENGLISH
    return Language(asked, lambda sentence: catalogue.gettext(sentence) if sentence else "")


@functools.lru_cache(maxsize=64)
def _catalogue(tag: str) -> gettext.NullTranslations:
    name = tag.replace("-", "_")
    names = [name, name.partition("_")[0]]
    return gettext.translation(DOMAIN, LOCALE, languages=names, fallback=True)
