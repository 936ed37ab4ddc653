"""What is looked for: a line of words, and the same by choosing. All of it is in the address."""

from collections.abc import Mapping

import streamlit as st

from core.availability.next_free import AFTERNOON, EVENING, EVERY_DAY, MORNING, DayPart
from core.directory import Order, Sought, Tags, Understood, When, read_words
from core.errors import N_
from core.patients import fold
from dashboard.formatting import WEEKDAYS
from dashboard.i18n import _
from dashboard.line_words import line_words

WORDS, SERVICE, EXPERTISE, LANGUAGE = "q", "for", "knows", "speaks"
PREMIUM, DAYS, TIMES, ORDER, PAGE = "premium", "days", "times", "order", "page"
NOTHING: Mapping[str, object] = {
    WORDS: "",
    SERVICE: None,
    EXPERTISE: None,
    LANGUAGE: None,
    PREMIUM: False,
    DAYS: [],
    TIMES: [],
}
PARTS: Mapping[str, DayPart] = {
    N_("Morning"): MORNING,
    N_("Afternoon"): AFTERNOON,
    N_("Evening"): EVENING,
}
ORDERS: Mapping[Order, str] = {
    Order.SOONEST: N_("Free soonest"),
    Order.NAME: N_("By name"),
    Order.PRICE: N_("By price"),
}


def ask(tags: Tags) -> Sought:
    """Draw the fields; what was typed and what was chosen both count."""
    typed = st.text_input(
        _("Whom or what do you need, and when?"),
        key=WORDS,
        placeholder=_("finance, premium, Thursday afternoon"),
        icon=":material/search:",
        max_chars=120,
        bind="query-params",
        on_change=first_page,
    )
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="small", key="directory_filters"
    ):
        service_id = _service(tags)
        weekdays = st.pills(
            _("Days"),
            range(1, 8),
            selection_mode="multi",
            format_func=lambda number: _(WEEKDAYS[number - 1])[:3],
            key=DAYS,
            width="content",
            bind="query-params",
            on_change=first_page,
        )
        parts = st.pills(
            _("Time of day"),
            list(PARTS),
            selection_mode="multi",
            format_func=_,
            key=TIMES,
            width="content",
            bind="query-params",
            on_change=first_page,
        )
        with st.popover(_("More"), icon=":material/tune:", key="directory_more"):
            expertise, language, premium, order = _more(tags)
    said = read_words(typed, line_words(), frozenset(fold(_("premium")).split()), tags.names)
    return _together(said, service_id, weekdays, parts, expertise, language, premium, order)


def first_page() -> None:
    """Other wishes begin at their first page."""
    if PAGE in st.session_state:
        st.session_state[PAGE] = 1


def clear() -> None:
    """Look at everybody. What stands in the address follows what the fields hold."""
    for key, nothing in NOTHING.items():
        if key in st.session_state:
            st.session_state[key] = nothing
    first_page()


def _page() -> int:
    """As chosen, or as the address says before there is anything to choose from."""
    in_address = st.query_params.get(PAGE, "")
    first = int(in_address) if in_address.isdecimal() and len(in_address) < 6 else 1
    page: int = st.session_state.get(PAGE, first)
    return page


def _together(
    said: Understood,
    service_id: int | None,
    weekdays: list[int],
    parts: list[str],
    expertise: str | None,
    language: str | None,
    premium: bool,
    order: Order,
) -> Sought:
    days = frozenset(weekdays) | (said.weekdays if said.weekdays != EVERY_DAY else frozenset())
    times = tuple(dict.fromkeys([*said.parts, *(PARTS[each] for each in parts)]))
    return Sought(
        words=said.words,
        service_id=service_id,
        expertise=expertise or "",
        language=language or "",
        premium=premium or said.premium,
        when=When(days or EVERY_DAY, times),
        order=order,
        page=_page(),
    )


def _service(tags: Tags) -> int | None:
    return st.selectbox(
        _("Service"),
        list(tags.services),
        index=None,
        format_func=lambda id: tags.services[id],
        key=SERVICE,
        placeholder=_("Any service"),
        width=220,
        bind="query-params",
        on_change=first_page,
    )


def _keep_old_address(tags: Tags) -> None:
    """An address shared before two tags became one names the one that went."""
    asked = st.query_params.get(EXPERTISE, "")
    kept = tags.meaning.get(fold(asked))
    if EXPERTISE not in st.session_state and asked not in tags.expertise and kept:
        st.session_state[EXPERTISE] = kept


def _more(tags: Tags) -> tuple[str | None, str | None, bool, Order]:
    _keep_old_address(tags)
    expertise = st.selectbox(
        _("Knows about"),
        tags.expertise,
        index=None,
        key=EXPERTISE,
        placeholder=_("Anything"),
        bind="query-params",
        on_change=first_page,
    )
    language = st.selectbox(
        _("Speaks"),
        tags.languages,
        index=None,
        key=LANGUAGE,
        placeholder=_("Any language"),
        bind="query-params",
        on_change=first_page,
    )
    premium = tags.has_premium and st.checkbox(
        _("Premium only"), key=PREMIUM, bind="query-params", on_change=first_page
    )
    order = st.selectbox(
        _("Order"),
        list(ORDERS),
        format_func=lambda each: _(ORDERS[each]),
        key=ORDER,
        bind="query-params",
        on_change=first_page,
    )
    return expertise, language, premium, order
