"""My profile: a professional shapes what others see of them, and sees it beside."""

from dataclasses import fields

import pytest
from sqlalchemy import select

from core import catalog
from core.accounts import EditedUser, edit_user
from core.booking import BookingRequest, MoveRequest
from core.catalog import (
    ChangedTerms,
    EditedProfessional,
    ExpertiseTags,
    NewProfessional,
    Terms,
)
from core.errors import NotAllowed, NotFound
from core.models import Draft, Expertise, Professional, ProfessionalService, Role, Service, User
from core.patients import OwnContact
from core.policy import CONSOLE
from dashboard import places
from tests import a, screen


@pytest.fixture
def ada(sqlite_database):
    with sqlite_database.writing() as session:
        made = a.professional(session, name="Dr Ada", bio="Since 1999.", premium=True)
        catalog.tag_expertise(session, CONSOLE, ExpertiseTags(made.id, ("Skin",)), now=a.BEFORE)
        return made


@pytest.fixture
def profile(monkeypatch, sqlite_database, ada):
    with sqlite_database.writing() as session:
        user = a.user(session, Role.PROFESSIONAL, name="Dr Ada", professional_id=ada.id)
    page = screen.show_to(monkeypatch, sqlite_database, user).run()
    return shown(page.switch_page(str(places.PAGES / "my_profile.py")).run())


def shown(page):
    assert not page.exception
    return page


def field(page, name):
    widgets = [*page.text_input, *page.text_area, *page.color_picker]
    return next(each for each in widgets if str(each.key).endswith(f"_{name}"))


def type_in(page, **values):
    for name, value in values.items():
        field(page, name).set_value(value)
    return shown(page.run())


def save(page):
    return shown(page.button(key="my_profile_save").click().run())


def card(page):
    return "\n".join(each.value for each in (*page.markdown, *page.caption))


def test_what_is_typed_is_seen_beside_before_it_is_saved(profile, sqlite_database):
    page = type_in(profile, title="Cardiologist", expertise="ECG, skin", languages="English, Greek")

    for words in ("Cardiologist", ":gray-badge[ECG] :gray-badge[Skin]", "Speaks English, Greek."):
        assert words in card(page)
    assert "skin is kept as Skin. New here: ECG." in card(page)
    with sqlite_database.reading() as session:
        assert session.scalars(select(Professional)).one().title == ""


def test_it_is_saved_and_told(profile, sqlite_database):
    page = save(type_in(profile, bio="Since 2001.", expertise="ecg, Skin", colour="#D55E00"))

    assert [each.value for each in page.toast] == ["Saved your profile."]
    with sqlite_database.reading() as session:
        found = catalog.load_professionals(session, CONSOLE)[0]
        assert (found.bio, found.colour, found.name) == ("Since 2001.", "#D55E00", "Dr Ada")
        assert {each.name for each in found.expertise} == {"ecg", "Skin"}
        assert found.premium
    assert field(page, "expertise").value == "ecg, Skin"


def test_it_is_saved_again_without_reloading(profile, sqlite_database):
    page = save(type_in(profile, title="Cardiologist"))
    page = save(type_in(page, title="Heart surgeon"))

    assert not page.error
    with sqlite_database.reading() as session:
        assert session.scalars(select(Professional)).one().title == "Heart surgeon"


def test_five_hundred_words_are_refused_and_stay_typed(profile, sqlite_database):
    words = ", ".join(f"word{number}" for number in range(500))
    page = save(type_in(profile, expertise=words))

    assert page.error[0].value.startswith("These are 500 fields of expertise, and at most 20 fit.")
    assert field(page, "expertise").value == words
    with sqlite_database.reading() as session:
        assert session.scalars(select(Expertise.name)).all() == ["Skin"]


def test_what_an_admin_changed_meanwhile_is_kept_and_one_press_away(profile, sqlite_database, ada):
    with sqlite_database.writing() as session:
        details = NewProfessional("Dr Ada", title="Dermatologist")
        edited = EditedProfessional(ada.id, ada.version, details)
        catalog.edit_professional(session, CONSOLE, edited, now=a.BEFORE)

    page = save(type_in(profile, title="Surgeon"))
    assert "has changed this in the meantime" in page.error[0].value
    assert field(page, "title").value == "Surgeon"

    page = shown(page.button(key="my_profile_discard").click().run())
    assert field(page, "title").value == "Dermatologist"
    assert not page.error


def test_what_is_typed_is_shown_as_it_is(profile):
    hostile = "<img src=x onerror=alert(1)> ![x](http://x) **bold**"
    page = type_in(profile, title=hostile, bio=hostile, expertise="<b>ECG</b>", languages=hostile)

    said = card(page)
    assert r"\<img src=x onerror=alert(1)> !\[x\]" in said
    assert said.count("![x](") == said.count("**bold") == 0
    assert r":gray-badge[\<b>ECG\</b>]" in said


def test_there_is_nothing_to_set_ones_own_tier_by(profile):
    assert not profile.checkbox
    assert not profile.selectbox
    assert "Premium" in card(profile)


@pytest.mark.parametrize("more", [{"tier_id": 1}, {"role": "admin"}, {"price_cents": 1}])
def test_a_role_a_tier_or_a_price_has_no_place_in_what_people_send_of_themselves(more):
    """There is nothing to sneak it into: what a form sends is made field by field."""
    for asked in (catalog.Profile, OwnContact, BookingRequest, MoveRequest):
        assert not set(more) & {each.name for each in fields(asked)}


@pytest.mark.parametrize(
    "asked",
    [
        lambda session, own, ada: catalog.edit_professional(
            session,
            own,
            EditedProfessional(ada.id, ada.version, NewProfessional("Dr Ada", tier_id=None)),
            now=a.BEFORE,
        ),
        lambda session, own, _ada: edit_user(
            session, own, EditedUser(own.user_id, 1, "Dr Ada", Role.ADMIN), now=a.BEFORE
        ),
    ],
    ids=["tier", "role"],
)
def test_asked_for_at_the_admins_door_they_are_refused(session, asked):
    ada = a.professional(session, name="Dr Ada", premium=True)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    with pytest.raises(NotAllowed, match="Your role does not allow this"):
        asked(session, own, ada)
    assert ada.tier_id is not None


def test_what_an_address_says_of_a_role_or_a_price_changes_nothing(profile, sqlite_database):
    for name, value in {"role": "admin", "tier_id": "1", "price_cents": "1"}.items():
        profile.query_params[name] = value
    save(type_in(profile, title="Cardiologist"))
    with sqlite_database.reading() as session:
        ada = session.scalars(select(Professional)).one()
        user = session.scalars(select(User)).one()
        assert (ada.title, user.role) == ("Cardiologist", Role.PROFESSIONAL)


def test_a_second_click_saves_nothing_again(profile, sqlite_database):
    page = type_in(profile, title="Cardiologist")
    shaping = page.session_state["my_profile"]
    page = save(page)
    page.session_state["my_profile"] = shaping  # the first run was cut off before it went on
    page = save(page)

    assert not page.error


# --- what was typed and not saved


@pytest.fixture
def come_back(monkeypatch, sqlite_database, profile):
    """A new window: nothing is left of the old one but what the database holds."""

    def opened():
        with sqlite_database.reading() as session:
            user = session.scalars(select(User)).one()
        page = screen.show_to(monkeypatch, sqlite_database, user).run()
        return shown(page.switch_page(str(places.PAGES / "my_profile.py")).run())

    return opened


def press(page, label):
    return shown(next(each for each in page.button if each.label == label).click().run())


def test_what_was_typed_and_not_saved_is_offered_on_the_way_back(
    profile, come_back, sqlite_database
):
    type_in(profile, bio="Since *2001*.\nAnd before.", expertise="ECG, Skin", colour="#D55E00")
    page = come_back()
    assert r"ECG, Skin · Since \*2001\*. And before." in card(page)
    assert field(page, "bio").value == "Since 1999."

    page = press(page, "Continue")
    assert field(page, "bio").value == "Since *2001*.\nAnd before."
    assert field(page, "colour").value == "#D55E00"
    save(page)
    assert "Not saved" not in card(come_back())
    with sqlite_database.reading() as session:
        assert session.scalars(select(Professional.bio)).one() == "Since *2001*.\nAnd before."
        assert session.scalars(select(Draft)).all() == []


def test_leaving_the_page_keeps_what_was_typed_and_discarding_it_does_not(profile, come_back):
    page = type_in(profile, title="Surgeon")
    page = shown(page.switch_page(str(places.PAGES / "my_hours.py")).run())
    page = shown(page.switch_page(str(places.PAGES / "my_profile.py")).run())
    page = press(page, "Continue")
    assert field(page, "title").value == "Surgeon"

    page = press(page, "Discard changes")
    assert field(page, "title").value == ""
    assert "Not saved" not in card(come_back())


def test_what_an_admin_changed_before_one_went_on_with_a_draft_is_not_written_over(
    profile, come_back, sqlite_database, ada
):
    type_in(profile, title="Surgeon")
    with sqlite_database.writing() as session:
        details = NewProfessional("Dr Ada", title="Dermatologist")
        edited = EditedProfessional(ada.id, ada.version, details)
        catalog.edit_professional(session, CONSOLE, edited, now=a.BEFORE)

    page = save(press(come_back(), "Continue"))
    assert "has changed this in the meantime" in page.error[0].value
    assert field(page, "title").value == "Surgeon"


# --- what is offered, at which length and price


@pytest.fixture
def offers(sqlite_database, ada):
    """Ada offers a visit of 30 minutes at 60.00, and not the check."""
    with sqlite_database.writing() as session:
        visit = a.service(session, name="Visit", price_cents=6000)
        a.service(session, name="Check")
        a.offer(session, ada, visit)
        return visit


def price_field(page, service, kind="price"):
    return next(
        each for each in page.number_input if str(each.key).endswith(f"_{kind}_{service.id}")
    )


@pytest.fixture
def offering(offers, profile):
    """The page of somebody who offers something."""
    return shown(profile.run())


def offer_on_record(database, service):
    with database.reading() as session:
        found = session.scalars(
            select(ProfessionalService).where(ProfessionalService.service_id == service.id)
        ).one()
        return found.length_minutes, found.price_cents


def test_own_length_and_price_are_seen_beside_and_saved(offering, offers, sqlite_database):
    assert "30 min · 60.00 EUR" in card(offering)
    price_field(offering, offers).set_value(75.0)
    price_field(offering, offers, "length").set_value(45)
    page = shown(offering.run())
    assert "45 min · 75.00 EUR" in card(page)

    page = save(page)

    assert offer_on_record(sqlite_database, offers) == (45, 7500)
    assert price_field(page, offers).value == 75.0
    assert "Check" not in card(page)


def test_an_impossible_price_changes_nothing_of_the_profile_either(
    offering, offers, sqlite_database
):
    price_field(offering, offers).set_value(10_000_000.0)
    page = save(type_in(offering, title="Surgeon"))

    assert "Please enter a number between" in page.error[0].value
    assert offer_on_record(sqlite_database, offers) == (None, None)
    with sqlite_database.reading() as session:
        assert session.scalars(select(Professional)).one().title == ""


def test_terms_an_admin_changed_meanwhile_are_not_written_over(
    offering, offers, sqlite_database, ada
):
    with sqlite_database.writing() as session:
        request = catalog.OfferedService(ada.id, offers.id, price_cents=9000)
        catalog.offer_service(session, CONSOLE, request, now=a.BEFORE)
    price_field(offering, offers).set_value(75.0)
    page = save(offering)

    assert "has changed this in the meantime" in page.error[0].value
    assert offer_on_record(sqlite_database, offers) == (None, 9000)


# --- the same, asked of the core


@pytest.fixture
def herself(session):
    made = a.professional(session, services=(a.service(session, name="Visit"),))
    return a.actor(session, Role.PROFESSIONAL, professional_id=made.id)


def terms(service, *own):
    return Terms(service.id, *own)


def test_what_is_not_offered_cannot_be_offered_by_oneself(session, herself):
    check = a.service(session, name="Check")
    request = ChangedTerms(herself.professional_id, (), (terms(check, None, 100),))

    with pytest.raises(NotFound):
        catalog.set_terms(session, herself, request, now=a.BEFORE)

    assert len(session.scalars(select(ProfessionalService)).all()) == 1


def test_prices_of_others_are_not_set(session, herself):
    visit = session.scalars(select(Service)).one()
    ben = a.professional(session, services=(visit,))
    usual = (terms(visit, None, None),)

    request = ChangedTerms(ben.id, usual, (terms(visit, None, 1),))
    with pytest.raises(NotFound):
        catalog.set_terms(session, herself, request, now=a.BEFORE)

    own = ChangedTerms(herself.professional_id, usual, (terms(visit, 45, 7000),))
    catalog.set_terms(session, herself, own, now=a.BEFORE)
    assert catalog.load_offers(session, [ben.id, herself.professional_id], visit.id) == {
        ben.id: catalog.Offer(30, 0),
        herself.professional_id: catalog.Offer(45, 7000),
    }
