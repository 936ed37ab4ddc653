"""An activation link on the screen, once: whoever asked for it hands it over."""

import streamlit as st

from core.activation import Invited
from dashboard import session
from dashboard.feedback import md
from dashboard.i18n import _


def address(invited: Invited) -> str:
    """The whole link. Its secret is kept nowhere else."""
    return f"{_origin()}/activate?link={invited.link}"


def show(name: str, url: str) -> None:
    """Whom it is for, the link to copy, and how long it is good."""
    st.write(_("Give this link to {name}, who chooses a password with it:").format(name=md(name)))
    st.code(url, language=None, wrap_lines=True)
    st.caption(
        _("It works once, within 24 hours. It is not shown again; a new one can be made any time.")
    )


def _origin() -> str:
    """The address people open; where nobody set it, the one in the browser of who looks."""
    origin = session.configured().public_url or st.context.headers.get("Origin")
    return origin if isinstance(origin, str) else ""
