"""The visits right after a new booking, row by row: which service, with whom, for whom."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import catalog
from core.booking import MOST_LEGS, Leg
from core.policy import Actor
from dashboard import session
from dashboard.components.autofocus import autofocus
from dashboard.components.patient_picker import PatientChosen
from dashboard.components.words import minutes
from dashboard.i18n import _
from dashboard.searching import choose_patient

ANYBODY = 0
FIRST, SOMEBODY_ELSE = 0, -1
"""Whose a visit is: the first one's, or somebody's who is chosen there. Others go by their row."""
ROWS = range(1, MOST_LEGS)
TYPED = tuple(f"leg{row}_{field}" for row in ROWS for field in ("words", "name", "phone"))
ALONG = (
    "legs",
    *(f"leg{row}_{field}" for row in ROWS for field in ("service", "who", "whom", "adding")),
)
"""What a draft of the dialog keeps of it."""


@dataclass(frozen=True)
class Row:
    """A visit that comes after, as far as it is chosen."""

    number: int
    leg: Leg | None
    """None while the service is still to be chosen."""
    whose: int
    below: DeltaGenerator
    """Where its time is told."""


@dataclass(frozen=True)
class Choices:
    """The services somebody offers, and who offers each, by id, as they are shown."""

    services: Mapping[int, str]
    offering: Mapping[int, Mapping[int, str]]


def is_asked(key: str) -> bool:
    return bool(_numbers(key))


def offer(key: str) -> None:
    """The quiet way to one more visit."""
    if len(_numbers(key)) < len(ROWS):
        st.button(
            _("And right after"),
            key=f"{key}_right_after",
            icon=":material/add:",
            type="tertiary",
            on_click=_add,
            args=(key,),
        )


def draw_rows(actor: Actor, first: Leg, people: dict[int, PatientChosen], *, key: str) -> list[Row]:
    """The rows on the screen; whoever is chosen there joins the ``people``, by the row."""
    choices, rows = _choices(actor), list[Row]()
    for number in _numbers(key):
        legs = [first, *(each.leg for each in rows if each.leg)]
        whose = rows[-1].whose if rows else FIRST
        rows.append(_row(number, legs, whose, choices, people, key=key))
    _focus(key)
    return rows


def _row(
    number: int,
    before: Sequence[Leg],
    whose_before: int,
    choices: Choices,
    people: dict[int, PatientChosen],
    *,
    key: str,
) -> Row:
    """One visit more: the service, with whom, for whom; as the one before where nothing is said."""
    prefix = f"{key}_leg{number}"
    with st.container(border=True, gap="small", key=f"{prefix}_row"):
        left, middle, right = st.columns(3)
        service_id: int | None = left.selectbox(
            _("Service"),
            list(choices.services),
            index=None,
            format_func=lambda id: choices.services[id],
            key=f"{prefix}_service",
            placeholder=_("Which service?"),
        )
        with middle:
            who = _choose_who(choices.offering.get(service_id or 0, {}), before, prefix)
        with right:
            whose = _choose(
                _("For"),
                _names(people),
                whose_before,
                key=f"{prefix}_whom",
                then=lambda: _go_to(key, f"leg{number}_words"),
            )
        if whose == SOMEBODY_ELSE:
            people[number] = choose_patient(prefix)
            whose = number
        below = _last_line(key, number)
    if service_id is None:
        return Row(number, None, whose, below)
    known = people[whose].known
    leg = Leg(service_id, known.id if known else None, None if who == ANYBODY else who)
    return Row(number, leg, whose, below)


def _choose_who(offering: Mapping[int, str], before: Sequence[Leg], prefix: str) -> int:
    """Who of the visits before does this as well, where nobody else is chosen."""
    # Until there is a service, nobody is there to be kept.
    key = f"{prefix}_who" if offering else f"{prefix}_nobody"
    known = (each.professional_id for each in reversed(before))
    default = next((each for each in known if each in offering), None)
    return _choose(_("With"), {ANYBODY: _("Anybody free"), **offering}, default, key=key)


def _last_line(key: str, number: int) -> DeltaGenerator:
    """Where the time is told, beside the way to leave the visit out again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        below = st.container(width="stretch")
        st.button(
            _("Leave out"),
            key=f"{key}_leg{number}_remove",
            icon=":material/close:",
            type="tertiary",
            on_click=_remove,
            args=(key, number),
        )
    return below


def _choose(
    label: str,
    options: Mapping[int, str],
    default: int | None,
    *,
    key: str,
    then: Callable[[], None] | None = None,
) -> int:
    """One of the options, which may have changed since the last was chosen."""
    if st.session_state.get(key, default) not in options:
        st.session_state.pop(key, None)
    found = list(options)
    return st.selectbox(
        label,
        found,
        index=found.index(default) if default is not None and default in options else 0,
        format_func=lambda each: options[each],
        key=key,
        on_change=then,
    )


def _names(people: Mapping[int, PatientChosen]) -> Mapping[int, str]:
    """Those chosen so far, and the way to somebody else."""
    unnamed = {FIRST: _("Same patient")}
    names = {
        whose: name_of(chosen)
        or unnamed.get(whose)
        or _("Patient of visit {number}").format(number=place + 1)
        for place, (whose, chosen) in enumerate(people.items())
    }
    return {**names, SOMEBODY_ELSE: _("Another patient")}


def _choices(actor: Actor) -> Choices:
    with session.reading() as db:
        services = {
            each.id: f"{each.name} · {minutes(each.length_minutes)}"
            for each in catalog.load_services(db)
        }
        names = {each.id: each.name for each in catalog.load_professionals(db, actor)}
        offered = catalog.load_offered(db, actor)
    offering: dict[int, dict[int, str]] = {}
    for professional_id, name in names.items():
        for each in offered.get(professional_id, ()):
            offering.setdefault(each.service_id, {})[professional_id] = name
    return Choices({id: name for id, name in services.items() if id in offering}, offering)


def name_of(chosen: PatientChosen) -> str:
    person = chosen.known or chosen.new
    return person.name if person else ""


def _numbers(key: str) -> list[int]:
    """The rows on the screen, in order."""
    found: list[int] = st.session_state.get(f"{key}_legs", [])
    return found


def _add(key: str) -> None:
    rows = _numbers(key)
    number = next(each for each in ROWS if each not in rows)
    st.session_state[f"{key}_legs"] = [*rows, number]
    _go_to(key, f"leg{number}_service")


def _remove(key: str, number: int) -> None:
    session.forget_typed(f"{key}_leg{number}_")
    st.session_state[f"{key}_legs"] = [each for each in _numbers(key) if each != number]
    _go_to(key, "note")


def _go_to(key: str, field: str) -> None:
    """Have the cursor go there once; nowhere if it is not drawn."""
    st.session_state[f"{key}_goes_to"] = f"{field} {secrets.token_hex(4)}"


def _focus(key: str) -> None:
    """The pressed button is gone, or what it brought is to be filled in."""
    field, _space, once = st.session_state.get(f"{key}_goes_to", "").partition(" ")
    if field:
        autofocus(f"{key}_{field}", once=once)
