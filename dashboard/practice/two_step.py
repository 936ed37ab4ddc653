"""Two-step sign-in as an admin sees it: asked of the staff or not, and lost telephones."""

from collections.abc import Iterable

import streamlit as st

from core import accounts, second_step_set_up
from core.models import Role, User
from core.policy import Actor
from dashboard import confirming, session
from dashboard.feedback import md
from dashboard.i18n import _
from dashboard.practice import forms
from dashboard.practice.forms import key

RULE, RESET = "two_step_rule", "two_step_reset"


def show_rule(actor: Actor, users: Iterable[User], having: frozenset[int]) -> None:
    """Whether the staff have to have it, how far they are, and the way to change that."""
    with session.reading() as db:
        is_required = second_step_set_up.is_required(db, actor)
    staff = [each.id for each in users if each.active and each.role is not Role.PATIENT]
    rule = (
        _("Two-step sign-in: staff must have it.")
        if is_required
        else _("Two-step sign-in: each of the staff decides.")
    )
    count = _("{count} of {all} shown have it.").format(
        count=len(having.intersection(staff)), all=len(staff)
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{rule} {count}", width="content")
        st.button(_("Change"), key="practice_two_step", on_click=forms.open_form, args=(RULE,))


def reset_button(actor: Actor, user: User) -> None:
    """For whoever lost their telephone and their recovery codes."""
    with session.reading() as db:
        has_it = user.id in second_step_set_up.load_who_has_it(db, actor)
    if has_it:
        st.button(
            _("Reset two-step sign-in"),
            key=key("two_step"),
            icon=":material/phonelink_erase:",
            help=_("For a lost telephone, when no recovery code is at hand."),
            on_click=forms.open_form,
            args=(RESET, user.id),
        )


def show_dialogs() -> bool:
    """Draw the one that is open; whether there was one."""
    if forms.opened(RULE):
        forms.show_dialog(_("Two-step sign-in of the staff"), _rule_dialog)
    elif forms.opened(RESET):
        forms.show_dialog(_("Reset two-step sign-in"), _reset_dialog)
    else:
        return False
    return True


def _rule_dialog() -> None:
    actor, opened = session.signed_in(), forms.current(RULE)
    with session.reading() as db:
        is_required = second_step_set_up.is_required(db, actor)
    st.write(
        _(
            "When staff must have it, whoever signs in with a password and has not set it up "
            "does so before anything else. Patients decide for themselves; a company's own "
            "sign-in asks for its own second step."
        )
    )
    if not confirming.is_confirmed(actor):
        confirming.ask_password(key("confirm"))
    elif is_required:
        if st.button(_("Let each of the staff decide"), key=key("save"), width="stretch"):
            forms.save(
                lambda db, now: second_step_set_up.leave_to_staff(db, actor, now=now),
                lambda _done: forms.finish(_("Each of the staff decides now.")),
                opened,
            )
    elif st.button(_("Staff must have it"), key=key("save"), type="primary", width="stretch"):
        forms.save(
            lambda db, now: second_step_set_up.require_of_staff(db, actor, now=now),
            lambda _done: forms.finish(_("Staff must have two-step sign-in now.")),
            opened,
        )


def _reset_dialog() -> None:
    actor, opened = session.signed_in(), forms.current(RESET)
    user_id = opened.id or 0
    with session.reading() as db:
        user = accounts.get_user(db, actor, user_id)
    st.write(
        _(
            "{name} then signs in with the password alone, until it is set up anew, and is "
            "signed out everywhere now. Make sure first that it is {name} who asks."
        ).format(name=md(user.name))
    )
    if not confirming.is_confirmed(actor):
        confirming.ask_password(key("confirm"))
    elif st.button(_("Reset it"), key=key("save"), type="primary", width="stretch"):
        forms.save(
            lambda db, now: second_step_set_up.reset(db, actor, user_id, now=now),
            forms.finish_with(_("{name} signs in with the password alone.")),
            opened,
        )
