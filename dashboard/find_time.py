"""The dialog that finds the next free times of a service, over everybody who offers it.

A click on one opens the booking form with that time held.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import NoReturn
from zoneinfo import ZoneInfo

import streamlit as st

from core import catalog
from core.availability.next_free import (
    DayPart,
    NextAsked,
    Proposal,
    next_starts,
)
from core.db import utc_now
from core.desk import DayAsked
from core.models import Booking, Expertise, Patient, Professional, Service
from core.patients import PatientFound
from core.policy import Actor
from core.searches import SearchMade
from core.waiting import Wishes
from dashboard import keys, new_booking, places, searched, session, to_know, waiting_asked
from dashboard.components.autofocus import autofocus
from dashboard.components.desk_filters import CHOSEN
from dashboard.components.liked import Liked, clear, fill, say_filled
from dashboard.components.patient_picker import PatientChosen
from dashboard.components.time_pills import PARTS, time_pills
from dashboard.components.to_know_lines import to_know_lines
from dashboard.components.view_switch import DAY
from dashboard.components.words import minutes
from dashboard.feedback import md
from dashboard.formatting import clock, day
from dashboard.i18n import _

KEY = "find_time"
PEOPLE, TIMES = f"{KEY}_professionals", f"{KEY}_parts"
FILLED = (PEOPLE, TIMES)
A_DAY, AT_FIRST, MORE = 4, 20, 20


@dataclass(frozen=True)
class Looking:
    """What the dialog was opened with, and for whom where that is known."""

    opened: str
    service_id: int | None = None
    expertise_id: int | None = None
    professional_ids: tuple[int, ...] = ()
    patient: PatientFound | None = None
    count: int = AT_FIRST


@dataclass(frozen=True)
class Choices:
    services: Sequence[Service]
    expertise: Sequence[Expertise]
    professionals: Sequence[Professional]


def open_for_day(asked: DayAsked) -> None:
    """Open the dialog on the next run, with what the desk has chosen already."""
    _open(
        Looking(secrets.token_hex(4), asked.service_id, asked.expertise_id, asked.professional_ids)
    )


def open_again(booking: Booking) -> None:
    """Another time for the same visit: patient, professional and service are kept."""
    patient = known(booking.attendees[0].patient)
    _open(
        Looking(secrets.token_hex(4), booking.service_id, None, (booking.professional_id,), patient)
    )


def open_for(patient: Patient) -> None:
    """Any visit, for this patient."""
    _open(Looking(secrets.token_hex(4), patient=known(patient)))


def open_recalled(patient: Patient, service_id: int | None, professional_id: int | None) -> None:
    """The visit they are to be seen again for."""
    people = () if professional_id is None else (professional_id,)
    _open(Looking(secrets.token_hex(4), service_id, None, people, known(patient)))


def known(patient: Patient) -> PatientFound:
    """A patient as the search would have found them."""
    return PatientFound(
        id=patient.id,
        calendar_id=patient.calendar_id,
        name=patient.name,
        phone=patient.phone,
        email=patient.email,
        born_on=patient.born_on,
        version=patient.version,
    )


def go() -> NoReturn:
    """To the desk, where the dialog is drawn; at the desk itself all that is chosen stays."""
    if any(each in st.query_params for each in CHOSEN):
        st.rerun()  # what its widgets have put into the address cannot be set from here
    st.switch_page(str(places.PAGES / "desk.py"))


def is_open() -> bool:
    return KEY in st.session_state


def forget() -> None:
    session.forget_typed(KEY)


def show() -> None:
    """Draw the dialog; its own reruns leave the page alone."""
    st.dialog(_("Find a time"), width="large", on_dismiss=forget)(_dialog)()


def _open(looking: Looking) -> None:
    forget()
    new_booking.forget()
    st.session_state[KEY] = looking


def _dialog() -> None:
    actor = session.signed_in()
    looking: Looking | None = st.session_state.get(KEY)
    if looking is None:
        st.rerun()
    with session.reading() as db:
        choices = Choices(
            catalog.load_services(db),
            catalog.load_expertise(db),
            catalog.load_professionals(db, actor),
        )
    liked = to_know.liked_by(looking.patient)
    if looking.patient is not None:
        st.markdown(_("For **{name}**").format(name=md(looking.patient.name)))
        to_know_lines(liked.known)
    asked = _ask(actor, looking, choices, liked)
    if asked is None:
        autofocus(f"{KEY}_service", once=looking.opened)
        st.caption(_("Choose a service to see its next free times."))
        return
    is_filled = say_filled(liked, *FILLED)
    _show_found(actor, looking, asked, is_filled=is_filled)
    if any(each.id == asked.service_id and each.seats == 1 for each in choices.services):
        st.button(
            _("No time suits? Put on the waiting list"),
            key=f"{KEY}_wait",
            icon=":material/hourglass_empty:",
            type="tertiary",
            on_click=_wait,
            args=(looking, asked),
        )


def _ask(actor: Actor, looking: Looking, choices: Choices, liked: Liked) -> NextAsked | None:
    """The wishes; nothing before a service is chosen."""
    services = {each.id: each for each in choices.services}
    names = {each.id: each.name for each in choices.professionals}
    tags = {each.id: each.name for each in choices.expertise}
    left, middle, right = st.columns(3)
    service_id = left.selectbox(
        _("Service"),
        list(services),
        index=_index_of(looking.service_id, list(services)),
        format_func=lambda id: f"{services[id].name} · {minutes(services[id].length_minutes)}",
        key=f"{KEY}_service",
        placeholder=_("Which service?"),
    )
    given = [each for each in looking.professional_ids if each in names]
    if not given:
        fill(PEOPLE, liked.people(_offering(actor, service_id, liked)), liked, service_id)
    professional_ids = middle.multiselect(
        _("Professionals"),
        list(names),
        default=given or None,
        format_func=lambda id: names[id],
        key=PEOPLE,
        placeholder=_("Anybody"),
    )
    expertise_id = right.selectbox(
        _("Expertise"),
        list(tags),
        index=_index_of(looking.expertise_id, list(tags)),
        format_func=lambda id: tags[id],
        key=f"{KEY}_expertise",
        placeholder=_("Any expertise"),
    )
    weekdays, parts, from_on, premium = _ask_when(liked)
    if service_id is None:
        return None
    return NextAsked(
        service_id=service_id,
        count=looking.count,
        most_a_day=A_DAY,
        patient_id=looking.patient.id if looking.patient else None,
        professional_ids=tuple(professional_ids),
        expertise_id=expertise_id,
        premium=True if premium else None,
        weekdays=weekdays,
        parts=parts,
        from_on=from_on,
    )


def _offering(actor: Actor, service_id: int | None, liked: Liked) -> list[int]:
    """Who does the service; asked only where somebody is preferred."""
    if service_id is None or not liked.known.at_work:
        return []
    with session.reading() as db:
        return [each.id for each in catalog.load_professionals(db, actor, service_id=service_id)]


def _ask_when(liked: Liked) -> tuple[frozenset[int], tuple[DayPart, ...], date | None, bool]:
    """Weekdays, parts of the day, the first date that would do, and premium alone."""
    fill(TIMES, [name for name, part in PARTS.items() if part in liked.parts], liked)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        weekdays, parts = time_pills(KEY)
        from_on = st.date_input(
            _("Not before"),
            value=None,
            min_value="today",
            format="DD.MM.YYYY",
            key=f"{KEY}_from",
            width=150,
        )
        premium = st.checkbox(_("Premium only"), key=f"{KEY}_premium", width="content")
    return (
        weekdays,
        parts,
        from_on if isinstance(from_on, date) else None,
        premium,
    )


def _show_found(actor: Actor, looking: Looking, asked: NextAsked, *, is_filled: bool) -> None:
    now, zone = utc_now(), session.zone()
    with session.reading() as db:
        found = next_starts(db, actor, asked, now=now)
    first = min((each.starts_at for each in found), default=None)
    about = searched.about(asked.patient_id, looking.opened)
    searched.note(actor, SearchMade(asked, len(found), first), about, now=now)
    if not found:
        st.info(
            _("Nothing is free with these wishes. Try other days, or another professional."),
            icon=":material/event_busy:",
        )
        if is_filled:
            st.button(_("Look at other times too"), key=f"{KEY}_clear", on_click=clear, args=FILLED)
        return
    today = now.astimezone(zone).date()
    best = found[0]
    for on, times in groupby(found, key=lambda each: each.starts_at.astimezone(zone).date()):
        st.markdown(f"**{md(_date_line(on, today))}**")
        columns = st.columns(2, gap="medium")
        for number, each in enumerate(times):
            with columns[number % 2]:
                _time_row(looking, asked, each, zone, is_best=each is best)
    if len(found) >= asked.count:
        st.button(_("More times"), key=f"{KEY}_more", icon=":material/add:", on_click=_show_more)


def _time_row(
    looking: Looking, asked: NextAsked, proposal: Proposal, zone: ZoneInfo, *, is_best: bool
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            f"**{clock(proposal.starts_at, zone)}** · {md(proposal.professional)}",
            key=f"{KEY}_take_{proposal.professional_id}_{proposal.starts_at.timestamp():.0f}",
            type="primary" if is_best else "secondary",
            shortcut=keys.TAKE.press if is_best else None,
            on_click=_take,
            args=(looking, asked, proposal, zone),
        )
        st.caption(_why(proposal), width="content")


def _take(looking: Looking, asked: NextAsked, proposal: Proposal, zone: ZoneInfo) -> None:
    """Hold the time and go on with the booking form, on that day."""
    forget()
    st.session_state[DAY] = proposal.starts_at.astimezone(zone).date()
    new_booking.ask(proposal.professional_id, asked.service_id, proposal.starts_at, looking.patient)


def _wait(looking: Looking, asked: NextAsked) -> None:
    """To the waiting list, with the patient and the wishes."""
    forget()
    start = Wishes(
        asked.service_id,
        asked.professional_ids,
        asked.from_on,
        weekdays=asked.weekdays,
        parts=asked.parts,
    )
    waiting_asked.ask(PatientChosen(known=looking.patient), start=start)


def _why(proposal: Proposal) -> str:
    """What ranks the time where it stands."""
    said = []
    if proposal.is_usual:
        said.append(_("usual professional"))
    if proposal.unusable_minutes:
        said.append(_("leaves {count} min unused").format(count=proposal.unusable_minutes))
    said.append(_("{percent} % of the day booked").format(percent=round(100 * proposal.load)))
    return " · ".join(said)


def _date_line(on: date, today: date) -> str:
    ahead = (on - today).days
    if ahead == 0:
        return _("Today, {date}").format(date=day(on, today))
    if ahead == 1:
        return _("Tomorrow, {date}").format(date=day(on, today))
    return _("{date}, in {count} days").format(date=day(on, today), count=ahead)


def _show_more() -> None:
    looking: Looking = st.session_state[KEY]
    st.session_state[KEY] = replace(looking, count=looking.count + MORE)


def _index_of(value: int | None, options: list[int]) -> int | None:
    return options.index(value) if value in options else None
