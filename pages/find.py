"""Find a time: whom a patient could come to, for what, at what price, and when."""

from dashboard import session
from dashboard.directory import looking

actor = session.signed_in()
looking.show(actor)
