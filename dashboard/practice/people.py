"""People: who can sign in, as what, and the link with which they choose a password."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core import accounts, activation, catalog
from core.accounts import EditedUser
from core.activation import Invitation, Invited
from core.models import Professional, Role, User
from core.patients import find_patients, get_patient
from core.policy import Actor
from dashboard import places, session
from dashboard.components.patient_picker import describe
from dashboard.feedback import md
from dashboard.i18n import _
from dashboard.practice import forms
from dashboard.practice.forms import key

FORM, LINK = "user", "link"
MOST_SHOWN = 100
ROLES = (Role.RECEPTIONIST, Role.PROFESSIONAL, Role.ADMIN, Role.PATIENT)


@dataclass(frozen=True)
class RoleChosen:
    role: Role
    patient_id: int | None = None
    professional_id: int | None = None


def show(actor: Actor) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.add_button(_("Add person"), FORM)
        words = st.text_input(
            _("Search"),
            key="practice_people_words",
            type="search",
            live=True,
            placeholder=_("Name or user name"),
            label_visibility="collapsed",
            width=260,
        )
    with session.reading() as db:
        users = accounts.load_users(db, actor, words=words, limit=MOST_SHOWN)
        professionals = {each.id: each for each in catalog.load_professionals(db, actor)}
    with st.container(border=True, gap="small"):
        for each in users:
            _row(each, professionals)
        if not users:
            st.caption(_("Nobody found."))
    if len(users) == MOST_SHOWN:
        st.caption(_("These are the first {count}. Search for others.").format(count=MOST_SHOWN))
    if opened := forms.opened(FORM):
        forms.show_dialog(_("Edit person") if opened.id else _("New person"), _dialog)
    elif forms.opened(LINK):
        forms.show_dialog(_("Activation link"), _link_dialog)


def _row(user: User, professionals: Mapping[int, Professional]) -> None:
    calendar = professionals.get(user.professional_id or 0)
    with st.container(horizontal=True, vertical_alignment="center"):
        facts = [
            user.username,
            _(places.ROLE_NAMES[user.role]),
            calendar.name if calendar and calendar.name != user.name else "",
        ]
        with forms.entry(user.name, facts):
            if not user.active:
                st.badge(_("Deactivated"), color="gray")
            elif not user.password_hash:
                st.badge(_("Has not chosen a password yet"), color="orange")
        forms.edit_button(FORM, user.id, user.version, user.name)


def _dialog() -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    user = None
    if opened.id is not None:
        with session.reading() as db:
            user = accounts.get_user(db, actor, opened.id)
    name = st.text_input(_("Name"), user.name if user else "", key=key("name"))
    username = st.text_input(
        _("User name"),
        user.username if user else "",
        key=key("username"),
        help=_("What they type to sign in; an e-mail address is a good choice."),
        disabled=user is not None,
    )
    chosen = _role(actor, user)
    label = _("Save") if user else _("Make activation link")
    if st.button(label, key=key("save"), type="primary", width="stretch"):
        _save(actor, opened, name, username, chosen)
    if user is not None:
        _other_steps(actor, user, opened)


def _role(actor: Actor, user: User | None) -> RoleChosen:
    """The role, and for some roles whom it is about."""
    role = st.radio(
        _("Role"),
        ROLES,
        index=ROLES.index(user.role) if user else 0,
        format_func=lambda each: _(places.ROLE_NAMES[each]),
        horizontal=True,
        key=key("role"),
    )
    if role is Role.PROFESSIONAL:
        return RoleChosen(role, professional_id=_professional(actor, user))
    if role is Role.PATIENT:
        return RoleChosen(role, patient_id=_patient(actor, user))
    return RoleChosen(role)


def _professional(actor: Actor, user: User | None) -> int | None:
    with session.reading() as db:
        names = {each.id: each.name for each in catalog.load_professionals(db, actor)}
    current = user.professional_id if user else None
    return st.selectbox(
        _("Whose calendar"),
        list(names),
        index=list(names).index(current) if current in names else None,
        format_func=lambda id: names[id],
        key=key("professional"),
        placeholder=_("Choose a professional"),
    )


def _patient(actor: Actor, user: User | None) -> int | None:
    words = st.text_input(
        _("Whose record"),
        key=key("patient_words"),
        type="search",
        live=True,
        placeholder=_("Name, phone or date of birth"),
    )
    with session.reading() as db:
        found = {each.id: describe(each) for each in find_patients(db, actor, words)}
        if not found and user and user.patient_id:
            found = {user.patient_id: get_patient(db, actor, user.patient_id).name}
    if not found:
        return None
    return st.radio(
        _("Found"),
        list(found),
        format_func=lambda id: md(found[id]),
        key=key(f"patient_{words.strip().casefold()}"),
        label_visibility="collapsed",
    )


def _save(actor: Actor, opened: forms.Opened, name: str, username: str, chosen: RoleChosen) -> None:
    links = {"patient_id": chosen.patient_id, "professional_id": chosen.professional_id}
    if opened.id is None:
        invitation = Invitation(username, name, chosen.role, **links)
        forms.save(
            lambda db, now: activation.invite_user(db, actor, invitation, now=now),
            _hand_over,
            opened,
        )
        return
    edited = EditedUser(opened.id, opened.version, name, chosen.role, **links)
    forms.save(
        lambda db, now: accounts.edit_user(db, actor, edited, now=now),
        forms.finish_with(_("Saved {name}.")),
        opened,
    )


def _other_steps(actor: Actor, user: User, opened: forms.Opened) -> None:
    """A new link and the way out; or the way back in."""
    version = opened.version
    with st.container(horizontal=True):
        if not user.active:
            if st.button(_("Activate"), key=key("activate"), icon=":material/lock_open:"):
                forms.save(
                    lambda db, now: accounts.activate_user(db, actor, user.id, version, now=now),
                    forms.finish_with(_("{name} can sign in again.")),
                    opened,
                )
            return
        asks_for_link = st.button(
            _("New link"),
            key=key("link"),
            icon=":material/link:",
            help=_("For a lost link or a forgotten password. Links made before are void."),
        )
        dismisses = st.button(
            _("Deactivate"),
            key=key("deactivate"),
            icon=":material/block:",
            help=_("They are signed out at once and cannot sign in. What they did stays."),
        )
    if asks_for_link:
        forms.save(
            lambda db, now: activation.renew_link(db, actor, user.id, now=now), _hand_over, opened
        )
    if dismisses:
        forms.save(
            lambda db, now: accounts.deactivate_user(db, actor, user.id, version, now=now),
            forms.finish_with(_("{name} cannot sign in any more.")),
            opened,
        )


def _hand_over(invited: Invited) -> None:
    """Show the link, once: nobody can look it up later."""
    forms.open_form(LINK, invited.user.id)
    st.session_state[key("url")] = f"{_origin()}/activate?link={invited.link}"
    st.session_state[key("for")] = invited.user.name
    st.rerun()


def _link_dialog() -> None:
    session.signed_in()
    forms.current(LINK)
    name = md(st.session_state[key("for")])
    st.write(_("Give this link to {name}, who chooses a password with it:").format(name=name))
    st.code(st.session_state[key("url")], language=None, wrap_lines=True)
    st.caption(
        _("It works once, within 24 hours. It is not shown again; a new one can be made any time.")
    )
    if st.button(_("Done"), key=key("done"), type="primary", width="stretch"):
        forms.forget()
        st.rerun()


def _origin() -> str:
    """The address the admin's browser knows this place by."""
    origin = st.context.headers.get("Origin")
    return origin if isinstance(origin, str) else ""
