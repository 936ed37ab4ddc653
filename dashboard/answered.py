"""What new bookings answer: an entry of the waiting list, and a recall."""

from datetime import datetime

from core import recalls, waiting
from core.models import Booking
from core.policy import Actor
from dashboard import session


def close(actor: Actor, *booked: Booking, now: datetime) -> None:
    """Take whom these are for off both lists.

    Each in a transaction of its own: one that has written must not wait for another's row.
    """
    for each in booked:
        with session.writing() as db:
            waiting.close_served(db, actor, each, now=now)
        with session.writing() as db:
            recalls.close_met(db, actor, each, now=now)
