"""A small place where every relation exists once: one's own, a colleague's, a stranger's, none."""

from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from core import recalls, schedule, waiting
from core.accounts import VISITOR
from core.booking import BookingRequest, CancelRequest, book, cancel
from core.booking.groups import SeatRequest, join
from core.catalog import load_reasons
from core.models import (
    Base,
    Closure,
    ExceptionalAccess,
    Expertise,
    MessageState,
    OutboxMessage,
    ReasonKind,
    Role,
)
from tests import a

NOW = a.at(7)
MISSING = 1_000_000
FEAST = date(2027, 1, 1)
NEXT_WEEK = (a.at(9, day=9), a.at(12, day=9))

ROLES = {
    "nobody": Role.PATIENT,
    "patient": Role.PATIENT,
    "professional": Role.PROFESSIONAL,
    "receptionist": Role.RECEPTIONIST,
    "admin": Role.ADMIN,
}
"""Nobody is a visitor who has not signed in: in the core, a patient without a record."""


class Made(NamedTuple):
    """What is left of a row once the session forgets it between attempts."""

    id: int
    phone: str


class World:
    """Ada sees Ana, Bea and Cleo; Dora is Ben's. The patient is Ana, the professional Ada."""

    def __init__(self, session):
        self.session = session
        self.visit = a.service(session, name="Visit", cancel_notice_minutes=0)
        self.spare = a.service(session, name="Spare")
        self.group = a.service(session, name="Group", seats=3, length_minutes=60)
        self.room = a.room(session)
        self.later = a.service(session, name="Later")
        services = (self.visit, self.group, self.later)
        self.ada = a.professional(session, name="Dr Ada", services=services)
        self.ben = a.professional(session, name="Dr Ben", services=services)
        self.hearts, self.knees = Expertise(name="Hearts"), Expertise(name="Knees")
        session.add_all((self.hearts, self.knees))
        self.tier = a.tier(session)
        self.reason = load_reasons(session, ReasonKind.CANCEL)[0]
        self.ana, self.bea, self.cleo, self.dora = (
            a.patient(session, name=f"Patient {name}", phone=f"+35191234567{number}")
            for number, name in enumerate(("Ana", "Bea", "Cleo", "Dora"))
        )
        self.admin = a.confirmed(session, Role.ADMIN, now=NOW)
        self.actors = {
            "nobody": VISITOR,
            "patient": a.confirmed(session, Role.PATIENT, now=NOW, patient_id=self.ana.id),
            "professional": a.confirmed(
                session, Role.PROFESSIONAL, now=NOW, professional_id=self.ada.id
            ),
            "receptionist": a.confirmed(session, now=NOW),
            "admin": self.admin,
        }
        self.other = a.confirmed(session, now=NOW)
        self._fill_the_book()
        self._fill_the_rest()
        self._fill_the_waiting_list()
        session.flush()
        for name, made in vars(self).items():
            if isinstance(made, Base):
                setattr(self, name, Made(made.id, getattr(made, "phone", "")))
        session.expunge_all()

    def _fill_the_book(self):
        made = partial(self._book, self.visit)
        self.own = made(self.ada, self.ana, 9)
        self.same_professional = made(self.ada, self.bea, 10)
        self.same_patient = made(self.ben, self.ana, 11)
        self.strangers = made(self.ben, self.dora, 12)
        self.group_of_ada = self._book(self.group, self.ada, self.bea, 13)
        self.group_of_ben = self._book(self.group, self.ben, self.dora, 13)
        for each, patient in ((self.group_of_ada, self.cleo), (self.group_of_ben, self.ana)):
            asked = SeatRequest(each.id, each.version, patient.id)
            join(self.session, self.admin, asked, now=a.BEFORE)
        self.cancelled_of_ada = made(self.ada, self.bea, 15)
        self.cancelled_of_ben = made(self.ben, self.dora, 15)
        for each in (self.cancelled_of_ada, self.cancelled_of_ben):
            cancel(self.session, self.admin, CancelRequest(each.id, 1, "ill"), now=a.BEFORE)

    def _book(self, service, professional, patient, hour):
        request = BookingRequest(
            professional.id, service.id, patient.id, a.at(hour), f"{professional.id} {hour}"
        )
        return book(self.session, self.admin, request, now=a.BEFORE)

    def _fill_the_rest(self):
        do = partial(self._do, self.session, self.admin)
        self.away_ada, self.away_ben = (
            do(
                schedule.enter_time_off,
                schedule.NewTimeOff(each.id, a.at(9, day=9), a.at(12, day=9)),
            )
            for each in (self.ada, self.ben)
        )
        self.opening_ada, self.opening_ben = (
            do(schedule.publish_opening, schedule.NewOpening(each.id, a.at(18), a.at(20)))
            for each in (self.ada, self.ben)
        )
        self.closure = Closure(first_on=FEAST, last_on=FEAST, name="Feast")
        self.message = OutboxMessage(
            dedupe="x",
            kind="reset",
            address="x@example.org",
            created_at=NOW,
            due_at=NOW,
            state=MessageState.FAILED,
            finished_at=NOW,
        )
        self.access = ExceptionalAccess(
            user_id=self.actors["professional"].user_id,
            patient_id=self.dora.id,
            reason="Collapsed",
            opened_at=a.BEFORE,
            ends_at=a.BEFORE,
        )
        self.session.add_all([self.closure, self.message, self.access])

    def _fill_the_waiting_list(self):
        self.entry_ana, self.entry_dora = (
            waiting.add(
                self.session,
                self.admin,
                waiting.NewEntry(each.id, waiting.Wishes(self.later.id), f"wait {each.id}"),
                now=NOW,
            )
            for each in (self.ana, self.dora)
        )
        self.recall_ana, self.recall_dora = (
            recalls.add_recall(
                self.session,
                self.admin,
                recalls.NewRecall(each.id, a.DAY + timedelta(days=180), f"recall {each.id}"),
                now=NOW,
            )
            for each in (self.ana, self.dora)
        )
        self.offer_ana, self.offer_dora = (
            waiting.offer(
                self.session,
                self.admin,
                waiting.OfferRequest(entry.id, entry.version, professional.id, a.at(9, day=1)),
                now=NOW,
            )
            for entry, professional in ((self.entry_ana, self.ada), (self.entry_dora, self.ben))
        )

    @staticmethod
    def _do(session, admin, verb, request):
        return verb(session, admin, request, now=a.BEFORE)

    def ids(self, who, kind):
        """What exists of a kind."""
        found = {
            "booking": (self.own, self.same_professional, self.same_patient, self.strangers),
            "group": (self.group_of_ada, self.group_of_ben),
            "cancelled": (self.cancelled_of_ada, self.cancelled_of_ben),
            "patient": (self.ana, self.bea, self.cleo, self.dora),
            "professional": (self.ada, self.ben),
            "time_off": (self.away_ada, self.away_ben),
            "opening": (self.opening_ada, self.opening_ben),
            "closure": (self.closure,),
            "message": (self.message,),
            "access": (self.access,),
            "entry": (self.entry_ana, self.entry_dora),
            "recall": (self.recall_ana, self.recall_dora),
            "offer": (self.offer_ana, self.offer_dora),
            "service": (self.visit,),
            "spare": (self.spare,),
            "room": (self.room,),
            "expertise": (self.hearts,),
            "tier": (self.tier,),
            "reason": (self.reason,),
        }
        if kind == "user":
            return tuple(each.user_id for each in (self.actors[who], self.other) if each.user_id)
        if kind == "session":
            return tuple(each.session_id for each in (self.actors[who], self.other) if each.user_id)
        return tuple(each.id for each in found[kind])

    def own_ids(self, who, kind):
        """What of it is somebody's own."""
        if who == "nobody":
            return set()
        actor = self.actors[who]
        if kind == "user":
            return {actor.user_id}
        if kind == "session":
            return {actor.session_id}
        own = {
            ("patient", "booking"): {self.own.id, self.same_patient.id},
            ("patient", "group"): {self.group_of_ben.id},
            ("patient", "patient"): {self.ana.id},
            ("patient", "professional"): {self.ada.id, self.ben.id},
            ("patient", "entry"): {self.entry_ana.id},
            ("patient", "offer"): {self.offer_ana.id},
            ("professional", "booking"): {self.own.id, self.same_professional.id},
            ("professional", "group"): {self.group_of_ada.id},
            ("professional", "cancelled"): {self.cancelled_of_ada.id},
            ("professional", "patient"): {self.ana.id, self.bea.id, self.cleo.id},
            ("professional", "professional"): {self.ada.id},
            ("professional", "time_off"): {self.away_ada.id},
            ("professional", "opening"): {self.opening_ada.id},
        }
        return own.get((who, kind), set())
