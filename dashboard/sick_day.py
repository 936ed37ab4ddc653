"""The stranded visits of somebody who is away, one at a time: whom to call, and what to offer."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NoReturn, TypeVar
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core import catalog
from core.changing_hours import load_left_outside
from core.db import utc_now
from core.errors import BookingError, NotFound
from core.models import Booking, BookingState, Patient
from core.policy import Actor
from core.schedule import load_time_off
from core.sick_day import (
    Instead,
    MoveInstead,
    TakenBack,
    Worklist,
    WorkRow,
    cancel_stranded,
    load_worklist,
    move_stranded,
    no_answer,
    propose_instead,
    skip,
    take_next,
    undo_last,
)
from dashboard import feedback, keys, places, session, time_off, to_know
from dashboard.feedback import md
from dashboard.formatting import clock, phone, plain, time_off_days, when
from dashboard.i18n import N_, _, ngettext
from dashboard.keys import Key
from dashboard.opened import title_of
from dashboard.patients import languages
from dashboard.practice import forms

CHOSEN = "sick_day_time_off"
BEFORE, REFUSED = "sick_day_before", "sick_day_refused"
"""The visit this desk was shown last, and what its last step met with."""
WIDTH, REFRESH_SECONDS = 900, 15

ILL = time_off.Words(
    N_("Choose who is away"), N_("Ill, family …"), save=N_("Save and go through their visits")
)

Result = TypeVar("Result")
Change = Callable[[Session, Actor, datetime], Result]
"""A step, for whoever presses the button."""
Said = str | Callable[[Result], str]


def chosen() -> int | None:
    """The time off whose visits are worked on here."""
    found: int | None = st.session_state.get(CHOSEN)
    return found


def go_to(time_off_id: int) -> NoReturn:
    """To the page, with this list open."""
    _choose(time_off_id)
    st.switch_page(str(places.PAGES / "sick_day.py"))


def choose(actor: Actor) -> None:
    """The lists that wait for somebody, and the form that makes another."""
    now, zone = utc_now(), session.zone()
    with session.reading() as db:
        absences = load_time_off(db, actor, now=now)
        lists = [(each, load_worklist(db, actor, each.id, now=now)) for each in absences]
        outside = load_left_outside(db, actor, now=now)
    waiting = [(each, worklist) for each, worklist in lists if worklist.rows]
    if waiting:
        st.subheader(_("Visits to move"), anchor=False)
    for number, (each, worklist) in enumerate(waiting):
        with st.container(horizontal=True, vertical_alignment="center", width=WIDTH):
            days = time_off_days(each.starts_at, each.ends_at, zone)
            forms.entry(each.professional, [days, progress(worklist)])
            st.button(
                _("Go on"),
                key=f"sick_day_open_{each.id}",
                icon=":material/call:",
                shortcut=keys.FIRST_LIST.press if number == 0 else None,
                on_click=_open,
                args=(each.id,),
            )
    if outside:
        _outside_the_hours([each.booking for each in outside], zone)
    asked = _("Who else is away today?") if waiting else _("Who is away today?")
    st.subheader(asked, anchor=False)
    st.caption(
        _(
            "Once it is saved nobody can be booked with them, and you go through those who are, "
            "one by one."
        )
    )
    with st.container(width=WIDTH):
        # A list that waits is opened by key, and keys are not heard in a field.
        time_off.enter(actor, then=_choose, words=ILL, focused=not waiting)


def _outside_the_hours(bookings: Sequence[Booking], zone: ZoneInfo) -> None:
    """Hours were changed under these: each leaves the list once it is moved or cancelled."""
    st.subheader(_("Outside changed hours"), anchor=False)
    count = ngettext(
        "{count} visit lies outside hours that were changed. Open it to move or cancel it.",
        "{count} visits lie outside hours that were changed. Open each to move or cancel it.",
        len(bookings),
    )
    st.caption(count.format(count=len(bookings)))
    with st.container(width=WIDTH):
        time_off.booked_lines(bookings, zone, "outside", whose=True)


def _choose(time_off_id: int | None) -> None:
    st.session_state[CHOSEN] = time_off_id
    for each in (BEFORE, REFUSED):
        st.session_state.pop(each, None)


def _open(time_off_id: int | None) -> None:
    session.signed_in()
    _choose(time_off_id)


def work(actor: Actor) -> None:
    """A visit is taken for whoever comes here, or has done with one."""
    time_off_id = chosen()
    assert time_off_id is not None
    _take(actor, time_off_id)
    with st.container(width=WIDTH):
        board(time_off_id)


@st.fragment(run_every=REFRESH_SECONDS)
def board(time_off_id: int) -> None:
    """The visit before this desk, or that none is left; what other desks do appears by itself."""
    actor = session.signed_in()
    if chosen() != time_off_id:
        st.rerun()
    try:
        with session.reading() as db:
            worklist = load_worklist(db, actor, time_off_id, now=utc_now())
    except NotFound as gone:
        feedback.flash(plain(gone))
        _choose(None)
        st.rerun()
    feedback.show_flash()
    _head(actor, worklist)
    if refused := st.session_state.get(REFUSED):
        feedback.refuse(refused)
    current = _before(worklist)
    if current is not None:
        _visit(actor, time_off_id, current)
    elif any(not each.taken_by for each in worklist.rows):
        _go_on(time_off_id)
    elif worklist.rows:
        st.info(_("Other desks are calling about all that is left."), icon=":material/group:")
    elif worklist.done:
        st.success(_("Nobody is left to call. The time off stands."), icon=":material/check:")
    else:
        st.success(_("Nobody has to be called. The time off stands."), icon=":material/check:")
    _buttons(time_off_id, worklist, current)
    _after(worklist, current)


def _take(actor: Actor, time_off_id: int) -> None:
    """Have a visit before this desk. Not by the clock: an empty desk would keep it from others."""
    now = utc_now()
    try:
        with session.reading() as db:
            worklist = load_worklist(db, actor, time_off_id, now=now)
        if worklist.current is None and any(not each.taken_by for each in worklist.rows):
            with session.writing() as db:
                take_next(db, actor, time_off_id, now=now)
    except NotFound:
        return  # the board says so


def _before(worklist: Worklist) -> WorkRow | None:
    """This desk's visit. A long call may outlast its turn: it stays until another desk takes it."""
    last = st.session_state.get(BEFORE)
    kept = (each for each in worklist.rows if each.booking.id == last and not each.taken_by)
    row = worklist.current or next(kept, None)
    st.session_state[BEFORE] = row.booking.id if row else None
    return row


def _go_on(time_off_id: int) -> None:
    st.info(_("There are visits again that nobody is calling about."), icon=":material/call:")
    st.button(
        _("Go on"),
        key="sick_day_go_on",
        type="primary",
        shortcut=keys.FIRST_LIST.press,
        on_click=_go,
        args=(time_off_id,),
    )


def _go(time_off_id: int) -> None:
    _take(session.signed_in(), time_off_id)


def progress(worklist: Worklist) -> str:
    """ "4 of 11 done, 2 to call again"."""
    total = worklist.done + len(worklist.rows)
    done = _("{done} of {total} done").format(done=worklist.done, total=total)
    if not worklist.to_call_again:
        return done
    again = _("{count} to call again").format(count=worklist.to_call_again)
    return f"{done}, {again}"


def _head(actor: Actor, worklist: Worklist) -> None:
    away = worklist.time_off
    with session.reading() as db:
        names = {each.id: each.name for each in catalog.load_professionals(db, actor)}
    days = time_off_days(away.starts_at, away.ends_at, session.zone())
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(
            _("{professional} is away").format(
                professional=names.get(away.professional_id, _("a professional"))
            ),
            [days],
        )
        st.button(_("All lists"), key="sick_day_back", on_click=_open, args=(None,))
    total = worklist.done + len(worklist.rows)
    if total:
        st.progress(worklist.done / total, text=md(progress(worklist)))


def _visit(actor: Actor, time_off_id: int, row: WorkRow) -> None:
    booking, now, zone = row.booking, utc_now(), session.zone()
    with session.reading() as db:
        found = propose_instead(db, actor, booking.id, now=now)
    with st.container(border=True):
        for each in row.patients:
            st.markdown(_person(each))
            to_know.tell(each.id)
        span = f"{when(booking.starts_at, zone, now)}-{clock(booking.ends_at, zone)}"
        st.markdown(" · ".join(md(each) for each in (booking.service.name, span)))
        for note in _notes(row):
            st.caption(note)
    if not found:
        st.warning(_("No free time was found. Cancel the visit or skip it for now."))
    for number, instead in enumerate(found, start=1):
        asked = MoveInstead(
            time_off_id, booking.id, booking.version, instead.professional_id, instead.starts_at
        )
        st.button(
            _proposal(instead, zone, now),
            key=_press_of(asked, number),
            shortcut=keys.PROPOSALS[number - 1].press,
            width="stretch",
            on_click=_do,
            args=(
                time_off_id,
                lambda db, who, at, asked=asked: move_stranded(db, who, asked, now=at),
                _("{patient} comes to {professional}, {time}.").format(
                    patient=_names(row),
                    professional=instead.professional,
                    time=when(instead.starts_at, zone, now),
                ),
            ),
        )


def _press_of(asked: MoveInstead, number: int) -> str:
    """The list is drawn anew by itself: a press meant for another proposal finds nothing."""
    place = f"{asked.professional_id}_{asked.starts_at:%Y%m%d%H%M}"
    return f"sick_day_take_{asked.booking_id}_{asked.version}_{number}_{place}"


def _person(patient: Patient) -> str:
    number = phone(patient.phone)
    call = f"[{md(number)}](tel:{_dialled(patient.phone)})" if number else _("no telephone number")
    language = md(languages.in_words(patient.language)) if patient.language else ""
    return " · ".join(each for each in (f"**{md(patient.name)}**", call, language) if each)


def _dialled(number: str) -> str:
    return "".join(each for each in number if each in "+0123456789")


def _notes(row: WorkRow) -> Sequence[str]:
    notes = []
    if row.unanswered:
        count = ngettext(
            "Called {count} time, no answer", "Called {count} times, no answer", row.unanswered
        )
        notes.append(count.format(count=row.unanswered))
    if row.booking.seats > 1:
        notes.append(_("A group: all who come are moved together."))
    if row.booking.series_id is not None:
        notes.append(_("One of a series: only this visit is moved."))
    return notes


def _proposal(instead: Instead, zone: ZoneInfo, now: datetime) -> str:
    why = " · ".join(_(each) for each in instead.why)
    start = md(when(instead.starts_at, zone, now))
    return f"**{start}** · {md(instead.professional)} · {md(why)}"


def _names(row: WorkRow) -> str:
    return ", ".join(each.name for each in row.patients)


def _buttons(time_off_id: int, worklist: Worklist, row: WorkRow | None) -> None:
    with st.container(horizontal=True):
        if row is not None:
            booking, name = row.booking, _names(row)
            again = _("{patient} comes again at the end.").format(patient=name)
            _button(
                _("No answer"),
                keys.NO_ANSWER,
                time_off_id,
                lambda db, who, at: no_answer(db, who, time_off_id, booking.id, row.seen, now=at),
                again,
                f"{booking.id}_{row.seen}",
            )
            _button(
                _("Skip"),
                keys.SKIP,
                time_off_id,
                lambda db, who, at: skip(db, who, time_off_id, booking.id, row.seen, now=at),
                again,
                f"{booking.id}_{row.seen}",
            )
            _button(
                _("Cancel the visit"),
                keys.CANCEL_AWAY,
                time_off_id,
                lambda db, who, at: cancel_stranded(
                    db, who, time_off_id, booking.id, booking.version, now=at
                ),
                _("The visit of {patient} is cancelled.").format(patient=name),
                f"{booking.id}",
            )
        _button(
            _("Undo"),
            keys.UNDO,
            time_off_id,
            lambda db, who, at: undo_last(db, who, time_off_id, worklist.undoable, now=at),
            _taken_back,
            f"{worklist.undoable}",
        )


def _taken_back(done: TakenBack) -> str:
    """Whose visit it is about, and where it is now."""
    booking = done.booking
    facts = {
        "patient": title_of(booking),
        "time": when(booking.starts_at, session.zone(), utc_now()),
        "professional": booking.professional.name,
    }
    if done.already:
        return _("Taken back already: {patient}, {time} with {professional}.").format(**facts)
    if done.is_back:
        return _("Taken back: {patient} is before you, {time} with {professional}.").format(**facts)
    if booking.state is BookingState.CANCELLED:
        stays = _("The visit of {patient} was changed since and stays cancelled.")
    else:
        stays = _("The visit of {patient} was changed since and stays: {time} with {professional}.")
    return " ".join([stays.format(**facts), _("Undo once more goes a step further back.")])


def _button(
    label: str,
    key: Key,
    time_off_id: int,
    change: Change[Result],
    said: Said[Result],
    about: str,
) -> None:
    """``about`` the visit or step it was drawn for: pressed twice it does not find the next."""
    st.button(
        label,
        key=f"sick_day_{key.press}_{about}",
        shortcut=key.press,
        on_click=_do,
        args=(time_off_id, change, said),
    )


def _do(time_off_id: int, change: Change[Result], said: Said[Result]) -> None:
    """One step, and the next visit; why it was not done stays to be read until the next step."""
    actor = session.signed_in()
    st.session_state.pop(REFUSED, None)
    try:
        with session.writing() as db:
            done = change(db, actor, utc_now())
    except BookingError as refusal:
        st.session_state[REFUSED] = refusal
    else:
        feedback.flash(said if isinstance(said, str) else said(done))
        st.session_state.pop(BEFORE, None)
    _take(actor, time_off_id)


def _after(worklist: Worklist, current: WorkRow | None) -> None:
    """Who comes next, and who is called by another desk."""
    others = [each for each in worklist.rows if each is not current]
    if not others:
        return
    zone, now = session.zone(), utc_now()
    st.subheader(_("Next on the list"), anchor=False)
    for each in others:
        start = when(each.booking.starts_at, zone, now)
        taken = _("{who} is calling").format(who=each.taken_by) if each.taken_by else ""
        again = _("to call again") if each.unanswered else ""
        facts = (start, each.booking.service.name, taken, again)
        st.markdown(" · ".join([f"**{md(_names(each))}**", *(md(one) for one in facts if one)]))
