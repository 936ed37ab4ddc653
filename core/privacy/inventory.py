"""What is kept about a patient, table by table: why, what an export gives, what erasure leaves.

Every table of the database stands here once, and every column of those that hold something
about a person is either given to them or named with the reason why not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from core.db import Instant
from core.errors import N_
from core.models import Base

T = Base.metadata.tables

ERASED_NAME = N_("Erased patient")
PERSON = bindparam("person", type_=Integer)
NOW = bindparam("now", type_=Instant())

MERGES = T["patient_merges"]
WHO = select(PERSON).union_all(select(MERGES.c.merged_id).where(MERGES.c.kept_id == PERSON))
"""The person's record, and those that became part of it."""
ACCOUNT = select(T["users"].c.id).where(T["users"].c.patient_id.in_(WHO))
VISITS = select(T["attendees"].c.booking_id).where(T["attendees"].c.patient_id.in_(WHO))
SERIES = select(T["bookings"].c.series_id).where(T["bookings"].c.id.in_(VISITS))

A_COUNTER = "a counter that notices two changes at once"
HIDDEN = "opens a door, or is the trace of what does"
ANOTHER_PERSON = "tells about somebody else: the person at the practice who did it"
SEALED = (
    "private to the professional of the visit, so that whoever makes the export cannot read it; "
    "please ask them"
)
TWICE = "made from the other fields, so that the desk finds people"
NOBODYS = "the number of a calendar, which says nothing by itself"


@dataclass(frozen=True)
class Holding:
    """What one table holds about a person.

    ``rows`` are theirs. ``given`` replaces a column in the export. Erasure removes the rows
    or writes ``blanks`` over them; what neither touches stays, and ``why`` says for what.
    """

    table: Table
    rows: ColumnElement[bool]
    why: str
    left_out: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    blanks: Mapping[str, Any] = field(default_factory=dict)
    removed: bool = False


def _of_account(table: str) -> ColumnElement[bool]:
    return T[table].c.user_id.in_(ACCOUNT)


def _own_words(column: str) -> ColumnElement[Any]:
    """What was written about a visit for one; a group's may be about the others in it."""
    bookings = T["bookings"]
    return case((bookings.c.seats == 1, bookings.c[column]), else_="")


def _own_override(column: str) -> ColumnElement[Any]:
    """The same for a rule that was set aside."""
    bookings, overrides = T["bookings"], T["overrides"]
    seats = select(bookings.c.seats).where(bookings.c.id == overrides.c.booking_id)
    return case((seats.scalar_subquery() == 1, overrides.c[column]), else_="")


def _own_fields() -> ColumnElement[Any]:
    """Who else is in a group, or looks like them, is nobody else's business."""
    fields = T["audit_entries"].c.fields
    named = literal('"patient": ').concat(cast(PERSON, String))
    is_own = or_(
        ~fields.contains('"patient": '),
        fields.contains(named.concat(",")),
        fields.contains(named.concat("}")),
    )
    return case((and_(is_own, ~fields.contains('"other": ')), fields), else_="")


def _not_of_a_note() -> ColumnElement[Any]:
    """What somebody began to write in a private note is as private as the note."""
    form, entries = T["drafts"].c.form, T["drafts"].c.entries
    return case((form.startswith("note_", autoescape=True), ""), else_=entries)


def _name_of(table: str, id: ColumnElement[Any]) -> ColumnElement[Any]:
    return select(T[table].c.name).where(T[table].c.id == id).scalar_subquery()


BOOKINGS = T["bookings"]
USERS = T["users"]
OVERRIDES = T["overrides"]
AUDIT = T["audit_entries"]
OUTBOX = T["outbox"]
WAITING = T["waiting_entries"]
PREFERRED = T["preferred_professionals"]
ENTRIES = select(WAITING.c.id).where(WAITING.c.patient_id.in_(WHO))

HOLDINGS = (
    Holding(
        T["patients"],
        T["patients"].c.id.in_(WHO),
        why=N_("to know who comes, and to reach them"),
        left_out={"calendar_id": NOBODYS, "search": TWICE, "version": A_COUNTER},
        blanks={
            "name": ERASED_NAME,
            "phone": "",
            "email": "",
            "born_on": None,
            "language": "",
            "desk_note": "",
            "alerts": "",
            "preferred_parts": "",
            "preference": "",
            "search": "",
            "no_contact": True,
            "erasure_asked_at": None,
            "archived_at": NOW,
            "version": T["patients"].c.version + 1,
        },
    ),
    Holding(
        PREFERRED,
        PREFERRED.c.patient_id.in_(WHO),
        why=N_("to look first for times with those they would rather come to"),
        given={"professional_id": _name_of("professionals", PREFERRED.c.professional_id)},
        removed=True,
    ),
    Holding(
        USERS,
        USERS.c.patient_id.in_(WHO),
        why=N_("so that they can sign in and see their own bookings"),
        left_out={"password_hash": HIDDEN, "folded": TWICE, "version": A_COUNTER},
        blanks={
            "username": literal("erased-").concat(cast(USERS.c.id, String)),
            "name": ERASED_NAME,
            "folded": "",
            "email": "",
            "password_hash": "",
            "active": False,
            "version": USERS.c.version + 1,
        },
    ),
    Holding(
        T["auth_sessions"],
        _of_account("auth_sessions"),
        why=N_("to keep them signed in, and to notice somebody else who is"),
        left_out={"token_sha256": HIDDEN},
        blanks={
            "ip": "",
            "user_agent": "",
            "revoked_at": func.coalesce(T["auth_sessions"].c.revoked_at, NOW),
            "revoke_reason": "erased",
        },
    ),
    Holding(
        T["one_time_links"],
        _of_account("one_time_links"),
        why=N_("to let them choose a password, or take a file, once"),
        left_out={"token_sha256": HIDDEN, "tied_to": HIDDEN},
        removed=True,
    ),
    Holding(
        T["second_steps"],
        _of_account("second_steps"),
        why=N_("so that a password alone does not open their account"),
        left_out={"secret": HIDDEN, "last_count": HIDDEN},
        removed=True,
    ),
    Holding(
        T["known_devices"],
        _of_account("known_devices"),
        why=N_("so that nobody can lock them out by trying wrong passwords"),
        left_out={"token_sha256": HIDDEN},
        removed=True,
    ),
    Holding(
        T["recovery_codes"],
        _of_account("recovery_codes"),
        why=N_("to let them in without their telephone"),
        left_out={"code_sha256": HIDDEN},
        removed=True,
    ),
    Holding(
        T["attendees"],
        T["attendees"].c.patient_id.in_(WHO),
        why=N_("the diary of the practice, its figures and its accounts"),
    ),
    Holding(
        T["confirmations"],
        T["confirmations"].c.attendee_id.in_(
            select(T["attendees"].c.id).where(T["attendees"].c.patient_id.in_(WHO))
        ),
        why=N_("to know for which visits they said that they will come"),
        left_out={"user_id": ANOTHER_PERSON},
        removed=True,
    ),
    Holding(
        T["delay_calls"],
        T["delay_calls"].c.booking_id.in_(VISITS),
        why=N_("to know that they were told of a delay"),
        left_out={"user_id": ANOTHER_PERSON},
    ),
    Holding(
        BOOKINGS,
        BOOKINGS.c.id.in_(VISITS),
        why=N_("the diary of the practice, its figures and its accounts"),
        left_out={
            "request_key": A_COUNTER,
            "request_sha256": A_COUNTER,
            "created_by": ANOTHER_PERSON,
            "version": A_COUNTER,
        },
        given={
            "service_id": _name_of("services", BOOKINGS.c.service_id),
            "professional_id": _name_of("professionals", BOOKINGS.c.professional_id),
            "room_id": _name_of("rooms", BOOKINGS.c.room_id),
            "desk_note": _own_words("desk_note"),
            "cancel_reason": _own_words("cancel_reason"),
        },
        blanks={
            "desk_note": "",
            "cancel_reason": "",
            "request_sha256": "",
            "version": BOOKINGS.c.version + 1,
        },
    ),
    Holding(
        T["visit_notes"],
        T["visit_notes"].c.booking_id.in_(VISITS),
        why=N_("what a professional noted on a visit for themselves, which they alone can read"),
        left_out={"words": SEALED, "user_id": ANOTHER_PERSON, "version": A_COUNTER},
        removed=True,
    ),
    Holding(
        T["booking_events"],
        and_(
            T["booking_events"].c.booking_id.in_(VISITS),
            func.coalesce(T["booking_events"].c.patient_id, PERSON) == PERSON,
        ),
        why=N_("to show the diary as it stood on any past day"),
        left_out={"user_id": ANOTHER_PERSON},
    ),
    Holding(
        OVERRIDES,
        OVERRIDES.c.booking_id.in_(VISITS),
        why=N_("to account for every rule that was set aside"),
        left_out={"user_id": ANOTHER_PERSON},
        given={"reason": _own_override("reason"), "note": _own_override("note")},
        blanks={"reason": "", "note": ""},
    ),
    Holding(
        T["absence_calls"],
        T["absence_calls"].c.booking_id.in_(VISITS),
        why=N_("to know who was called when a professional was away"),
        left_out={
            "user_id": ANOTHER_PERSON,
            "time_off_id": ANOTHER_PERSON,
            "booking_version": A_COUNTER,
        },
    ),
    Holding(
        T["stranded_visits"],
        T["stranded_visits"].c.booking_id.in_(VISITS),
        why=N_("so that the desk calls whoever is booked when nobody works any more"),
    ),
    Holding(
        T["series"],
        T["series"].c.id.in_(SERIES),
        why=N_("the diary of the practice: which visits belong together"),
        left_out={"created_by": ANOTHER_PERSON, "version": A_COUNTER},
    ),
    Holding(
        WAITING,
        WAITING.c.patient_id.in_(WHO),
        why=N_("to offer them the time that becomes free, and to know how long people wait"),
        left_out={"created_by": ANOTHER_PERSON, "request_key": A_COUNTER, "version": A_COUNTER},
        given={"service_id": _name_of("services", WAITING.c.service_id)},
        blanks={
            "note": "",
            "weekdays": "1,2,3,4,5,6,7",
            "times": "",
            "close_reason": "",
            "state": case((WAITING.c.state == "waiting", "closed"), else_=WAITING.c.state),
            "closed_at": func.coalesce(WAITING.c.closed_at, NOW),
            "version": WAITING.c.version + 1,
        },
    ),
    Holding(
        T["waiting_professionals"],
        T["waiting_professionals"].c.entry_id.in_(ENTRIES),
        why=N_("to offer them only times with those they would come to"),
        given={
            "professional_id": _name_of(
                "professionals", T["waiting_professionals"].c.professional_id
            )
        },
    ),
    Holding(
        T["offers"],
        T["offers"].c.entry_id.in_(ENTRIES),
        why=N_("to know which times they were offered, and what they said"),
        left_out={
            "hold_id": A_COUNTER,
            "offered_by": ANOTHER_PERSON,
            "answered_by": ANOTHER_PERSON,
        },
        given={
            "service_id": _name_of("services", T["offers"].c.service_id),
            "professional_id": _name_of("professionals", T["offers"].c.professional_id),
        },
    ),
    Holding(
        T["recalls"],
        T["recalls"].c.patient_id.in_(WHO),
        why=N_("to call them when they are to be seen again"),
        left_out={"created_by": ANOTHER_PERSON, "request_key": A_COUNTER, "version": A_COUNTER},
        given={
            "service_id": _name_of("services", T["recalls"].c.service_id),
            "professional_id": _name_of("professionals", T["recalls"].c.professional_id),
        },
        removed=True,
    ),
    Holding(
        OUTBOX,
        or_(OUTBOX.c.patient_id.in_(WHO), _of_account("outbox")),
        why=N_("to send them what they asked for, once"),
        left_out={"lease_until": A_COUNTER, "message_id": A_COUNTER, "dedupe": A_COUNTER},
        removed=True,
    ),
    Holding(
        T["drafts"],
        or_(T["drafts"].c.patient_id.in_(WHO), _of_account("drafts")),
        why=N_("so that what was typed and not saved is not lost; gone after a day and a half"),
        left_out={"user_id": ANOTHER_PERSON},
        given={"entries": _not_of_a_note()},
        removed=True,
    ),
    Holding(
        T["exceptional_accesses"],
        T["exceptional_accesses"].c.patient_id.in_(WHO),
        why=N_("to account for whoever opened a record that was not theirs to open"),
        left_out={"user_id": ANOTHER_PERSON, "noted_by": ANOTHER_PERSON},
        blanks={"reason": ""},
    ),
    Holding(
        MERGES,
        or_(MERGES.c.kept_id == PERSON, MERGES.c.merged_id == PERSON),
        why=N_("to know that they were on file twice, and for ten minutes to part the two again"),
        left_out={
            "user_id": ANOTHER_PERSON,
            "kept_version": A_COUNTER,
            "moved": "numbers of rows that are given with the rows themselves",
        },
        blanks={"moved": "", "before": ""},
    ),
    Holding(
        T["dependants"],
        or_(
            T["dependants"].c.guardian_patient_id.in_(WHO),
            T["dependants"].c.patient_id.in_(WHO),
        ),
        why=N_("to let who looks after somebody act for them"),
        left_out={
            "guardian_patient_id": "one of the two is somebody else",
            "patient_id": "one of the two is somebody else",
        },
        removed=True,
    ),
    Holding(
        T["told_apart"],
        or_(T["told_apart"].c.first_id.in_(WHO), T["told_apart"].c.second_id.in_(WHO)),
        why=N_("so that nobody takes them for somebody who looks like them"),
        left_out={
            "first_id": "one of the two is somebody else",
            "second_id": "one of the two is somebody else",
            "user_id": ANOTHER_PERSON,
        },
        removed=True,
    ),
    Holding(
        AUDIT,
        or_(
            and_(AUDIT.c.object_kind == "patients", AUDIT.c.object_id.in_(WHO)),
            and_(AUDIT.c.object_kind == "users", AUDIT.c.object_id.in_(ACCOUNT)),
            and_(AUDIT.c.object_kind == "bookings", AUDIT.c.object_id.in_(VISITS)),
            AUDIT.c.user_id.in_(ACCOUNT),
        ),
        why=N_("to prove who did what: it holds numbers and names of fields, never what they said"),
        left_out={
            "user_id": ANOTHER_PERSON,
            "session_id": ANOTHER_PERSON,
            "previous_hash": HIDDEN,
            "hash": HIDDEN,
        },
        given={"fields": _own_fields()},
    ),
)

THE_PRACTICE = "tells about the practice and those who work there, not about patients"
COUNTED_ANEW = "repeats bookings as numbers, so that they are counted fast"
NOT_THEIRS: Mapping[str, str] = MappingProxyType(
    {
        "calendars": NOBODYS,
        "claims": "repeats the times of bookings, so that nobody is booked twice",
        "erasures": "what is left of an erased patient: a number and times",
        "figure_days": COUNTED_ANEW,
        "figure_changes": COUNTED_ANEW,
        "registrations": "typed by somebody who is no patient yet; gone within a day, or theirs",
        "throttles": "hashes of what was typed at the door, gone within a day",
        **dict.fromkeys(
            (
                "closures",
                "date_hours",
                "delays",
                "expertise",
                "expertise_synonyms",
                "hours_changes",
                "import_columns",
                "logos",
                "openings",
                "portraits",
                "organisation",
                "professional_expertise",
                "professional_services",
                "professionals",
                "reasons",
                "rooms",
                "searches",
                "service_rooms",
                "services",
                "tiers",
                "time_off",
                "working_hours",
            ),
            THE_PRACTICE,
        ),
    }
)
"""Tables that hold nothing about a patient, and why not."""
