"""The picture of a profile: chosen, seen at once, taken away again."""

import secrets

import streamlit as st

from core import catalog
from core.catalog import NewPortrait, prepare_picture
from core.catalog.pictures import LARGEST_FILE
from core.db import utc_now
from core.errors import BookingError
from core.models import Professional
from core.policy import Actor
from dashboard import feedback, session
from dashboard.components.portrait import portrait
from dashboard.i18n import _

KEY = "portrait_upload"
KINDS = ("png", "jpg", "jpeg", "webp")


def show(actor: Actor, professional: Professional, key: str | None) -> None:
    """What is there now, and the way to another one. A chosen file is kept at once."""
    nonce = st.session_state.setdefault(KEY, secrets.token_hex(4))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        portrait(key, professional.name)
        with st.container(gap="xsmall"):
            uploaded = st.file_uploader(
                _("Picture"),
                KINDS,
                key=f"{KEY}_{nonce}",
                max_upload_size=LARGEST_FILE // 1024**2,
                help=_("Cut to a square. Where and when it was taken is not kept."),
            )
            if key is not None:
                st.button(
                    _("Remove the picture"),
                    key=f"{KEY}_remove",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=_remove,
                    args=(professional.id,),
                )
    if uploaded is not None:
        _keep(actor, professional, uploaded.getvalue())


def _keep(actor: Actor, professional: Professional, content: bytes) -> None:
    try:
        picture = prepare_picture(content)
        with session.writing() as db:
            request = NewPortrait(professional.id, picture)
            catalog.set_portrait(db, actor, request, now=utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    st.session_state.pop(KEY, None)
    feedback.flash(_("Saved the picture of {name}.").format(name=professional.name))
    st.rerun()


def _remove(professional_id: int) -> None:
    actor = session.signed_in()
    with session.writing() as db:
        catalog.remove_portrait(db, actor, professional_id, now=utc_now())
    feedback.flash(_("Removed the picture."))
