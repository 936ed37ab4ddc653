"""What a hostile name looks like wherever Streamlit reads Markdown; see test_markdown.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import streamlit as st

from dashboard.escaping import md
from tests.browser.hostile import NAMES

PLACES = (
    ("write", st.write),
    ("markdown", st.markdown),
    ("caption", st.caption),
    ("error", st.error),
    ("title", lambda text: st.title(text, anchor=False)),
    ("checkbox", st.checkbox),
    ("button", st.button),
    ("expander", lambda text: st.expander(text).write("")),
    ("radio", lambda text: st.radio("Who", [text])),
    ("metric", lambda text: st.metric(text, 1)),
    ("table", lambda text: st.table([{"Who": text}])),
)

place = st.query_params.get("place")
for name, show in PLACES:
    if name == place:
        for number, hostile in enumerate(NAMES):
            with st.container(key=f"name_{number}"):
                show(md(hostile))
if place == "toast":
    for hostile in NAMES:
        st.toast(md(hostile), duration="infinite")
if place == "tooltip":
    st.button("Who", help=" ".join(md(hostile) for hostile in NAMES))
if place == "sentence":
    for number, hostile in enumerate(NAMES):
        with st.container(key=f"name_{number}"):
            st.write(f"Booked {md(hostile)} with Dr Ruiz.")
st.write("drawn")
