"""The dialog that offers a free time: held, the patient called, then booked or passed on.

Closing it leaves the offer running until its hold ends; the waiting list and the desk show it
with the time that is left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog, waiting
from core.db import utc_now
from core.errors import BookingError
from core.models import Offer
from core.policy import Actor, Permission, allows
from core.waiting import Fit, Gap, OfferRequest, Running, Waiting, Why
from dashboard import feedback, keys, session
from dashboard.components.booking_forms import time_line
from dashboard.components.countdown import countdown
from dashboard.components.waiting_lines import gap_words, times, why_words
from dashboard.formatting import clock, day, phone, say, when
from dashboard.i18n import _, ngettext

KEY = "offering"
FREED = "freed_gap"


@dataclass(frozen=True)
class Offering:
    """The time that is free, and the offer that runs; none once nobody is left to ask."""

    gap: Gap
    offer_id: int | None = None
    refused: BookingError | None = None
    before: str = ""
    """How it went with whoever was asked last."""
    why: tuple[Why, ...] = ()
    """What ranked whoever is asked now."""


def start(fit: Fit) -> None:
    """Hold the time for somebody, and open the dialog on the next run."""
    st.session_state[KEY] = _offer(fit)


def reopen(running: Running) -> None:
    """Open the dialog of an offer that runs."""
    gap = Gap(running.starts_at, running.ends_at, running.professional_id)
    st.session_state[KEY] = Offering(gap, running.offer_id)


def is_open() -> bool:
    return KEY in st.session_state


def forget() -> None:
    """Close the dialog; the offer goes on."""
    st.session_state.pop(KEY, None)


def show() -> None:
    """Draw the dialog, named after whom to call."""
    actor, offering = session.signed_in(), st.session_state[KEY]
    title = _("Offer a time")
    if offering.offer_id is not None:
        with session.reading() as db:
            made = waiting.get_offer(db, actor, offering.offer_id)
        title = _("Call {name}").format(name=feedback.md(made.entry.patient.name))
    st.dialog(title, width="medium", on_dismiss=forget)(_dialog)()


def note_freed(gap: Gap) -> None:
    """Remember time that this desk has just made free, for ``freed_line``."""
    st.session_state[FREED] = gap


def freed_line() -> None:
    """Who waits for the time that was just made free, and the way to offer it."""
    gap: Gap | None = st.session_state.get(FREED)
    actor, now, zone = session.signed_in(), utc_now(), session.zone()
    if gap is None or not allows(actor, Permission.BOOKINGS_WRITE):
        return
    with session.reading() as db:
        fits = waiting.fitting_entries(db, actor, gap, now=now)
        offered = [each for each in waiting.load_waiting(db, actor, now=now) if _is_in(each, gap)]
        names = {each.id: each.name for each in catalog.load_professionals(db, actor)}
    if not fits and not offered:
        st.session_state.pop(FREED)
        return
    time = feedback.md(gap_words(gap, names.get(gap.professional_id, ""), zone, now))
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="freed_line"):
        if offered:
            sentence = _("{time}: being offered to {patient}.")
            patient = feedback.md(offered[0].patient)
            st.markdown(sentence.format(time=time, patient=patient), width="content")
        else:
            sentence = ngettext(
                "{time} is free now: {count} person waits for it.",
                "{time} is free now: {count} people wait for it.",
                len(fits),
            )
            st.markdown(sentence.format(time=time, count=len(fits)), width="content")
        pressed = st.button(
            _("Open") if offered else _("Offer it"), key="freed_offer", icon=":material/call:"
        )
        if st.button("", key="freed_close", icon=":material/close:", help=_("Not now")):
            st.session_state.pop(FREED)
            st.rerun()
    if pressed and offered and offered[0].running is not None:
        reopen(offered[0].running)
        st.rerun()
    if pressed:
        start(fits[0])
        st.rerun()


def _is_in(each: Waiting, gap: Gap) -> bool:
    running = each.running
    return (
        running is not None
        and running.professional_id == gap.professional_id
        and running.starts_at < gap.ends_at
        and gap.starts_at < running.ends_at
    )


def _dialog() -> None:
    actor = session.signed_in()
    offering: Offering | None = st.session_state.get(KEY)
    if offering is None:
        st.rerun()
    zone, now = session.zone(), utc_now()
    if offering.before:
        st.caption(feedback.md(offering.before))
    if offering.refused is not None:
        feedback.refuse(offering.refused)
        return
    if offering.offer_id is None:
        _nobody_left(actor, offering, zone, now)
        return
    with session.reading() as db:
        made = waiting.get_offer(db, actor, offering.offer_id)
        waits = waiting.load_waiting(db, actor, now=now, ids=[made.entry_id])
        practice = catalog.get_organisation(db).name
    _who(made, waits[0] if waits else None, zone, now)
    if offering.why:
        st.caption(" · ".join(say(each) for each in offering.why))
    with st.container(border=True, key="offering_script"):
        st.markdown(feedback.md(_script(made, actor, practice, zone, now)))
    countdown(
        made.held_until,
        now=now,
        running=_("Held for this call: {left} left"),
        over=_("No longer held. You can still try to book."),
        key=f"{KEY}_left_{made.id}",
    )
    _answers(actor, offering, made, waits[0] if waits else None, zone)


def _who(made: Offer, waits: Waiting | None, zone: ZoneInfo, now: datetime) -> None:
    """The number to call, the time, and what to know before."""
    patient = made.entry.patient
    number = phone(patient.phone) or patient.email or _("No phone number on file.")
    st.markdown(f":material/call: **{feedback.md(number)}**")
    time_line(
        made.professional.name,
        made.service.name,
        starts_at=made.starts_at,
        ends_at=made.ends_at,
        zone=zone,
        now=now,
    )
    if made.entry.note:
        st.caption(feedback.md(made.entry.note))
    if waits is not None and waits.visit_at is not None:
        sentence = _("Has a visit {when}: ask whether it is to be cancelled.")
        st.caption(sentence.format(when=feedback.md(when(waits.visit_at, zone, now))))


def _script(made: Offer, actor: Actor, practice: str, zone: ZoneInfo, now: datetime) -> str:
    """What to say, with the date and the time in full."""
    starts = made.starts_at.astimezone(zone)
    return _(
        "“Hello, am I speaking to {patient}? This is {me} from {practice}. You are waiting for"
        " {service}: a time has become free on {date} at {time} with {professional}, for"
        " {minutes} minutes. Shall I book it for you?”"
    ).format(
        patient=made.entry.patient.name,
        me=actor.name,
        practice=practice,
        service=made.service.name,
        date=day(starts.date(), now.astimezone(zone).date()),
        time=clock(made.starts_at, zone),
        professional=made.professional.name,
        minutes=int((made.ends_at - made.starts_at).total_seconds()) // 60,
    )


def _answers(
    actor: Actor, offering: Offering, made: Offer, waits: Waiting | None, zone: ZoneInfo
) -> None:
    key = f"{KEY}_{made.id}"
    name = made.entry.patient.name
    with st.container(horizontal=True):
        accepted = st.button(
            _("Accepted"),
            key=f"{key}_accepted",
            icon=":material/check_circle:",
            type="primary",
            shortcut=keys.TAKE.press,
        )
        declined = st.button(_("Declined"), key=f"{key}_declined", icon=":material/cancel:")
        missed = st.button(_("No answer"), key=f"{key}_missed", icon=":material/phone_missed:")
        back = st.button(_("Do not offer it"), key=f"{key}_back", type="tertiary")
    if accepted:
        _accept(actor, made, waits, zone)
    if declined:
        said = _("{name} does not want it.").format(name=name)
        _pass_on(offering, lambda db, now: waiting.decline(db, actor, made.id, now=now), said)
    if missed:
        said = _("{name} did not answer.").format(name=name)
        _pass_on(offering, lambda db, now: waiting.no_answer(db, actor, made.id, now=now), said)
    if back and _done(lambda db, now: waiting.take_back(db, actor, made.id, now=now)):
        forget()
        st.rerun()


def _accept(actor: Actor, made: Offer, waits: Waiting | None, zone: ZoneInfo) -> None:
    if not _done(lambda db, now: waiting.accept(db, actor, made.id, now=now)):
        return
    now = utc_now()
    forget()
    feedback.flash(
        _("Booked {patient} with {professional}, {time}.").format(
            patient=made.entry.patient.name,
            professional=made.professional.name,
            time=when(made.starts_at, zone, now),
        )
    )
    if waits is not None and waits.visit_at is not None:
        feedback.flash(
            _("{patient} still has the visit {time}.").format(
                patient=made.entry.patient.name, time=when(waits.visit_at, zone, now)
            )
        )
    st.rerun()


def _pass_on(offering: Offering, answer: Callable[[Session, datetime], object], said: str) -> None:
    """Note the answer, and hold the time for the next who waits and has not been asked."""
    if not _done(answer):
        return
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        fits = waiting.fitting_entries(db, actor, offering.gap, now=now)
    fresh = [each for each in fits if each.asked_at is None]
    st.session_state[KEY] = _offer(fresh[0], said) if fresh else Offering(offering.gap, before=said)
    st.rerun()


def _nobody_left(actor: Actor, offering: Offering, zone: ZoneInfo, now: datetime) -> None:
    """Everybody was asked: those who did not answer may be called again."""
    with session.reading() as db:
        again = waiting.fitting_entries(db, actor, offering.gap, now=now)
    st.info(_("Nobody else waits for this time."), icon=":material/done_all:")
    for each in again:
        st.markdown(f"{feedback.md(each.waiting.patient)} · :small[{why_words(each)}]")
        label = _("Call again: {time}").format(time=times(each.starts_at, each.ends_at, zone, now))
        if st.button(label, key=f"{KEY}_again_{each.waiting.id}", icon=":material/call:"):
            start(each)
            st.rerun()


def _offer(fit: Fit, before: str = "") -> Offering:
    """The time held for somebody, or the refusal that tells why it is not."""
    actor, now = session.signed_in(), utc_now()
    request = OfferRequest(
        fit.waiting.id, fit.waiting.version, fit.gap.professional_id, fit.starts_at
    )
    try:
        with session.writing() as db:
            made = waiting.offer(db, actor, request, now=now)
    except BookingError as refusal:
        return Offering(fit.gap, refused=refusal, before=before)
    return Offering(fit.gap, made.id, before=before, why=tuple(fit.why))


def _done(action: Callable[[Session, datetime], object]) -> bool:
    """Run one command in one transaction; say why not, if it is refused."""
    now = utc_now()
    try:
        with session.writing() as db:
            action(db, now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return False
    return True
