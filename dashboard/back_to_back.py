"""What comes right after a new booking, in the same dialog: all of it booked in one go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from core import patients
from core.availability.chain import MOST_WAIT
from core.booking import (
    ChainAsked,
    ChainPlan,
    ChainRequest,
    Leg,
    NoPlace,
    Placed,
    book_back_to_back,
    find_booked_chain,
    hold_legs,
    next_chains,
    preview_chain,
)
from core.db import utc_now
from core.errors import BookingError
from core.models import Booking
from core.policy import Actor
from dashboard import answered, feedback, keys, session
from dashboard.chain_rows import FIRST, Row, draw_rows, name_of, offer
from dashboard.components.patient_picker import PatientChosen
from dashboard.components.time_pills import time_pills
from dashboard.formatting import clock, say, when
from dashboard.i18n import _, ngettext


@dataclass(frozen=True)
class First:
    """The visit the dialog is about, and what it knows besides."""

    leg: Leg
    starts_at: datetime
    chosen: PatientChosen
    request_key: str
    note: str
    hold_id: int | None
    done: Callable[[], None]
    """Closes the dialog."""
    start_at: Callable[[datetime], None]
    """Gives the first visit another start."""


def book_form(actor: Actor, first: First, zone: ZoneInfo, *, key: str) -> None:
    """Every visit that comes after, with its time; and one button that books them all."""
    if refusal := st.session_state.pop(f"{key}_chain_refused", None):
        feedback.refuse(refusal)
    people = {FIRST: first.chosen}
    rows = draw_rows(actor, first.leg, people, key=key)
    comers = [people[each] for each in (FIRST, *(row.whose for row in rows))]
    seen: ChainPlan | None = st.session_state.get(f"{key}_chain_seen")
    with session.reading() as db:
        booked = find_booked_chain(db, actor, first.request_key)
    if booked and seen is not None:  # the button was pressed twice
        _finish(actor, first, booked, seen, comers, zone)
    offer(key)
    asked = _asked(first, rows)
    plan = _show_plan(actor, first, asked, rows, zone, key)
    st.session_state[f"{key}_chain_seen"] = plan
    is_whole = plan is not None and len(plan.placed) == len(comers)
    if not _pressed(comers, is_whole=is_whole, key=key) or plan is None:
        return
    if plan != seen:
        st.warning(_("The times have changed in the meantime. Please look again."))
        return
    try:
        with session.writing() as db:
            booked = _book(db, actor, first, asked, plan, comers, utc_now())
    except BookingError as refused:
        st.session_state[f"{key}_chain_refused"] = refused
        st.rerun()
    _finish(actor, first, booked, plan, comers, zone)


def _pressed(comers: Sequence[PatientChosen], *, is_whole: bool, key: str) -> bool:
    names = list(dict.fromkeys(map(name_of, comers)))
    is_ready, label = is_whole and all(names), _("Book")
    if is_ready:
        sentence = ngettext(
            "Book {count} visit for {name}", "Book {count} visits for {name}", len(comers)
        )
        label = sentence.format(count=len(comers), name=feedback.md(", ".join(names)))
    return st.button(
        label,
        key=f"{key}_book_all",
        type="primary",
        width="stretch",
        disabled=not is_ready,
        shortcut=keys.TAKE.press,
    )


def _show_plan(
    actor: Actor, first: First, asked: ChainAsked, rows: Sequence[Row], zone: ZoneInfo, key: str
) -> ChainPlan | None:
    """The time of each visit, or why it has none and when all of them fit."""
    if len(asked.legs) < 2:
        return None
    try:
        with session.reading() as db:
            plan = preview_chain(db, actor, asked, now=utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return None
    for row, placed in zip(rows, plan.placed[1:], strict=False):
        row.below.markdown(_time_line(placed, zone))
    if plan.no_place is not None:
        number = plan.no_place.number
        where = rows[number - 1].below if number else st.container()
        where.markdown(f":material/block: {_why(plan.no_place, zone)}")
        _offer_starts(actor, first, asked, zone, key)
    return plan


def _offer_starts(actor: Actor, first: First, asked: ChainAsked, zone: ZoneInfo, key: str) -> None:
    """When all of it fits; a click starts it then."""
    now = utc_now()
    st.write(_("All of it fits, starting:"))
    times = st.container(horizontal=True)
    with st.container(horizontal=True, gap="medium"):
        weekdays, parts = time_pills(f"{key}_chain")
    with session.reading() as db:
        found = next_chains(db, actor, asked, weekdays=weekdays, parts=parts, now=now)
    with times:
        if not found:
            st.caption(_("No start found. Choose other days or people, or book one by one."))
        for chain in found:
            start = chain[0].starts_at
            st.button(
                when(start, zone, now),
                key=f"{key}_chain_{start.isoformat()}",
                on_click=first.start_at,
                args=(start,),
            )


def _why(no_place: NoPlace, zone: ZoneInfo) -> str:
    if no_place.reasons:
        return " ".join(say(each) for each in no_place.reasons)
    return feedback.md(
        _("{service}: nobody is free to start between {start} and {end}.").format(
            service=no_place.service,
            start=clock(no_place.earliest_at, zone),
            end=clock(no_place.earliest_at + MOST_WAIT, zone),
        )
    )


def _time_line(placed: Placed, zone: ZoneInfo) -> str:
    times = f"{clock(placed.starts_at, zone)}-{clock(placed.ends_at, zone)}"
    return f"**{times}** · {feedback.md(placed.professional)}"


def _asked(first: First, rows: Sequence[Row]) -> ChainAsked:
    """Those chosen so far: nothing is known of what comes after one without a service."""
    legs = [first.leg]
    for row in rows:
        if row.leg is None:
            break
        legs.append(row.leg)
    return ChainAsked(tuple(legs), first.starts_at, first.hold_id)


def _book(
    db: Session,
    actor: Actor,
    first: First,
    asked: ChainAsked,
    plan: ChainPlan,
    comers: Sequence[PatientChosen],
    now: datetime,
) -> list[Booking]:
    """All of it; somebody new is added once, in the same transaction."""
    hold_legs(db, asked.legs)
    ids: dict[PatientChosen, int] = {}
    for each in dict.fromkeys(comers):
        if each.known is not None:
            ids[each] = each.known.id
        elif each.new is not None:
            ids[each] = patients.add_patient(db, actor, each.new, now=now).id
    legs = tuple(map(_agreed, asked.legs, plan.placed, [ids[each] for each in comers]))
    request = ChainRequest(replace(asked, legs=legs), first.request_key, first.note)
    return book_back_to_back(db, actor, request, now=now)


def _finish(
    actor: Actor,
    first: First,
    booked: Sequence[Booking],
    plan: ChainPlan,
    comers: Sequence[PatientChosen],
    zone: ZoneInfo,
) -> NoReturn:
    """Close the dialog and name all that is booked."""
    now = utc_now()
    answered.close(actor, *booked, now=now)
    first.done()
    feedback.flash(_told(booked, plan, comers, zone, now))
    st.rerun()


def _agreed(leg: Leg, placed: Placed, patient_id: int) -> Leg:
    """Exactly what was on the screen, and told to the patient."""
    return replace(
        leg,
        patient_id=patient_id,
        professional_id=placed.professional_id,
        starts_at=placed.starts_at,
    )


def _told(
    booked: Sequence[Booking],
    plan: ChainPlan,
    comers: Sequence[PatientChosen],
    zone: ZoneInfo,
    now: datetime,
) -> str:
    """As short as can be, since a toast shows little: the day and a name are said once."""
    visits: list[str] = []
    said = ""
    for each, placed, name in zip(booked, plan.placed, map(name_of, comers), strict=False):
        sentence = _("{time} {patient} with {professional}")
        if name == said:
            sentence = _("{time} with {professional}")
        time = clock(each.starts_at, zone) if visits else when(each.starts_at, zone, now)
        visits.append(sentence.format(time=time, patient=name, professional=placed.professional))
        said = name
    return _("Booked: {visits}.").format(visits="; ".join(visits))
