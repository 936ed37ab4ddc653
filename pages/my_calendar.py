"""My calendar: a professional's own book by day, week or month or as a list, and how today
stands."""

from collections.abc import Callable, Mapping

from core.db import utc_now
from core.desk import DayAsked
from dashboard import desk_list, open_booking, outside_record, session
from dashboard.components.view_switch import AS_LIST, BY_DAY, BY_MONTH, BY_WEEK
from dashboard.my_calendar import board, month
from dashboard.my_calendar.bar import choose_view

SHOWN: Mapping[str, Callable[[DayAsked], None]] = {
    BY_DAY: board.show_day,
    BY_WEEK: board.show_week,
    BY_MONTH: month.show,
}

actor = session.signed_in()
looked = choose_view(actor.professional_id or 0, utc_now().astimezone(session.zone()).date())
board.glance()
if looked.view == AS_LIST:
    desk_list.show(looked)
else:
    SHOWN[looked.view](looked.asked)
if open_booking.is_open():
    open_booking.show()
else:
    outside_record.ways_in()
