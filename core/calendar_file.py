"""One visit as a file for somebody's own calendar: when, what, with whom and where."""

import re
import uuid
from datetime import datetime

import icalendar
from sqlalchemy.orm import Session

from core.booking import get_booking
from core.catalog import get_organisation
from core.errors import NotFound
from core.models import Booking, BookingState, Role
from core.policy import Actor, owns

VISITS = uuid.UUID("0b6f5c1e-6e0e-4c0e-9a55-3b1c6d9d7f14")
"""The space of the names of visits: the same visit has the same name in every file of it."""
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
"""Not for a calendar: some of these would begin a line of their own."""


def visit_file(session: Session, actor: Actor, booking_id: int, *, now: datetime) -> bytes:
    """A visit the actor may see. Nobody who comes is named in it, so that it can be passed on.

    Taken again after the visit was moved, it replaces what the calendar has of it.
    """
    booking = get_booking(session, actor, booking_id)
    if booking.state is BookingState.HELD:
        raise NotFound(what="booking")
    if actor.role is Role.PATIENT and not owns(actor, booking):
        raise NotFound(what="booking")
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Frontdesk//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_event(booking, get_organisation(session).name, now))
    content: bytes = calendar.to_ical()
    return content


def _event(booking: Booking, practice: str, now: datetime) -> icalendar.Event:
    where = [practice, booking.room.name if booking.room else ""]
    what = f"{booking.service.name} · {booking.professional.name}"
    event = icalendar.Event()
    event.add("uid", f"{_name_of(booking)}@frontdesk")
    event.add("sequence", booking.version - 1)
    event.add("dtstamp", now)
    event.add("last-modified", booking.updated_at)
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("summary", _line(what))
    event.add("location", _line(", ".join(each for each in where if each)))
    event.add("status", _status(booking))
    event.add("class", "PRIVATE")
    return event


def _name_of(booking: Booking) -> uuid.UUID:
    """Also where two practices have a visit of the same number."""
    return uuid.uuid5(VISITS, f"{booking.id} {booking.created_at.isoformat()}")


def _status(booking: Booking) -> str:
    return "CANCELLED" if booking.state is BookingState.CANCELLED else "CONFIRMED"


def _line(text: str) -> str:
    return CONTROL.sub(" ", text).strip()
