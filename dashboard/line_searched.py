"""What a booking line searched for: the last that it said, once it is booked, left or cleared.

What stands there while it is being typed is nobody's wish yet.
"""

import streamlit as st

from core.availability.next_free import NextAsked
from core.db import utc_now
from core.policy import Actor
from core.searches import SearchMade
from dashboard import searched
from dashboard.line_understood import Understood


def remember(key: str, found: Understood, opened: str) -> None:
    """What the line says now, until ``settle``."""
    made = search_of(found)
    patient = found.meaning.patient
    about = searched.about(patient.id if patient else None, opened)
    st.session_state[key] = None if made is None else (made, about)


def settle(actor: Actor | None, key: str) -> None:
    """The line is done with: note what it said last, unless nobody is signed in any more."""
    last = st.session_state.pop(key, None)
    if last and actor is not None:
        made, about = last
        searched.note(actor, made, about, now=utc_now())


def search_of(found: Understood) -> SearchMade | None:
    """Nothing where a patient alone is named: that asks for no service yet.

    Another minute of the day that was asked for will do as well.
    """
    meaning, proposed = found.meaning, found.proposed
    says_when = meaning.on or meaning.part or meaning.minute is not None
    if proposed.service_id is None or not (meaning.services or says_when):
        return None
    times = [each.starts_at for each in proposed.other_times]
    if meaning.on is not None:
        times = [each for each in times if each.astimezone(found.zone).date() == meaning.on]
    if proposed.starts_at is not None:
        times = [proposed.starts_at]
    asked = NextAsked(
        proposed.service_id,
        patient_id=meaning.patient.id if meaning.patient else None,
        professional_ids=tuple(each.id for each in meaning.professionals),
        from_on=meaning.on,
        parts=(meaning.part,) if meaning.part else (),
    )
    return SearchMade(
        asked,
        len(times),
        min(times, default=None),
        until_on=meaning.on,
        reason=proposed.reasons[0].code if proposed.reasons else None,
    )
