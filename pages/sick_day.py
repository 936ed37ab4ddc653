"""Sick day: who is away, and the visits to be moved, one after the other."""

from dashboard import open_booking, session, sick_day

actor = session.signed_in()
if sick_day.chosen() is None:
    sick_day.choose(actor)
else:
    sick_day.work(actor)
if open_booking.is_open():
    open_booking.show()
