"""Sick day: who is away, and the visits to be moved, one after the other."""

from dashboard import session, sick_day

actor = session.signed_in()
if sick_day.chosen() is None:
    sick_day.choose(actor)
else:
    sick_day.work(actor)
