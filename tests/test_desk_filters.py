"""The filters of the desk: behind one button that says how many are set, and which."""

import pytest

from core.models import BookingState, Expertise, ProfessionalExpertise, Role
from dashboard.components.view_switch import AS_LIST
from tests import a, screen


@pytest.fixture
def desk(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        visit = a.service(session, name="Consultation", length_minutes=30)
        ada = a.professional(session, name="Dr *Ada*", services=(visit,))
        a.professional(session, name="Dr Ben", services=(visit,))
        tag = Expertise(name="Skin")
        session.add(tag)
        session.flush()
        session.add(ProfessionalExpertise(professional_id=ada.id, expertise_id=tag.id))
        rita = a.user(session, Role.RECEPTIONIST, name="Rita")
    screen.set_clock(monkeypatch, a.at(12))
    return screen.show_to(monkeypatch, sqlite_database, rita)


def filters(page):
    """What the button says, and what stands beside it."""
    assert not page.exception
    button = next(each.proto.popover.label for each in page.get("popover"))
    known = ("Consultation", "Skin", "Dr ", "Completed", "Cancelled")
    beside = [each.value for each in page.markdown if each.value.startswith(known)]
    return button, beside


def test_nothing_is_set_and_nothing_is_said(desk):
    assert filters(desk.run()) == ("Filters", [])


def test_each_filter_that_is_set_is_counted_and_named(desk):
    desk.run().selectbox(key="service").select(1).run()
    assert filters(desk) == ("Filters · 1", ["Consultation"])
    desk.selectbox(key="expertise").select(1).run()
    desk.multiselect(key="professionals").set_value([1, 2]).run()
    assert filters(desk) == ("Filters · 3", ["Consultation · Skin · Dr \\*Ada\\*, Dr Ben"])


def test_states_are_a_filter_of_the_list_alone(desk):
    desk.run().segmented_control(key="view").set_value(AS_LIST).run()
    chosen = [BookingState.COMPLETED, BookingState.CANCELLED]
    desk.multiselect(key="state").set_value(chosen).run()
    assert filters(desk) == ("Filters · 1", ["Completed, Cancelled"])
    desk.segmented_control(key="view").set_value("Day").run()
    assert filters(desk) == ("Filters", [])


def test_all_of_them_are_cleared_by_one_click(desk):
    desk.run().selectbox(key="service").select(1).run()
    desk.multiselect(key="professionals").set_value([2]).run()
    desk.button(key="desk_clear").click().run()
    assert filters(desk) == ("Filters", [])
    assert desk.selectbox(key="service").value is None
    assert desk.multiselect(key="professionals").value == []
