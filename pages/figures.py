"""Numbers: how full the book is, who did not come, what was asked for, and what it is worth."""

from core import catalog
from core.analytics import first_day_booked
from core.db import utc_now
from dashboard import open_booking, session
from dashboard.figures import bar
from dashboard.figures.bar import Choices, numbers_bar
from dashboard.figures.demand import show_demand
from dashboard.figures.money import show_money
from dashboard.figures.no_shows import show_no_shows
from dashboard.figures.patients import show_patients
from dashboard.figures.utilisation import show_utilisation

actor, now = session.signed_in(), utc_now()
today = now.astimezone(session.zone()).date()
with session.reading() as db:
    choices = Choices(
        catalog.load_professionals(db, actor),
        catalog.load_services(db),
        catalog.load_rooms(db),
        first_day_booked(db),
    )
looked = numbers_bar(choices, today=today)
if looked.view == bar.NO_SHOWS:
    show_no_shows(actor, looked, now=now)
elif looked.view == bar.DEMAND:
    show_demand(actor, looked, now=now)
elif looked.view == bar.MONEY:
    show_money(actor, looked, now=now)
elif looked.view == bar.PATIENTS:
    show_patients(actor, looked, now=now)
else:
    show_utilisation(actor, looked, today=today, now=now)
if open_booking.is_open():
    open_booking.show()
