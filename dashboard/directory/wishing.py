"""The waiting list as patients use it: join it for a service, see what one waits for, leave it."""

import secrets
from dataclasses import dataclass

import streamlit as st

from core import catalog, directory, waiting
from core.db import utc_now
from core.directory import PublicProfile
from core.errors import BookingError
from core.policy import Actor
from core.waiting import NewEntry, Waiting, Wishes
from dashboard import family, feedback, session
from dashboard.components.wish_fields import own_wish_fields
from dashboard.formatting import day
from dashboard.i18n import N_, _

KEY = "own_waiting"
LEAVES = N_("No longer needed")


@dataclass(frozen=True)
class Asked:
    """``request_key`` is made here, so that the form adds once."""

    professional_id: int
    service_id: int
    request_key: str


def ask_button(actor: Actor, professional_id: int, service_id: int) -> None:
    """For whom no time suits; visitors sign in first."""
    if actor.patient_id is not None:
        st.button(
            _("No time suits? Join the waiting list"),
            key="directory_wait",
            icon=":material/hourglass_empty:",
            type="tertiary",
            on_click=_ask,
            args=(professional_id, service_id),
        )


def forget() -> None:
    session.forget_typed(KEY)


def is_asked() -> bool:
    return KEY in st.session_state


def show() -> None:
    st.dialog(_("Join the waiting list"), width="medium", on_dismiss=forget)(_dialog)()


def _ask(professional_id: int, service_id: int) -> None:
    forget()
    st.session_state[KEY] = Asked(professional_id, service_id, secrets.token_urlsafe(16))


def _dialog() -> None:
    actor = session.signed_in()
    asked: Asked | None = st.session_state.get(KEY)
    if asked is None:
        st.rerun()
    try:
        with session.reading() as db:
            profile = directory.get_profile(db, actor, asked.professional_id)
            place = catalog.get_organisation(db)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    service = profile.service(asked.service_id)
    st.markdown(
        _("**{service}**: {practice} calls you when a time comes free.").format(
            service=feedback.md(service.name), practice=feedback.md(place.name)
        )
    )
    today = utc_now().astimezone(session.zone()).date()
    wishes = own_wish_fields(service.id, (profile.id, profile.name), today=today, key=KEY)
    if st.button(_("Join the waiting list"), key=f"{KEY}_save", type="primary", width="stretch"):
        _join(actor, asked, wishes, profile)


def _join(actor: Actor, asked: Asked, wishes: Wishes, profile: PublicProfile) -> None:
    request = NewEntry(actor.patient_id or 0, wishes, asked.request_key)
    try:
        with session.writing() as db:
            waiting.add(db, actor, request, now=utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    forget()
    said = _("You are on the waiting list for {service}. It stands in My bookings.")
    if name := family.name_of_another():
        said = _("{name} is on the waiting list for {service}. It stands in My bookings.")
    feedback.flash(said.format(name=name, service=profile.service(asked.service_id).name))
    st.rerun()


def own_entries(actor: Actor) -> None:
    """What they wait for, with the way off the list; nothing where they wait for nothing."""
    now = utc_now()
    with session.reading() as db:
        entries = waiting.load_waiting(db, actor, now=now) if actor.patient_id else []
    if not entries:
        return
    st.subheader(_("On the waiting list"), anchor=False)
    today = now.astimezone(session.zone()).date()
    with st.container(border=True):
        for each in entries:
            with st.container(
                horizontal=True,
                vertical_alignment="center",
                horizontal_alignment="distribute",
            ):
                since = day(each.since.astimezone(session.zone()).date(), today)
                line = _("since {date}").format(date=since)
                st.markdown(
                    f"**{feedback.md(each.service)}** · {feedback.md(line)}", width="content"
                )
                st.button(
                    _("Leave the list"),
                    key=f"own_waiting_leave_{each.id}",
                    on_click=_leave,
                    args=(each,),
                )


def _leave(entry: Waiting) -> None:
    actor = session.signed_in()
    try:
        with session.writing() as db:
            waiting.close(db, actor, entry.id, entry.version, _(LEAVES), now=utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    said = _("You no longer wait for {service}.")
    if name := family.name_of_another():
        said = _("{name} no longer waits for {service}.")
    feedback.flash(said.format(name=name, service=entry.service))
