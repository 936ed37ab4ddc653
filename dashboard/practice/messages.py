"""Messages: what is on its way, what arrived at the mail server, and what did not."""

from collections.abc import Mapping

import streamlit as st

from core import mail, outbox
from core.db import utc_now
from core.models import MessageState
from core.outbox import Kind, MessageSeen
from core.policy import Actor
from dashboard import session
from dashboard.formatting import when
from dashboard.i18n import N_, _, ngettext
from dashboard.practice import forms

S = MessageState
MOST_SHOWN = 100
STATES: Mapping[MessageState, str] = {
    S.WAITING: N_("Waiting ({count})"),
    S.FAILED: N_("Failed ({count})"),
    S.SENT: N_("Sent ({count})"),
    S.DROPPED: N_("No longer wanted ({count})"),
}
KINDS: Mapping[str, str] = {
    Kind.ACTIVATION: N_("Activation link"),
    Kind.RESET: N_("New password"),
    Kind.EMAIL_CHANGED: N_("E-mail address changed"),
    Kind.RECORD_OPENED: N_("A record opened for a reason"),
    Kind.REGISTRATION: N_("Registration"),
    Kind.HAS_ACCOUNT: N_("Registered, with an account already"),
    Kind.LET_GO: N_("To a guardian: the child is of age"),
    Kind.OF_AGE: N_("Come of age"),
}


def show(actor: Actor) -> None:
    _tell_what_is_missing()
    with session.reading() as db:
        counts = outbox.count_messages(db, actor)
    state = st.pills(
        _("Which"),
        list(STATES),
        default=S.FAILED if counts[S.FAILED] else S.WAITING,
        format_func=lambda each: _(STATES[each]).format(count=counts[each]),
        key="practice_messages_state",
        required=True,
        label_visibility="collapsed",
    )
    with session.reading() as db:
        messages = outbox.load_messages(db, actor, state, limit=MOST_SHOWN)
    with st.container(border=True, gap="small"):
        for each in messages:
            _row(actor, each)
        if not messages:
            st.caption(_("Nothing here."))
    days = outbox.KEPT.days
    st.caption(_("Messages are kept for {days} days.").format(days=days))


def _tell_what_is_missing() -> None:
    """Why nothing is mailed, where that is so, and what happens instead."""
    try:
        mail.server_of(session.configured())
    except mail.MailNotReady as refusal:
        instead = _("Nothing is mailed; links are shown to you, to be handed over.")
        st.info(f"{instead} {_(refusal.message)}", icon=":material/mail_off:")


def _row(actor: Actor, message: MessageSeen) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        facts = (_(KINDS.get(message.kind, message.kind)), message.address, _story(message))
        forms.entry(message.name or message.address, facts)
        if message.state is S.FAILED and st.button(
            _("Send again"), key=f"practice_message_{message.id}", icon=":material/send:"
        ):
            forms.save(
                lambda db, now: outbox.send_again(db, actor, message.id, now=now),
                lambda _sent: forms.finish(_("It is on its way again.")),
            )


def _story(message: MessageSeen) -> str:
    """When it went or goes, and what the mail server said."""
    at = when(message.finished_at or message.next_at, session.zone(), utc_now())
    tried = ngettext("tried once", "tried {count} times", message.attempts)
    said = _(message.last_error)
    told = {
        S.WAITING: _("next try {when}") if message.attempts else _("goes out {when}"),
        S.FAILED: _("given up {when}"),
    }.get(message.state, "{when}")
    parts = (
        told.format(when=at),
        tried.format(count=message.attempts) if message.attempts and said else "",
        said,
    )
    return ", ".join(each for each in parts if each)
