"""Services: what can be booked, how long it takes and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import TypeVar

import streamlit as st

from core import catalog
from core.catalog import EditedService, NewService
from core.models import Anchor, BufferRule, Room, Service
from core.policy import Actor
from dashboard import feedback, session
from dashboard.components.service_colours import colour_box, dot
from dashboard.components.words import minutes, money, taxed
from dashboard.feedback import md
from dashboard.i18n import N_, _
from dashboard.practice import forms, who_offers
from dashboard.practice.forms import key

FORM = "service"
RULES, WHO = N_("Service"), N_("Who offers it")
ANCHORS: Mapping[Anchor, str] = {
    Anchor.CLOCK: N_("on the clock: 9:00, 9:15, 9:30"),
    Anchor.OPENING: N_("counted from when the professional begins"),
}
BUFFER_RULES: Mapping[BufferRule, str] = {
    BufferRule.GAP: N_("the longer of the two buffers"),
    BufferRule.ADD: N_("both buffers, one after the other"),
}
Rule = TypeVar("Rule", Anchor, BufferRule)
NEW = NewService(name="", length_minutes=30)


def show(actor: Actor) -> None:
    with session.reading() as db:
        services = catalog.load_services(db)
        rooms = {each.id: each.name for each in catalog.load_rooms(db)}
        needed = catalog.load_service_rooms(db)
        currency = catalog.get_organisation(db).currency
        archived = catalog.load_archived(db, actor, Service)
        offers = catalog.load_offered(db, actor).values()
    offered = {each.service_id for by_one in offers for each in by_one}
    forms.add_button(_("Add service"), FORM)
    if services:
        with st.container(border=True, gap="small"):
            for each in services:
                names = [rooms[id] for id in needed.get(each.id, ())]
                with st.container(horizontal=True, vertical_alignment="center"):
                    dot(each, services)
                    _row(each, names, currency, offered=each.id in offered)
    else:
        st.caption(_("No services yet."))
    forms.archived_list(actor, Service, archived)
    if opened := forms.opened(FORM):
        forms.show_dialog(_("Edit service") if opened.id else _("New service"), _dialog)


def _row(service: Service, rooms: Sequence[str], currency: str, *, offered: bool) -> None:
    facts = [
        minutes(service.length_minutes),
        _price(service, currency),
        _("starts every {count} min").format(count=service.step_minutes),
        _("in {rooms}").format(rooms=", ".join(rooms)) if rooms else "",
    ]
    with forms.entry(service.name, facts):
        if not offered:
            st.badge(_("Nobody offers it yet"), color="orange")
    forms.edit_button(FORM, service.id, service.version, service.name)


def _price(service: Service, currency: str) -> str:
    if not service.price_cents:
        return _("free of charge")
    return taxed(money(service.price_cents, currency), service.tax_rate)


def _dialog() -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    with session.reading() as db:
        rooms = catalog.load_rooms(db)
        needed = catalog.load_service_rooms(db)
        currency = catalog.get_organisation(db).currency
        service = catalog.get_service(db, opened.id) if opened.id else None
    if service is not None and _part(service) == WHO:
        who_offers.show(actor, service, opened)
        return
    known = _details(service, needed) if service else NEW
    with st.form(key("service"), border=False):
        details = _fields(known, rooms, currency)
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if pressed:
        _save(actor, opened, details)
    if service is not None:
        forms.archive_button(
            lambda db, now: catalog.archive_service(db, actor, service.id, opened.version, now=now),
            opened,
        )


def _part(service: Service) -> str | None:
    st.markdown(f"**{md(service.name)}**")
    return st.segmented_control(
        _("Part"),
        [RULES, WHO],
        default=RULES,
        format_func=_,
        key=key("part"),
        required=True,
        label_visibility="collapsed",
    )


def _go_on(service: Service) -> None:
    """A new service is nothing anybody can book before somebody offers it."""
    actor = session.signed_in()
    with session.reading() as db:
        is_anybody_there = bool(catalog.load_professionals(db, actor))
    forms.forget()
    if is_anybody_there:
        forms.open_form(FORM, service.id, service.version)
        st.session_state[key("part")] = WHO
    feedback.flash(_("Added {name}.").format(name=service.name))
    st.rerun()


def _save(actor: Actor, opened: forms.Opened, details: NewService) -> None:
    if opened.id is None:
        forms.save(
            lambda db, now: catalog.add_service(db, actor, details, now=now),
            _go_on,
            opened,
        )
        return
    edited = EditedService(opened.id, opened.version, details)
    forms.save(
        lambda db, now: catalog.edit_service(db, actor, edited, now=now),
        forms.finish_with(_("Saved {name}.")),
        opened,
    )


def _details(service: Service, needed: Mapping[int, tuple[int, ...]]) -> NewService:
    names = [each.name for each in fields(NewService) if each.name != "room_ids"]
    values = {name: getattr(service, name) for name in names}
    return NewService(**values, room_ids=needed.get(service.id, ()))


def _fields(known: NewService, rooms: Sequence[Room], currency: str) -> NewService:
    name = st.text_input(_("Name"), known.name, key=key("name"), placeholder=_("First visit"))
    left, middle, right = st.columns(3)
    with left:
        length = _number(_("Length, minutes"), known.length_minutes, 1, 1440, "length")
    with middle:
        step = _number(_("A start every … minutes"), known.step_minutes, 1, 1440, "step")
    with right:
        price = st.number_input(
            _("Price, {currency}").format(currency=currency),
            min_value=0.0,
            max_value=catalog.HIGHEST_PRICE_CENTS / 100,
            value=known.price_cents / 100,
            step=5.0,
            format="%.2f",
            key=key("price"),
        )
    left, right = st.columns(2)
    with left:
        tax = st.number_input(
            _("Tax in the price, per cent"),
            0.0,
            100.0,
            known.tax_rate / 100,
            step=1.0,
            format="%g",
            key=key("tax"),
        )
    with right:
        colour = colour_box(known.colour, key=key("colour"))
    chosen = known.room_ids
    if rooms:
        names = {each.id: each.name for each in rooms}
        chosen = tuple(
            st.multiselect(
                _("Needs one of these rooms"),
                list(names),
                list(known.room_ids),
                format_func=lambda id: names[id],
                key=key("rooms"),
                placeholder=_("No room needed"),
            )
        )
    with st.expander(_("Buffers, notice, how far ahead, seats"), key=key("rules")):
        rules = _rules(known)
    return replace(
        rules,
        name=name,
        length_minutes=length,
        step_minutes=step,
        price_cents=round(price * 100),
        tax_rate=round(tax * 100),
        colour=colour,
        room_ids=chosen,
    )


def _rules(known: NewService) -> NewService:
    left, right = st.columns(2)
    with left:
        before = _number(_("Buffer before, minutes"), known.before_minutes, 0, 1440, "before")
        notice = _hours(_("Patients book at least … hours ahead"), known.notice_minutes, "notice")
        horizon = _number(_("Bookable up to … days ahead"), known.horizon_days, 0, 3660, "horizon")
    with right:
        after = _number(_("Buffer after, minutes"), known.after_minutes, 0, 1440, "after")
        late = _hours(
            _("Cancelled late within … hours"), known.cancel_notice_minutes, "cancel_notice"
        )
        seats = _number(_("Seats, more than one for a group visit"), known.seats, 1, 1000, "seats")
    anchor = _one_of(_("Starts fall"), ANCHORS, known.anchor, "anchor")
    buffer_rule = _one_of(_("Between two visits"), BUFFER_RULES, known.buffer_rule, "buffer_rule")
    listed = st.checkbox(
        _("Patients book it by themselves, unless it is for a group"),
        known.listed,
        key=key("listed"),
    )
    return replace(
        known,
        anchor=anchor,
        buffer_rule=buffer_rule,
        listed=listed,
        seats=seats,
        before_minutes=before,
        after_minutes=after,
        notice_minutes=notice,
        cancel_notice_minutes=late,
        horizon_days=horizon,
    )


def _one_of(label: str, words: Mapping[Rule, str], known: Rule, name: str) -> Rule:
    return st.selectbox(
        label,
        list(words),
        list(words).index(known),
        format_func=lambda each: _(words[each]),
        key=key(name),
    )


def _number(label: str, value: int, lowest: int, highest: int, name: str) -> int:
    return st.number_input(label, lowest, highest, value, key=key(name))


def _hours(label: str, known_minutes: int, name: str) -> int:
    """Whole minutes, typed as hours."""
    hours = st.number_input(
        label, 0.0, 366 * 24.0, known_minutes / 60, step=1.0, format="%g", key=key(name)
    )
    return round(hours * 60)
