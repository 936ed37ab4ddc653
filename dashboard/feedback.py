"""What the screen says after something was done, or could not be."""

import logging
import secrets

import streamlit as st

from core.errors import BookingError, SignInNeeded
from dashboard.escaping import md
from dashboard.formatting import say
from dashboard.i18n import _

__all__ = ["flash", "md", "refuse", "report", "show_flash"]

logger = logging.getLogger(__name__)

FLASHES = "_flashes"


def flash(sentence: str) -> None:
    """Say something once after the next rerun. Plain text: it is shown as it is."""
    st.session_state.setdefault(FLASHES, []).append(sentence)


def show_flash() -> None:
    for sentence in st.session_state.pop(FLASHES, []):
        st.toast(md(sentence), icon=":material/check:")


def refuse(refusal: BookingError) -> None:
    """Say what is in the way, reasons included."""
    sentences = [say(refusal), *(say(each) for each in refusal.details.get("reasons", ()))]
    if isinstance(refusal, SignInNeeded):
        sentences.append(_("Your session has ended. Reload this page to sign in again."))
    st.error("  \n".join(sentences), icon=":material/block:")


def report(error: Exception) -> bool:
    """Answer what a page did not: refusals in words, anything else by a number to look up.

    The details of a bug go to the log and never to the screen.
    """
    if isinstance(error, BookingError):
        refuse(error)
        return True
    number = secrets.token_hex(4)
    logger.error("error %s", number, exc_info=error)
    sentence = _("Something went wrong on our side; nothing was saved. Error {number}.")
    st.error(sentence.format(number=number), icon=":material/error:")
    return True
