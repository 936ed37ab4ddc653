"""The desk: the book by day, week or month or as a list, and a booking in two clicks and a few
letters."""

from collections.abc import Callable, Mapping

import streamlit as st

from core import accounts, catalog
from core.db import utc_now
from core.desk import DayAsked
from core.policy import Actor, Permission, allows
from dashboard import (
    blocking,
    booking_line,
    desk_day,
    desk_list,
    desk_month,
    desk_week,
    feedback,
    find_time,
    new_booking,
    offering,
    open_booking,
    session,
    sick_day,
    waiting_asked,
    waiting_form,
)
from dashboard.components.desk_filters import DeskChoices, desk_filters
from dashboard.components.view_switch import AS_LIST, BY_DAY, BY_MONTH, BY_WEEK, OPENS_WITH
from dashboard.i18n import _

SHOWN: Mapping[str, Callable[[DayAsked], None]] = {
    BY_DAY: desk_day.show,
    BY_WEEK: desk_week.show,
    BY_MONTH: desk_month.show,
}


def nobody_to_book(actor: Actor) -> None:
    """What to do while the book is empty: by oneself, or whom to ask."""
    if allows(actor, Permission.CATALOG_WRITE):
        st.info(
            _("Add your services and professionals under Practice."), icon=":material/settings:"
        )
        return
    with session.reading() as db:
        admins = accounts.load_admin_names(db, actor)
    sentence = _("Nobody can be booked yet. Ask {admins} to add services and professionals.")
    named = ", ".join(feedback.md(each) for each in admins)
    st.info(sentence.format(admins=named or _("an admin")), icon=":material/event_busy:")


actor = session.signed_in()
with session.reading() as db:
    choices = DeskChoices(
        catalog.load_services(db),
        catalog.load_expertise(db),
        catalog.load_professionals(db, actor),
    )
    opening = OPENS_WITH[catalog.get_organisation(db).opening_view]
if not choices.professionals:
    nobody_to_book(actor)
else:
    today = utc_now().astimezone(session.zone()).date()
    if allows(actor, Permission.BOOKINGS_WRITE):
        looked = desk_filters(
            choices,
            today=today,
            opening=opening,
            on_find=find_time.open_for_day,
            on_line=booking_line.open,
        )
    else:
        looked = desk_filters(choices, today=today, opening=opening)
    offering.freed_line()
    if looked.view == AS_LIST:
        desk_list.show(looked)
    else:
        SHOWN[looked.view](looked.asked)
if new_booking.is_asked():
    new_booking.show()
elif blocking.is_asked():
    blocking.show(then=sick_day.go_to)
elif find_time.is_open():
    find_time.show()
elif booking_line.is_open():
    booking_line.show()
elif open_booking.is_open():
    open_booking.show()
elif offering.is_open():
    offering.show()
elif waiting_asked.is_asked():
    waiting_form.show()
