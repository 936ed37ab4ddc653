"""Tiers: what a visit costs with somebody, why, and where it is told."""

import pytest
from sqlalchemy import select, text

from core import catalog, desk, directory, schema
from core.booking import BookingRequest, MoveRequest, book, move
from core.catalog import EditedTier, NewTier, PriceRule, TierInUse, price_for
from core.errors import Invalid, NotAllowed, Stale
from core.models import Professional, Role, Tier
from core.policy import CONSOLE
from dashboard.components.words import price_in_words
from tests import a

PERCENT, AMOUNT, NAME = (
    Tier(name="Premium", percent=20, surcharge_cents=0),
    Tier(name="Premium", percent=0, surcharge_cents=1000),
    Tier(name="Premium", percent=0, surcharge_cents=0),
)


@pytest.mark.parametrize(
    ("usual", "own", "tier", "words"),
    [
        (6000, None, None, "60.00 EUR"),
        (6000, None, NAME, "60.00 EUR"),
        (6000, None, PERCENT, "72.00 EUR (60.00 EUR + 20 % Premium)"),
        (6000, None, AMOUNT, "70.00 EUR (60.00 EUR + 10.00 EUR Premium)"),
        (6000, 7500, PERCENT, "75.00 EUR, own price"),
        (6000, 6000, PERCENT, "60.00 EUR, own price"),
        (6000, 6000, None, "60.00 EUR"),
        (6000, 0, PERCENT, "free of charge"),
        (0, None, PERCENT, "free of charge"),
        (0, None, AMOUNT, "free of charge"),
        (333, None, PERCENT, "4.00 EUR (3.33 EUR + 20 % Premium)"),
    ],
)
def test_a_price_comes_with_its_rule_in_words(usual, own, tier, words):
    assert price_in_words(price_for(usual, own, tier), "EUR") == words


# --- what is sold


@pytest.fixture
def house(session):
    """Ada is in a tier of 20 % more, Ben in none; both offer a visit at 60.00."""
    visit = a.service(session, name="Visit", price_cents=6000)
    tier = a.tier(session, percent=20)
    ada = a.professional(session, name="Dr Ada", services=(visit,), tier_id=tier.id)
    ben = a.professional(session, name="Dr Ben", services=(visit,))
    return session, a.actor(session), visit, ada, ben


def booked(house, professional, hour=9):
    session, rita, visit, _ada, _ben = house
    request = BookingRequest(
        professional.id, visit.id, a.patient(session).id, a.at(hour), f"{professional.id} {hour}"
    )
    return book(session, rita, request, now=a.BEFORE)


def test_a_surcharge_is_part_of_the_price_as_sold_and_what_is_booked_stays(house):
    session, _rita, _visit, ada, ben = house
    sold = booked(house, ada)
    assert (sold.price_cents, booked(house, ben).price_cents) == (7200, 6000)

    tier = session.scalars(select(Tier)).one()
    request = EditedTier(tier.id, tier.version, NewTier("Premium", percent=50))
    catalog.edit_tier(session, CONSOLE, request, now=a.BEFORE)

    assert sold.price_cents == 7200
    assert booked(house, ada, hour=11).price_cents == 9000


def test_an_own_price_comes_before_the_surcharge(house):
    session, _rita, visit, ada, _ben = house
    request = catalog.OfferedService(ada.id, visit.id, price_cents=6500)
    catalog.offer_service(session, CONSOLE, request, now=a.BEFORE)

    assert booked(house, ada).price_cents == 6500


def test_every_screen_tells_the_price_that_is_sold(house):
    session, rita, visit, ada, ben = house
    offers = catalog.load_offers(session, [ada.id, ben.id], visit.id)
    there = desk.services_at(session, rita, ada.id, a.at(9), now=a.BEFORE)[0]
    public = directory.get_profile(session, rita, ada.id)

    assert {id: each.price_cents for id, each in offers.items()} == {ada.id: 7200, ben.id: 6000}
    assert there.price == public.services[0].price
    assert (there.price.cents, there.price.rule) == (7200, PriceRule.SURCHARGE)
    assert (public.tier, public.premium) == ("Premium", True)
    assert not directory.get_profile(session, rita, ben.id).premium


def test_whoever_moves_to_another_professional_keeps_the_price_they_were_told(house):
    session, rita, _visit, ada, ben = house
    sold = booked(house, ben)
    request = MoveRequest(sold.id, sold.version, ada.id, a.at(12))

    assert move(session, rita, request, now=a.BEFORE).price_cents == 6000


# --- what an admin keeps


@pytest.mark.parametrize("role", [Role.PROFESSIONAL, Role.RECEPTIONIST, Role.PATIENT])
def test_only_admins_make_tiers(session, role):
    with pytest.raises(NotAllowed):
        catalog.add_tier(session, a.actor(session, role), NewTier("Gold"), now=a.BEFORE)


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        (NewTier("Gold", percent=20, surcharge_cents=100), "in percent or as an amount, not both"),
        (NewTier("Gold", percent=-1), "Please enter a number between 0 and 500."),
        (NewTier("Gold", percent=501), "Please enter a number between 0 and 500."),
        (NewTier("Gold", surcharge_cents=-1), "Please enter a number between 0"),
        (NewTier(" "), "Please enter a name."),
        (NewTier("premium"), "There is already one called premium."),
    ],
)
def test_a_tier_that_cannot_be_is_refused(session, details, sentence):
    a.tier(session)
    with pytest.raises(Invalid, match=sentence):
        catalog.add_tier(session, CONSOLE, details, now=a.BEFORE)


def test_a_tier_somebody_is_in_is_not_removed(house):
    session, _rita, _visit, ada, _ben = house
    tier = session.scalars(select(Tier)).one()

    with pytest.raises(TierInUse, match="Premium still has professionals: 1"):
        catalog.remove_tier(session, CONSOLE, tier.id, tier.version, now=a.BEFORE)
    with pytest.raises(Stale):
        catalog.remove_tier(session, CONSOLE, tier.id, tier.version + 1, now=a.BEFORE)

    ada.archived_at = a.BEFORE
    catalog.remove_tier(session, CONSOLE, tier.id, tier.version, now=a.BEFORE)
    session.flush()
    assert session.scalars(select(Professional).where(Professional.premium)).all() == []


def test_whoever_was_premium_is_in_the_tier_of_that_name_and_back(database):
    with database.writing() as session:
        for name, premium in (("Ada", True), ("Ben", False), ("Cleo", True)):
            a.professional(session, name=name, premium=premium)

    schema.downgrade(database, "0019")
    with database.engine.connect() as connection:
        query = text("SELECT name FROM professionals WHERE premium ORDER BY name")
        before = connection.scalars(query).all()
    schema.migrate(database)

    with database.reading() as session:
        tier = session.scalars(select(Tier)).one()
        found = session.scalars(select(Professional.name).where(Professional.premium)).all()
    assert (tier.name, tier.percent, tier.surcharge_cents) == ("Premium", 0, 0)
    assert sorted(found) == before == ["Ada", "Cleo"]
