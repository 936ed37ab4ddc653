"""When professionals work: weekly hours, single dates, openings, time off, and closures."""

from core.schedule.absence import (
    Absence,
    NewClosure,
    NewTimeOff,
    add_closure,
    enter_time_off,
    load_time_off,
    put_back_closure,
    put_back_time_off,
    remove_closure,
    remove_time_off,
)
from core.schedule.changes import UndoHours, undo_weekly_hours
from core.schedule.hours import (
    HoursOfDate,
    SeenOfDate,
    WeeklyHours,
    clear_date_hours,
    close_date,
    set_date_hours,
    set_weekly_hours,
    today_of,
)
from core.schedule.on_record import (
    HoursOnRecord,
    load_date_hours,
    load_openings,
    load_weekly_hours,
)
from core.schedule.openings import (
    ChangedOpening,
    NewOpening,
    change_opening,
    publish_opening,
    put_back_opening,
    withdraw_opening,
)
from core.schedule.stranded import stranded_bookings
from core.schedule.windows import WEEKDAYS, DayWindow, WeekdayWindow, wall_time

__all__ = [
    "WEEKDAYS",
    "Absence",
    "ChangedOpening",
    "DayWindow",
    "HoursOfDate",
    "HoursOnRecord",
    "NewClosure",
    "NewOpening",
    "NewTimeOff",
    "SeenOfDate",
    "UndoHours",
    "WeekdayWindow",
    "WeeklyHours",
    "add_closure",
    "change_opening",
    "clear_date_hours",
    "close_date",
    "enter_time_off",
    "load_date_hours",
    "load_openings",
    "load_time_off",
    "load_weekly_hours",
    "publish_opening",
    "put_back_closure",
    "put_back_opening",
    "put_back_time_off",
    "remove_closure",
    "remove_time_off",
    "set_date_hours",
    "set_weekly_hours",
    "stranded_bookings",
    "today_of",
    "undo_weekly_hours",
    "wall_time",
    "withdraw_opening",
]
