"""A patient's slip: the visits to come, to take home on paper or to send as text."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A6
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, Image, Paragraph, SimpleDocTemplate, Spacer
from sqlalchemy.orm import Session

from core import audit, catalog
from core.day_print import register_fonts, span_words, style
from core.errors import N_
from core.models import Attendee, Booking, BookingState, Organisation, Professional, Room, Service
from core.patients import get_patient
from core.policy import Actor, visible_bookings

S = BookingState
TO_COME = (S.BOOKED, S.ARRIVED)
MARGIN = 8 * mm
LOGO = (40 * mm, 10 * mm)
"""At most so wide and high."""


@dataclass(frozen=True)
class SlipVisit:
    starts_at: datetime
    ends_at: datetime
    professional: str
    service: str
    room: str


@dataclass(frozen=True)
class Slip:
    """Nothing of why somebody comes but the service, and nothing of how to reach them."""

    organisation: str
    zone: ZoneInfo
    patient: str
    made_at: datetime
    visits: Sequence[SlipVisit]
    logo: bytes | None = None
    """A PNG, where the place has one."""


def load_slip(session: Session, actor: Actor, patient_id: int, *, now: datetime) -> Slip:
    """The patient's visits that have yet to begin, as far as the actor may see them."""
    patient = get_patient(session, actor, patient_id, now=now)
    organisation = session.get_one(Organisation, 1)
    rows = session.execute(
        visible_bookings(actor)
        .join(Attendee, Attendee.booking_id == Booking.id)
        .join(Service, Service.id == Booking.service_id)
        .join(Professional, Professional.id == Booking.professional_id)
        .outerjoin(Room, Room.id == Booking.room_id)
        .where(
            Attendee.patient_id == patient_id,
            Attendee.waiting.is_(False),
            Attendee.state.in_(TO_COME),
            Booking.state.in_(TO_COME),
            Booking.starts_at > now,
        )
        .with_only_columns(
            Booking.starts_at, Booking.ends_at, Professional.name, Service.name, Room.name
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    visits = [
        SlipVisit(starts_at, ends_at, professional, service, room or "")
        for starts_at, ends_at, professional, service, room in rows
    ]
    zone, logo = ZoneInfo(organisation.zone), catalog.find_logo(session)
    return Slip(organisation.name, zone, patient.name, now, visits, logo.content if logo else None)


def print_slip(session: Session, actor: Actor, patient_id: int, *, now: datetime) -> bytes:
    """The slip as a small PDF, and that it was printed, on record."""
    patient = get_patient(session, actor, patient_id, now=now)
    slip = load_slip(session, actor, patient_id, now=now)
    audit.record(session, actor, "patient.slip_printed", patient, now=now)
    return as_pdf(slip)


def as_pdf(slip: Slip) -> bytes:
    """As much of it on one leaf of A6 as fits, the rest on the next."""
    register_fonts()
    out = io.BytesIO()
    SimpleDocTemplate(
        out,
        pagesize=A6,
        title=slip.organisation,
        author=slip.organisation,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
    ).build(_story(slip))
    return out.getvalue()


def _story(slip: Slip) -> list[Flowable]:
    stamp = N_("{organisation}, as of {day}").format(
        organisation=slip.organisation, day=_day(slip.made_at, slip.zone)
    )
    story: list[Flowable] = _logo(slip.logo) if slip.logo else []
    story += [
        Paragraph(f"<b>{escape(slip.patient)}</b>", style(13, after=2)),
        Paragraph(escape(stamp), style(8.5, after=8)),
    ]
    if not slip.visits:
        story.append(Paragraph(escape(N_("No visits to come.")), style(10)))
    for each in slip.visits:
        times = span_words(each.starts_at, each.ends_at, slip.zone)
        day = _day(each.starts_at, slip.zone)
        what = " · ".join(one for one in (each.professional, each.service, each.room) if one)
        story.append(Paragraph(f"<b>{escape(day)}, {escape(times)}</b>", style(10.5)))
        story.append(Paragraph(escape(what), style(9.5, after=7)))
    return story


def _logo(content: bytes) -> list[Flowable]:
    width, height = ImageReader(io.BytesIO(content)).getSize()
    size = min(LOGO[0] / width, LOGO[1] / height)
    drawn = Image(io.BytesIO(content), width * size, height * size, hAlign="LEFT")
    return [drawn, Spacer(0, 3 * mm)]


def _day(at: datetime, zone: ZoneInfo) -> str:
    there = at.astimezone(zone)
    return f"{there:%A} {there.day} {there:%B %Y}"
