"""My profile: a professional shapes what others see of them, and sees it beside."""

import pytest
from sqlalchemy import select

from core import catalog
from core.catalog import EditedProfessional, ExpertiseTags, NewProfessional
from core.models import Expertise, Professional, Role
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


def test_a_second_click_saves_nothing_again(profile, sqlite_database):
    page = type_in(profile, title="Cardiologist")
    shaping = page.session_state["my_profile"]
    page = save(page)
    page.session_state["my_profile"] = shaping  # the first run was cut off before it went on
    page = save(page)

    assert not page.error
