"""Perhaps one person: before two records are made one the desk reads who will see them both."""

import pytest

from core.dependants import FamilyLink, link
from core.models import Dependant, Role, User
from dashboard import places
from tests import a, screen

NOW = a.BEFORE


@pytest.fixture
def compare(monkeypatch, sqlite_database):
    """Ana Silva is on file twice; ``compare(prepare)`` opens the two side by side."""

    def opened(prepare):
        with sqlite_database.writing() as db:
            a.organisation(db)
            rita = a.confirmed(db, now=NOW)
            known = {"name": "Ana Silva", "phone": "+351912345678"}
            first, second = (a.patient(db, **known) for _each in range(2))
            prepare(db, rita, first, second)
            user = db.get_one(User, rita.user_id)
        page = screen.show_to(monkeypatch, sqlite_database, user)
        page.query_params["patient"] = str(first.id)
        page = page.switch_page(str(places.PAGES / "patients.py")).run()
        page = page.button(key=f"twice_compare_{first.id}_{second.id}").click().run()
        assert not page.exception
        return page

    return opened


def warned(page):
    return " ".join(each.value for each in page.warning)


def test_nobody_sees_more_and_nothing_is_warned_of(compare):
    page = compare(lambda *_all: None)
    assert warned(page) == ""
    assert not page.button(key="twice_merge").disabled


def test_whoever_looks_after_one_of_the_two_is_named_before_they_see_both(compare):
    """Anybody adds somebody to look after, with the name and birth date of a stranger."""

    def prepare(db, rita, _first, second):
        eve = a.patient(db, name="Eve Black")
        link(db, rita, FamilyLink(eve.id, second.id), now=NOW)

    page = compare(prepare)
    assert "is open to Eve Black" in warned(page)
    assert not page.button(key="twice_merge").disabled


def test_who_looks_after_both_sees_no_more_than_before(compare):
    def prepare(db, _rita, first, second):
        eve = a.patient(db, name="Eve Black")
        for each in (first, second):
            row = Dependant(guardian_patient_id=eve.id, patient_id=each.id, added_at=NOW)
            db.add(row)

    assert warned(compare(prepare)) == ""


@pytest.mark.parametrize("both", [False, True])
def test_an_account_is_named_and_two_are_in_the_way(compare, both):
    def prepare(db, _rita, first, second):
        for each in (first, second)[0 if both else 1 :]:
            a.user(db, Role.PATIENT, username=f"ana{each.id}", patient_id=each.id)

    page = compare(prepare)
    expected = "Both sign in with an account of their own" if both else "is open to ana"
    assert expected in warned(page)
    assert page.button(key="twice_merge").disabled is both
