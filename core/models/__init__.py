"""The tables, and predicates over them.

Everything that can be busy (a professional, a room, a patient) has a *calendar*; a booking
lays one *claim* on each calendar it needs. The guard against double booking lives on claims,
in the database (see the first migration).
"""

from core.models.accounts import (
    AuthSession,
    KnownDevice,
    OneTimeLink,
    Registration,
    Role,
    Throttle,
    User,
)
from core.models.base import Base, Edited, words
from core.models.bookings import (
    LONGEST_VISIT_SECONDS,
    OCCUPYING,
    Attendee,
    Booking,
    BookingEvent,
    BookingState,
    Channel,
    Claim,
    Confirmation,
    EventKind,
    Frequency,
    Override,
    OverrideKind,
    Series,
)
from core.models.delays import Delay, DelayCall
from core.models.dependants import Dependant
from core.models.drafts import Draft
from core.models.hours import (
    Closure,
    DateHours,
    HoursChange,
    HoursKind,
    Opening,
    StrandedVisit,
    TimeOff,
    TimeOffKind,
    WorkingHours,
)
from core.models.merging import PatientMerge, ToldApart
from core.models.messages import MessageState, OutboxMessage
from core.models.practice import (
    Anchor,
    BufferRule,
    Calendar,
    CalendarKind,
    Expertise,
    ExpertiseSynonym,
    Organisation,
    PartOfDay,
    Patient,
    Portrait,
    PreferredProfessional,
    Professional,
    ProfessionalExpertise,
    ProfessionalService,
    Room,
    Service,
    ServiceRoom,
    Tier,
)
from core.models.privacy import Erasure
from core.models.recalls import Recall, RecallEnd
from core.models.record import AuditEntry, ExceptionalAccess
from core.models.second_step import RecoveryCode, SecondStep
from core.models.sick_day import AbsenceCall, CallStep
from core.models.transfer import ImportColumn
from core.models.visit_notes import VisitNote
from core.models.waiting import (
    Answer,
    Offer,
    Priority,
    WaitingEntry,
    WaitingProfessional,
    WaitingState,
)

__all__ = [
    "LONGEST_VISIT_SECONDS",
    "OCCUPYING",
    "AbsenceCall",
    "Anchor",
    "Answer",
    "Attendee",
    "AuditEntry",
    "AuthSession",
    "Base",
    "Booking",
    "BookingEvent",
    "BookingState",
    "BufferRule",
    "Calendar",
    "CalendarKind",
    "CallStep",
    "Channel",
    "Claim",
    "Closure",
    "Confirmation",
    "DateHours",
    "Delay",
    "DelayCall",
    "Dependant",
    "Draft",
    "Edited",
    "Erasure",
    "EventKind",
    "ExceptionalAccess",
    "Expertise",
    "ExpertiseSynonym",
    "Frequency",
    "HoursChange",
    "HoursKind",
    "ImportColumn",
    "KnownDevice",
    "MessageState",
    "Offer",
    "OneTimeLink",
    "Opening",
    "Organisation",
    "OutboxMessage",
    "Override",
    "OverrideKind",
    "PartOfDay",
    "Patient",
    "PatientMerge",
    "Portrait",
    "PreferredProfessional",
    "Priority",
    "Professional",
    "ProfessionalExpertise",
    "ProfessionalService",
    "Recall",
    "RecallEnd",
    "RecoveryCode",
    "Registration",
    "Role",
    "Room",
    "SecondStep",
    "Series",
    "Service",
    "ServiceRoom",
    "StrandedVisit",
    "Throttle",
    "Tier",
    "TimeOff",
    "TimeOffKind",
    "ToldApart",
    "User",
    "VisitNote",
    "WaitingEntry",
    "WaitingProfessional",
    "WaitingState",
    "WorkingHours",
    "words",
]
