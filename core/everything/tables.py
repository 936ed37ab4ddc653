"""What goes into the file and what does not. A table without a line here fails a test."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Column, Table

from core.accounts import NO_PASSWORD
from core.models import Base

ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "organisation": "The place itself: one row.",
        "logos": "Its logo, in base64.",
        "services": "What can be booked.",
        "tiers": "What sets some professionals apart, and what it adds to the price.",
        "reasons": "The desk's lists of reasons, to cancel and to set a rule aside.",
        "rooms": "Rooms that bookings take.",
        "professionals": "Who is booked.",
        "portraits": "Their pictures, in base64.",
        "expertise": "What professionals know.",
        "expertise_synonyms": "Other words for it.",
        "professional_expertise": "Who knows what.",
        "professional_services": "Who offers what, with own lengths and prices.",
        "service_rooms": "Which rooms a service needs one of.",
        "working_hours": "The weekly hours; minutes count from midnight on the wall clock.",
        "hours_changes": "When weekly hours were changed, and what stood before.",
        "date_hours": "Single dates with hours of their own; without minutes the date is closed.",
        "openings": "Extra times that were published once.",
        "time_off": "When professionals are away, or take nothing new.",
        "closures": "Days on which the whole place is closed.",
        "delays": "Professionals who were running late.",
        "delay_calls": "Whom the desk told of it.",
        "patients": "Everybody on file.",
        "preferred_professionals": "Whom patients would rather come to.",
        "patient_merges": "Patients who were on file twice.",
        "dependants": "Patients who act for a child, or for somebody in their care.",
        "told_apart": "Patients who look like one and are not.",
        "erasures": "Patients who were erased: a number and times.",
        "searches": "What was looked for and whether it was found; nothing about who looked.",
        "import_columns": "What the columns of other systems' files hold.",
        "users": "Who can sign in, without passwords.",
        "bookings": "Every booking as it is now.",
        "attendees": "Who comes to it, with their own state.",
        "confirmations": "Who said on the telephone that they will come.",
        "booking_events": "What happened to each booking, in order.",
        "overrides": "Rules that were set aside, with who, when and why.",
        "series": "Bookings that repeat.",
        "claims": "The time each booking takes in each calendar.",
        "calendars": "One for each professional, room and patient.",
        "stranded_visits": "Bookings that a change of hours left without any.",
        "absence_calls": "What the desk did about those of a professional who was away.",
        "waiting_entries": "The waiting list.",
        "waiting_professionals": "Whom those on it would come to.",
        "offers": "Times they were offered, and what they said.",
        "recalls": "Who is to be called to be seen again.",
        "exceptional_accesses": "Records that were opened for a good reason.",
        "audit_entries": "Every step on record, each sealed with the hash of the one before.",
    }
)

A_DOOR = "opens a door, or is the trace of what does; everybody chooses a new password"
MADE_FROM_BOOKINGS = "made from the bookings, and made again in the new place"
LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "auth_sessions": A_DOOR,
        "one_time_links": A_DOOR,
        "known_devices": A_DOOR,
        "second_steps": A_DOOR,
        "recovery_codes": A_DOOR,
        "throttles": A_DOOR,
        "visit_notes": "private to the professional who wrote them; nobody else may read them",
        "drafts": "begun and not saved, private notes included; gone after a day and a half",
        "registrations": "begun by somebody who is no patient yet; gone within a day",
        "figure_days": MADE_FROM_BOOKINGS,
        "figure_changes": MADE_FROM_BOOKINGS,
        "outbox": "messages under way; from two places they would go out twice",
    }
)
"""Tables that stay behind, and why."""

INSTEAD: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {"users": {"password_hash": NO_PASSWORD}}
)
"""Columns that stay behind, and what stands there in the new place."""


def carried_tables() -> list[Table]:
    """The tables of the file: each after those it refers to."""
    return [each for each in Base.metadata.sorted_tables if each.name not in LEFT_OUT]


def carried_columns(table: Table) -> list[Column[object]]:
    return [each for each in table.columns if each.name not in INSTEAD.get(table.name, {})]
