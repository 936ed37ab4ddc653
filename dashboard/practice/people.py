"""People: who can sign in, as what, and the link with which they choose a password."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import streamlit as st
from sqlalchemy.orm import Session

from core import accounts, activation, catalog, mail, second_step_set_up
from core.accounts import (
    EditedUser,
    NewEmail,
    PeopleAsked,
    PeopleOrder,
    PeoplePage,
    Person,
    Standing,
)
from core.activation import Invitation, Invited
from core.db import utc_now
from core.models import Professional, Role, User
from core.patients import get_patient
from core.policy import Actor
from dashboard import confirming, places, session, shown_link
from dashboard.account import devices
from dashboard.components.patient_picker import describe
from dashboard.feedback import md
from dashboard.formatting import when
from dashboard.i18n import N_, _
from dashboard.practice import forms, two_step
from dashboard.practice.forms import key
from dashboard.searching import find_patients

FORM, LINK = "user", "link"
PAGE = "practice_people_page"
ROLES = (Role.RECEPTIONIST, Role.PROFESSIONAL, Role.ADMIN, Role.PATIENT)


ORDERS: Mapping[PeopleOrder, str] = {
    PeopleOrder.STAFF_FIRST: N_("Staff first"),
    PeopleOrder.NAME: N_("By name"),
    PeopleOrder.NEWEST: N_("Last added first"),
    PeopleOrder.LAST_HERE: N_("Last here first"),
}
STANDINGS: Mapping[Standing | None, str] = {
    None: N_("Everybody"),
    Standing.ACTIVE: N_("Can sign in"),
    Standing.INVITED: N_("No password yet"),
    Standing.DEACTIVATED: N_("Deactivated"),
}
Choice = TypeVar("Choice")


@dataclass(frozen=True)
class RoleChosen:
    role: Role
    patient_id: int | None = None
    professional_id: int | None = None


@dataclass(frozen=True)
class Typed:
    """What both forms ask for."""

    name: str
    email: str
    chosen: RoleChosen


def show(actor: Actor) -> None:
    asked = _asked()
    with session.reading() as db:
        page = accounts.load_people(db, actor, asked)
        professionals = {each.id: each for each in catalog.load_professionals(db, actor)}
        having = second_step_set_up.load_who_has_it(db, actor)
    with st.container(border=True, gap="small"):
        for each in page.people:
            _row(each, professionals, has_two_steps=each.user.id in having)
        if not page.people:
            st.caption(_("Nobody found."))
    _pages(page)
    two_step.show_rule(actor, [each.user for each in page.people], having)
    if two_step.show_dialogs():
        return
    if opened := forms.opened(FORM):
        forms.show_dialog(_("Edit person") if opened.id else _("New person"), _dialog)
    elif forms.opened(LINK):
        forms.show_dialog(_("Activation link"), _link_dialog)


def _asked() -> PeopleAsked:
    """Who is looked for, and in which order."""
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.add_button(_("Add person"), FORM)
        words = st.text_input(
            _("Search"),
            key="practice_people_words",
            type="search",
            live=True,
            placeholder=_("Name or user name"),
            label_visibility="collapsed",
            width=220,
            on_change=_first_page,
        )
        role = _choice(_("Role"), (None, *ROLES), _role_name, "role")
        standing = _choice(_("Standing"), tuple(STANDINGS), lambda each: _(STANDINGS[each]), "can")
        order = _choice(_("Order"), tuple(ORDERS), lambda each: _(ORDERS[each]), "order")
    return PeopleAsked(words, role, standing, order, st.session_state.get(PAGE, 1))


def _choice(
    label: str, options: Sequence[Choice], name: Callable[[Choice], str], key: str
) -> Choice:
    return st.selectbox(
        label,
        options,
        format_func=name,
        key=f"practice_people_{key}",
        label_visibility="collapsed",
        width=170,
        on_change=_first_page,
    )


def _role_name(role: Role | None) -> str:
    return _("All roles") if role is None else _(places.ROLE_NAMES[role])


def _first_page() -> None:
    st.session_state.pop(PAGE, None)


def _pages(page: PeoplePage) -> None:
    if page.pages == 1:
        return
    if st.session_state.get(PAGE, 1) != page.page:
        st.session_state[PAGE] = page.page  # somebody was taken off meanwhile
    with st.container(horizontal=True, vertical_alignment="center"):
        st.pagination(page.pages, key=PAGE)
        st.caption(_("{count} people").format(count=page.count), width="content")


def _row(person: Person, professionals: Mapping[int, Professional], *, has_two_steps: bool) -> None:
    user = person.user
    calendar = professionals.get(user.professional_id or 0)
    with st.container(horizontal=True, vertical_alignment="center"):
        facts = [
            user.username,
            user.email if user.email != user.username else "",
            _(places.ROLE_NAMES[user.role]),
            calendar.name if calendar and calendar.name != user.name else "",
            _last_here(person),
        ]
        with forms.entry(user.name, facts):
            if not user.active:
                st.badge(_("Deactivated"), color="gray")
            elif not user.password_hash:
                st.badge(_("Has not chosen a password yet"), color="orange")
            elif has_two_steps:
                st.badge(_("Two-step sign-in"), color="green")
        forms.edit_button(FORM, user.id, user.version, user.name)


def _last_here(person: Person) -> str:
    if person.last_here_at is None:
        return ""
    return _("last here {time}").format(time=when(person.last_here_at, session.zone(), utc_now()))


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
    email = st.text_input(
        _("E-mail address"),
        user.email if user else "",
        key=key("email"),
        help=_("Links with which they choose a password are mailed there, and nothing else."),
    )
    chosen = _role(actor, user)
    if user is None:
        _invite(actor, opened, Typed(name, email, chosen), username)
        return
    if not _may_save(actor, user, email, chosen):
        return
    if st.button(_("Save"), key=key("save"), type="primary", width="stretch"):
        _save(actor, opened, Typed(name, email, chosen))
    _other_steps(actor, user, opened)
    devices.show_of(actor, user.id)


def _may_save(actor: Actor, user: User, email: str, chosen: RoleChosen) -> bool:
    """Whether the actor need not prove who they are first; what follows is said before."""
    name = md(user.name)
    changes_role = chosen != RoleChosen(user.role, user.patient_id, user.professional_id)
    changes_email = email.strip().lower() != user.email
    if chosen.role is Role.ADMIN and user.role is not Role.ADMIN and user.password_hash:
        sentence = _("Admins need a longer password: {name} chooses one with a new link.")
        st.caption(sentence.format(name=name))
    if not (changes_role or changes_email) or confirming.is_confirmed(actor):
        return True
    if changes_email:
        st.caption(_("Whoever reads that mail can sign in as {name}.").format(name=name))
    confirming.ask_password(key("edit"))
    return False


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
    found = {each.id: describe(each) for each in find_patients(words)} if words.strip() else {}
    if not found and user and user.patient_id:
        with session.reading() as db:
            linked = get_patient(db, actor, user.patient_id, now=utc_now())
        found = {linked.id: linked.name}
    if not found:
        return None
    return st.radio(
        _("Found"),
        list(found),
        format_func=lambda id: md(found[id]),
        key=key(f"patient_{words.strip().casefold()}"),
        label_visibility="collapsed",
    )


def _invite(actor: Actor, opened: forms.Opened, typed: Typed, username: str) -> None:
    can_mail = mail.is_configured(session.configured())
    if can_mail:
        st.caption(_("The activation link is mailed; without an address it is shown to you."))
    if not confirming.is_confirmed(actor):
        confirming.ask_password(key("invite"))
        return
    if not st.button(_("Make activation link"), key=key("save"), type="primary", width="stretch"):
        return
    invitation = Invitation(
        username,
        typed.name,
        typed.chosen.role,
        patient_id=typed.chosen.patient_id,
        professional_id=typed.chosen.professional_id,
        email=typed.email,
        by_mail=can_mail and bool(typed.email.strip()),
    )
    forms.save(
        lambda db, now: activation.invite_user(db, actor, invitation, now=now), _hand_over, opened
    )


def _save(actor: Actor, opened: forms.Opened, typed: Typed) -> None:
    edited = EditedUser(
        opened.id or 0,
        opened.version,
        typed.name,
        typed.chosen.role,
        patient_id=typed.chosen.patient_id,
        professional_id=typed.chosen.professional_id,
    )

    def edit(db: Session, now: datetime) -> User:
        user = accounts.edit_user(db, actor, edited, now=now)
        address = NewEmail(user.id, user.version, typed.email)
        return accounts.change_email(db, actor, address, now=now)

    forms.save(edit, forms.finish_with(_("Saved {name}.")), opened)


def _other_steps(actor: Actor, user: User, opened: forms.Opened) -> None:
    """A new link and the way out; or the way back in."""
    version = opened.version
    can_mail = bool(user.email) and mail.is_configured(session.configured())
    with st.container(horizontal=True):
        if not user.active:
            if st.button(_("Activate"), key=key("activate"), icon=":material/lock_open:"):
                forms.save(
                    lambda db, now: accounts.activate_user(db, actor, user.id, version, now=now),
                    forms.finish_with(_("{name} can sign in again.")),
                    opened,
                )
            return
        asks_for_mail = can_mail and st.button(
            _("Mail a new link"),
            key=key("mail"),
            icon=":material/mail:",
            help=_("For a lost link or a forgotten password. Links made before are void."),
        )
        asks_for_link = st.button(
            _("Show a new link") if can_mail else _("New link"),
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
        two_step.reset_button(actor, user)
    if asks_for_link or asks_for_mail:
        st.session_state[key("asks_for_link")] = True
    if st.session_state.get(key("asks_for_link")) and not confirming.is_confirmed(actor):
        st.caption(_("Whoever has the link can sign in as {name}.").format(name=md(user.name)))
        confirming.ask_password(key("new_link"))
    elif asks_for_link or asks_for_mail:
        forms.save(
            lambda db, now: activation.renew_link(
                db, actor, user.id, now=now, by_mail=asks_for_mail
            ),
            _hand_over,
            opened,
        )
    if dismisses:
        forms.save(
            lambda db, now: accounts.deactivate_user(db, actor, user.id, version, now=now),
            forms.finish_with(_("{name} cannot sign in any more.")),
            opened,
        )


def _hand_over(invited: Invited) -> None:
    """Show the link, once: nobody can look it up later. One that is mailed is not shown."""
    if not invited.link:
        forms.finish(_("A link is on its way to {email}.").format(email=invited.user.email))
    forms.open_form(LINK, invited.user.id)
    st.session_state[key("url")] = shown_link.address(invited)
    st.session_state[key("for")] = invited.user.name
    st.rerun()


def _link_dialog() -> None:
    session.signed_in()
    forms.current(LINK)
    shown_link.show(st.session_state[key("for")], st.session_state[key("url")])
    if st.button(_("Done"), key=key("done"), type="primary", width="stretch"):
        forms.forget()
        st.rerun()
