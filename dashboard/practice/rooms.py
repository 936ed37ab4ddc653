"""Rooms: for services that need one."""

import streamlit as st

from core import catalog
from core.catalog import EditedRoom, NewRoom
from core.models import Room
from core.policy import Actor
from dashboard import session
from dashboard.i18n import _
from dashboard.practice import forms
from dashboard.practice.forms import key

FORM = "room"


def show(actor: Actor) -> None:
    with session.reading() as db:
        rooms = catalog.load_rooms(db)
        services = catalog.load_services(db)
        needed = catalog.load_service_rooms(db)
        archived = catalog.load_archived(db, actor, Room)
    forms.add_button(_("Add room"), FORM)
    if rooms:
        with st.container(border=True, gap="small"):
            for each in rooms:
                used = [one.name for one in services if each.id in needed.get(one.id, ())]
                _row(each, used)
    else:
        st.caption(
            _(
                "No rooms yet. Add one where two visits must not share it, then choose it at the "
                "services that need it. Without rooms everything works as well."
            )
        )
    forms.archived_list(actor, Room, archived)
    if opened := forms.opened(FORM):
        forms.show_dialog(_("Edit room") if opened.id else _("New room"), _dialog)


def _row(room: Room, used: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(room.name, used or [_("no service needs it yet")])
        forms.edit_button(FORM, room.id, room.version, room.name)


def _dialog() -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    with session.reading() as db:
        known = {each.id: each.name for each in catalog.load_rooms(db)}
    with st.form(key("room"), border=False):
        name = st.text_input(_("Name"), known.get(opened.id or 0, ""), key=key("name"))
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if pressed:
        _save(actor, opened, name)
    if (id := opened.id) is not None:
        forms.archive_button(
            lambda db, now: catalog.archive_room(db, actor, id, opened.version, now=now),
            opened,
        )


def _save(actor: Actor, opened: forms.Opened, name: str) -> None:
    if opened.id is None:
        forms.save(
            lambda db, now: catalog.add_room(db, actor, NewRoom(name), now=now),
            forms.finish_with(_("Added {name}.")),
            opened,
        )
        return
    edited = EditedRoom(opened.id, opened.version, name)
    forms.save(
        lambda db, now: catalog.edit_room(db, actor, edited, now=now),
        forms.finish_with(_("Saved {name}.")),
        opened,
    )
