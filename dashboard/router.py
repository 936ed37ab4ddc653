"""The Streamlit script: sign in first, then route."""

import streamlit as st

from core.errors import BookingError
from dashboard import (
    booking_line,
    feedback,
    find_time,
    frame,
    key_help,
    logo,
    new_booking,
    open_booking,
    outside_record,
    places,
    session,
    taking_back,
    walk_in,
    watch,
)
from dashboard.directory import booking as own_booking
from dashboard.directory import moving, wishing
from dashboard.my_profile import words

STAYS_OPEN_ON = (
    (new_booking, ("desk",)),  # another page gives a held time back
    (find_time, ("desk",)),
    (booking_line, ("desk",)),
    (walk_in, ("today",)),
    (open_booking, places.BOOKINGS),
    (outside_record, ("my-calendar",)),
    (words, ("my-profile",)),
    (own_booking, ("find",)),
    (wishing, ("find",)),
    (moving, ("my-bookings",)),
)

st.set_page_config(page_title="Frontdesk", page_icon=str(frame.ICON), layout="wide")
st.html(frame.STYLE)

actor = session.current_actor()
locked = session.find_locked() if actor is None else None
page = st.navigation(
    frame.locked_pages() if locked else frame.pages_for(actor),
    position="top" if actor else "hidden",
)

if actor is None:
    page.run()
else:
    for dialog, pages in STAYS_OPEN_ON:
        if page.url_path not in pages:
            dialog.forget()
    logo.in_bar(str(frame.ICON))
    frame.show_who(actor, page.url_path)
    watch.watch()
    if asked := key_help.listen(actor, page.url_path):
        frame.go_to(asked, page.url_path)
    feedback.show_flash()
    taking_back.line()
    try:
        with frame.turns:
            page.run()
        if key_help.is_open():
            key_help.show(actor, page.url_path)
    except BookingError as refusal:
        feedback.refuse(refusal)
