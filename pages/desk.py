"""The desk: the day of every professional, and a booking in two clicks and a few letters."""

import streamlit as st

from core import accounts, catalog
from core.db import utc_now
from core.desk import DayAsked, DeskDay, day_starts, load_cancelled, load_day
from core.policy import Actor, Permission, allows
from core.running_late import load_late
from dashboard import (
    booking_line,
    feedback,
    find_time,
    new_booking,
    offering,
    open_booking,
    session,
    waiting_asked,
    waiting_form,
)
from dashboard.components.day_grid import Dropped, GridEvent, Opened, Picked
from dashboard.components.desk_board import (
    DayMinutes,
    booking_drawn,
    cancelled_list,
    day_table,
    desk_board,
    time_drawn,
)
from dashboard.components.desk_filters import DeskChoices, desk_filters
from dashboard.exporting import download_button
from dashboard.i18n import _

REFRESH_SECONDS = 15


@st.fragment(run_every=REFRESH_SECONDS)
def board(asked: DayAsked) -> None:
    """The day as it is now; what other desks change appears by itself."""
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        day = load_day(db, actor, asked, now=now)
        cancelled = load_cancelled(db, actor, asked)
        is_today = day.on == now.astimezone(session.zone()).date()
        late = load_late(db, actor, now=now) if is_today else []
    minutes = {each.professional_id: each.minutes for each in late}
    event = desk_board(day, day_starts(day, now=now), late=minutes, now=now, key="desk_grid")
    if event is not None:
        act(day, event)
    with st.expander(_("The day as a table, and on paper")):
        columns = [str(each.id) for each in day.professionals]
        download_button(_("Day sheet (PDF)"), "day-sheet", str(day.on), *columns, key="day_sheet")
        day_table(day)
        if opened := cancelled_list(cancelled, zone=session.zone()):
            open_booking.open(opened)
            st.rerun()


def act(day: DeskDay, event: GridEvent) -> None:
    """Open what was picked, move what was dropped."""
    minutes = DayMinutes(day.on, day.zone)
    if isinstance(event, Opened) and not event.block_id[0].isdigit():
        professional_id, start = time_drawn(event.block_id)  # a break, an absence
        new_booking.ask(professional_id, day.service.id if day.service else None, start)
    elif isinstance(event, Opened):
        open_booking.open(booking_drawn(event.block_id)[0])
    elif isinstance(event, Dropped):
        starts_at = minutes.instant(event.minute)
        open_booking.drop(*booking_drawn(event.block_id), int(event.column), starts_at)
    elif isinstance(event, Picked):
        service_id = day.service.id if day.service else None
        new_booking.ask(int(event.column), service_id, minutes.instant(event.minute))
    st.rerun()


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
if not choices.professionals:
    nobody_to_book(actor)
else:
    today = utc_now().astimezone(session.zone()).date()
    if allows(actor, Permission.BOOKINGS_WRITE):
        asked = desk_filters(
            choices, today=today, on_find=find_time.open_for_day, on_line=booking_line.open
        )
    else:
        asked = desk_filters(choices, today=today)
    offering.freed_line()
    board(asked)
if new_booking.is_asked():
    new_booking.show()
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
