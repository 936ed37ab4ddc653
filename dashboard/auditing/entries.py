"""Who did what: the audit's entries in words, by person, kind, patient and days."""

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core import audit, health
from core.audit_trail import (
    Step,
    TrailAsked,
    TrailPage,
    check_chain,
    load_people,
    load_trail,
)
from core.db import utc_now
from core.errors import NotFound
from core.models import Patient
from core.patients import get_patient
from core.policy import Actor
from dashboard import searching, session
from dashboard.components.audit_words import SENTENCES, details, sentence
from dashboard.components.patient_picker import describe
from dashboard.feedback import md
from dashboard.formatting import when
from dashboard.i18n import _

PERSON, PATIENT, OLDER, NEWER = "person", "patient", "older", "newer"
"""Numbers in the address: names never stand there."""


def show(actor: Actor) -> None:
    patient = _patient_in_the_address(actor)
    with session.reading() as db:
        people = dict(load_people(db, actor))
    kind, first, last = _filters(people, patient)
    asked = TrailAsked(
        user_id=_number(PERSON),
        actions=tuple(SENTENCES[kind]) if kind else (),
        patient_id=patient.id if patient else None,
        first_on=first,
        last_on=last,
        older_than=_number(OLDER),
        newer_than=_number(NEWER),
    )
    with session.reading() as db:
        page = load_trail(db, actor, asked)
    action = "audit.read_patient" if patient else "audit.read"
    audit.note_read(session.database(), actor, action, patient, now=utc_now())
    if page.steps:
        st.dataframe(
            _table(page.steps, session.zone()),
            hide_index=True,
            width="stretch",
            column_config={
                _("What happened"): st.column_config.TextColumn(width="large"),
                _("Entry"): st.column_config.NumberColumn(width="small"),
            },
        )
    else:
        st.info(_("Nothing on record that fits. Choose fewer filters."), icon=":material/search:")
    _pages(page)
    _chain(actor)


def _filters(
    people: Mapping[int, str], patient: Patient | None
) -> tuple[str | None, date | None, date | None]:
    """The person and the patient stand in the address by number, the others as they are."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        person = _number(PERSON)
        ids = list(people)
        st.selectbox(
            _("Person"),
            ids,
            index=ids.index(person) if person is not None and person in people else None,
            format_func=lambda id: people[id],
            key="audit_person",
            placeholder=_("Everybody"),
            on_change=_take_person,
            width=220,
        )
        kind = st.selectbox(
            _("What"),
            list(SENTENCES),
            index=None,
            format_func=_,
            key="kind",
            placeholder=_("Everything"),
            on_change=_from_the_top,
            width=180,
            bind="query-params",
        )
        first, last = _day(_("From"), "from"), _day(_("To"), "to")
        _patient_filter(patient)
    return kind, first, last


def _day(label: str, key: str) -> date | None:
    return st.date_input(
        label,
        None,
        key=key,
        format="DD.MM.YYYY",
        on_change=_from_the_top,
        width=150,
        bind="query-params",
    )


def _patient_filter(patient: Patient | None) -> None:
    if patient is not None:
        st.button(
            md(patient.name),
            key="audit_patient_off",
            icon=":material/close:",
            help=_("Show everybody again"),
            on_click=_take,
            args=(PATIENT, None),
        )
        return
    with st.popover(_("Patient"), icon=":material/person_search:"):
        words = st.text_input(
            _("Whose record"),
            key="audit_patient_words",
            type="search",
            live=True,
            placeholder=_("Name, phone or date of birth"),
        )
        for each in searching.find_patients(words) if words.strip() else ():
            st.button(
                md(describe(each)),
                key=f"audit_patient_{each.id}",
                type="tertiary",
                on_click=_take,
                args=(PATIENT, each.id),
            )


def _patient_in_the_address(actor: Actor) -> Patient | None:
    asked = _number(PATIENT)
    if asked is None:
        return None
    try:
        with session.reading() as db:
            return get_patient(db, actor, asked, now=utc_now())
    except NotFound:
        return None


def _table(steps: Sequence[Step], zone: ZoneInfo) -> pd.DataFrame:
    now = utc_now()
    return pd.DataFrame(
        {
            _("When"): when(each.at, zone, now),
            _("What happened"): sentence(each),
            _("Visit"): when(each.starts_at, zone, now) if each.starts_at else "",
            _("Details"): details(each),
            _("Entry"): each.id,
        }
        for each in steps
    )


def _pages(page: TrailPage) -> None:
    if not page.steps:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            _("Newer"),
            key="audit_newer",
            icon=":material/chevron_left:",
            disabled=not page.has_newer,
            on_click=_take,
            args=(NEWER, page.steps[0].id),
        )
        st.button(
            _("Older"),
            key="audit_older",
            icon=":material/chevron_right:",
            disabled=not page.has_older,
            on_click=_take,
            args=(OLDER, page.steps[-1].id),
        )


def _chain(actor: Actor) -> None:
    """Whether the record is whole, read from its first entry on when somebody asks."""
    if not st.button(_("Check that nothing was changed"), icon=":material/verified:"):
        return
    with session.reading() as db:
        chain = check_chain(db, actor)
    with session.writing() as db:
        health.note_verified(db, actor, chain, now=utc_now())
    if chain.broken_at is not None:
        sentence = _("Entry {id} does not fit the one before it: the record was tampered with.")
        st.error(sentence.format(id=chain.broken_at), icon=":material/gpp_bad:")
        return
    st.success(
        _("Whole up to entry {id}. Compare its seal with the one you keep elsewhere:").format(
            id=chain.head.id
        ),
        icon=":material/verified:",
    )
    st.code(chain.head.hash, language=None)


def _number(name: str) -> int | None:
    """A number from the address; anything else there is nothing."""
    typed = st.query_params.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _take(name: str, number: int | None) -> None:
    _from_the_top()
    if number is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(number)


def _take_person() -> None:
    _take(PERSON, st.session_state["audit_person"])


def _from_the_top() -> None:
    for each in (OLDER, NEWER):
        st.query_params.pop(each, None)
