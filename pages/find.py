"""Find a time: whom a patient could come to, for what, at what price, and when."""

from dashboard import family, session
from dashboard.directory import looking

actor = session.signed_in()
family.choose()
looking.show(actor)
