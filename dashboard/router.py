"""The Streamlit script: sign in first, then route."""

import streamlit as st

from core.errors import BookingError
from dashboard import (
    booking_line,
    feedback,
    find_time,
    frame,
    new_booking,
    open_booking,
    outside_record,
    session,
    walk_in,
    watch,
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
    if page.url_path != "desk":
        new_booking.forget()  # another page gives a held time back
        find_time.forget()
        booking_line.forget()
    if page.url_path != "today":
        walk_in.forget()
    if page.url_path not in ("desk", "today", "my-week", "patients", "overrides", "time-off"):
        open_booking.forget()
    if page.url_path != "my-week":
        outside_record.forget()
    st.logo(str(frame.ICON))
    frame.show_who(actor)
    watch.watch()
    feedback.show_flash()
    try:
        with frame.turns:
            page.run()
    except BookingError as refusal:
        feedback.refuse(refusal)
