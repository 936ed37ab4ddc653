"""Tiers: names that set professionals apart, and what they add to prices."""

import streamlit as st

from core import catalog
from core.catalog import EditedTier, NewTier
from core.catalog.tiers import HIGHEST_PERCENT
from core.models import Tier
from core.policy import Actor
from dashboard import session
from dashboard.components.words import money
from dashboard.i18n import N_, _
from dashboard.practice import forms
from dashboard.practice.forms import key

FORM = "tier"
NOTHING, PERCENT, AMOUNT = N_("Nothing"), N_("Percent"), N_("An amount")


def show(actor: Actor) -> None:
    with session.reading() as db:
        tiers = catalog.load_tiers(db)
        counts = catalog.count_by_tier(db, actor)
        currency = catalog.get_organisation(db).currency
    forms.add_button(_("Add tier"), FORM)
    if tiers:
        with st.container(border=True, gap="small"):
            for each in tiers:
                _row(each, counts.get(each.id, 0), currency)
    else:
        st.caption(
            _(
                "No tiers yet. A tier such as Premium sets some professionals apart: patients can "
                "look for them, and their visits can cost more. It all works without tiers too."
            )
        )
    if opened := forms.opened(FORM):
        forms.show_dialog(_("Edit tier") if opened.id else _("New tier"), _dialog)


def _row(tier: Tier, count: int, currency: str) -> None:
    professionals = _("professionals: {count}").format(count=count)
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(tier.name, [_added(tier, currency), professionals])
        forms.edit_button(FORM, tier.id, tier.version, tier.name)


def _added(tier: Tier, currency: str) -> str:
    if tier.percent:
        return _("adds {percent} % to the service's price").format(percent=tier.percent)
    if tier.surcharge_cents:
        amount = money(tier.surcharge_cents, currency)
        return _("adds {amount} to the service's price").format(amount=amount)
    return _("adds nothing to the service's price")


def _dialog() -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    with session.reading() as db:
        tier = next((each for each in catalog.load_tiers(db) if each.id == opened.id), None)
        currency = catalog.get_organisation(db).currency
    name = st.text_input(
        _("Name"), tier.name if tier else "", key=key("name"), placeholder=_("Premium")
    )
    details = _surcharge(name, tier, currency)
    st.caption(
        _("A professional's own price comes before any surcharge. What is booked stays as sold.")
    )
    if st.button(_("Save"), key=key("save"), type="primary", width="stretch"):
        _save(actor, opened, details)
    if tier is not None and st.button(
        _("Remove"), key=key("remove"), icon=":material/delete:", type="tertiary"
    ):
        id, known = tier.id, tier.name
        forms.save(
            lambda db, now: catalog.remove_tier(db, actor, id, opened.version, now=now),
            lambda _done: forms.finish(_("Removed {name}.").format(name=known)),
            opened,
        )


def _surcharge(name: str, tier: Tier | None, currency: str) -> NewTier:
    percent, cents = (tier.percent, tier.surcharge_cents) if tier else (0, 0)
    kind = st.segmented_control(
        _("Adds to the service's price"),
        [NOTHING, PERCENT, AMOUNT],
        default=PERCENT if percent else AMOUNT if cents else NOTHING,
        format_func=_,
        key=key("kind"),
        required=True,
    )
    if kind == PERCENT:
        added = st.number_input(_("Percent"), 1, HIGHEST_PERCENT, percent or 20, key=key("percent"))
        return NewTier(name, percent=added)
    if kind == AMOUNT:
        amount = st.number_input(
            _("Amount, {currency}").format(currency=currency),
            min_value=0.01,
            max_value=catalog.HIGHEST_PRICE_CENTS / 100,
            value=(cents or 1000) / 100,
            step=5.0,
            format="%.2f",
            key=key("amount"),
        )
        return NewTier(name, surcharge_cents=round(amount * 100))
    return NewTier(name)


def _save(actor: Actor, opened: forms.Opened, details: NewTier) -> None:
    if opened.id is None:
        forms.save(
            lambda db, now: catalog.add_tier(db, actor, details, now=now),
            forms.finish_with(_("Added {name}.")),
            opened,
        )
        return
    edited = EditedTier(opened.id, opened.version, details)
    forms.save(
        lambda db, now: catalog.edit_tier(db, actor, edited, now=now),
        forms.finish_with(_("Saved {name}.")),
        opened,
    )
