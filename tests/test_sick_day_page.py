"""The sick day list on the screen: one visit at a time, by key."""

import pytest
from sqlalchemy import select

from core import sick_day
from core.booking import MoveRequest, move
from core.models import Booking, BookingState, Role, TimeOff, User
from core.schedule import NewTimeOff, enter_time_off
from core.sick_day.worklist import KEPT_FOR
from dashboard import sick_day as sick_day_page
from tests import a, screen
from tests.test_frame import to


@pytest.fixture
def house(sqlite_database):
    """Dr Ada is ill on Monday, with two visits; Dr Ben is there."""
    with sqlite_database.writing() as session:
        check = a.service(session, name="Skin *check*")
        ada, _ben = (
            a.professional(session, name=f"Dr {n}", services=(check,)) for n in ("Ada", "Ben")
        )
        for name, hour in (("Ana [Silva]", 9), ("Cleo Reis", 15)):
            patient = a.patient(session, name=name, phone="+351912345678", language="Português")
            booking = a.booking(
                session, ada, a.span(hour, hour + 0.5), service=check, patient=patient
            )
            booking.request_key = name
        admin = a.actor(session, Role.ADMIN)
        enter_time_off(session, admin, NewTimeOff(ada.id, a.at(0), a.at(24)), now=a.BEFORE)
        a.user(session, Role.RECEPTIONIST, username="rita", name="Rita")
        a.user(session, Role.RECEPTIONIST, username="bea", name="Bea")
    return sqlite_database


@pytest.fixture
def show(monkeypatch, house):
    def show_to(username):
        with house.reading() as session:
            user = session.scalars(select(User).where(User.username == username)).one()
        screen.set_clock(monkeypatch, a.BEFORE)
        page = screen.show_to(monkeypatch, house, user).run()
        to(page, "sick-day")
        page = page.run()
        return page.button(key=f"sick_day_open_{away(house)}").click().run()

    return show_to


def away(house) -> int:
    with house.reading() as session:
        return session.scalars(select(TimeOff.id)).one()


def visit(house, name) -> Booking:
    with house.reading() as session:
        return session.scalars(select(Booking).where(Booking.request_key == name)).one()


def said(page) -> str:
    assert not page.exception
    return "\n".join(each.value for each in page.markdown)


def press(page, key):
    return page.button(key=key).click().run()


def proposal(page, house, name):
    """The first place that is offered for this visit."""
    begins = f"sick_day_take_{visit(house, name).id}_"
    return next(each for each in page.button if (each.key or "").startswith(begins))


def the(page, label):
    return next(each.key for each in page.button if each.label == label)


def take(page, house, name):
    return press(page, proposal(page, house, name).key)


def nothing_is_taken(*_asked):
    """As when the page draws itself anew by the clock."""


def test_the_soonest_is_before_the_desk_with_whom_to_call_and_what_to_offer(show, house):
    page = show("rita")

    told = said(page)
    assert r"**Ana \[Silva\]** · [" in told
    assert "](tel:+351912345678) · Português" in told
    assert r"Skin \*check\*" in told
    first = proposal(page, house, "Ana [Silva]")
    assert first.label == "**Monday 7 December, 09:00** · Dr Ben · the same time"


def test_a_proposal_is_taken_and_the_next_visit_comes(show, house):
    page = take(show("rita"), house, "Ana [Silva]")

    assert page.toast[0].value.endswith("comes to Dr Ben, Monday 7 December, 09:00.")
    assert "**Cleo Reis** · [" in said(page)
    with house.reading() as session:
        ben = session.scalars(select(Booking).where(Booking.starts_at == a.at(9))).one()
    assert ben.professional_id != visit(house, "Cleo Reis").professional_id

    page = press(page, the(page, "Undo"))
    assert visit(house, "Ana [Silva]").professional_id == (
        visit(house, "Cleo Reis").professional_id
    )
    assert r"**Ana \[Silva\]** · [" in said(page)
    assert page.toast[0].value == (
        r"Taken back: Ana \[Silva\] is before you, Monday 7 December, 09:00 with Dr Ada."
    )


def test_what_was_moved_on_elsewhere_stays_and_says_where_it_is(show, house):
    page = take(show("rita"), house, "Ana [Silva]")
    with house.writing() as session:
        moved = visit(house, "Ana [Silva]")
        asked = MoveRequest(moved.id, moved.version, moved.professional_id, a.at(12))
        move(session, a.actor(session), asked, now=a.BEFORE)

    page = press(page, the(page, "Undo"))

    told = page.toast[0].value
    assert r"Ana \[Silva\] was changed since and stays: Monday 7 December, 12:00 with" in told
    assert "**Cleo Reis** · [" in said(page)


def test_by_the_clock_no_visit_is_taken_and_one_that_is_free_is_gone_on_with(
    show, house, monkeypatch
):
    with monkeypatch.context() as clock:
        clock.setattr(sick_day_page, "_take", nothing_is_taken)
        page = show("rita")
        assert page.info[0].value == "There are visits again that nobody is calling about."
        assert "](tel:" not in said(page)

    page = press(page, "sick_day_go_on")

    assert r"**Ana \[Silva\]** · [" in said(page)


def test_a_long_call_stays_on_the_screen_until_another_desk_takes_the_visit(
    show, house, monkeypatch
):
    page = show("rita")
    screen.set_clock(monkeypatch, a.BEFORE + KEPT_FOR)
    with monkeypatch.context() as clock:
        clock.setattr(sick_day_page, "_take", nothing_is_taken)
        assert r"**Ana \[Silva\]** · [" in said(page.run())
        with house.writing() as session:
            bea = a.actor(session, name="Bea")
            taken = sick_day.take_next(session, bea, away(house), now=a.BEFORE + KEPT_FOR)
            assert taken.request_key == "Ana [Silva]"
        assert "](tel:" not in said(page.run())


def test_undo_in_two_tabs_takes_one_step_back_and_says_so(show, house):
    page = take(show("rita"), house, "Ana [Silva]")
    page = press(page, the(page, "Skip"))
    other = show("rita")
    press(page, the(page, "Undo"))

    other = press(other, the(other, "Undo"))

    assert other.toast[0].value.startswith("Taken back already: Cleo Reis, Monday 7 December")
    assert visit(house, "Ana [Silva]").starts_at == a.at(9)
    assert visit(house, "Ana [Silva]").professional_id != visit(house, "Cleo Reis").professional_id


def test_no_answer_comes_again_after_a_reload_too(show, house):
    page = show("rita")
    page = press(page, the(page, "No answer"))
    assert "**Cleo Reis** · [" in said(page)

    page = press(show("rita"), f"sick_day_q_{visit(house, 'Cleo Reis').id}")

    assert visit(house, "Cleo Reis").state is BookingState.CANCELLED
    assert not visit(house, "Cleo Reis").cancelled_late
    assert r"**Ana \[Silva\]** · [" in said(page)
    assert "Called 1 time, no answer" in [each.value for each in page.caption]


def test_a_second_press_does_not_reach_the_visit_that_came_up_meanwhile(show, house):
    def acts(page):
        words = ("Cancel the visit", "No answer", "Skip")
        return {each.key for each in page.button if each.label in words}

    page = show("rita")
    before, name = acts(page), "Ana [Silva]"
    (cancels,) = (each.key for each in page.button if each.label == "Cancel the visit")

    page = press(page, cancels)
    assert visit(house, name).state is BookingState.CANCELLED
    assert len(acts(page)) == 3
    assert not before & acts(page)


def test_another_desk_gets_the_next_visit_and_sees_who_is_calling(show):
    show("rita")
    told = said(show("bea"))

    assert "**Cleo Reis** · [" in told
    assert "Rita is calling" in told


def test_a_visit_moved_meanwhile_is_told_and_proposed_anew(show, house):
    page = show("rita")
    with house.writing() as session:
        session.get(Booking, visit(house, "Ana [Silva]").id).version += 1

    page = take(page, house, "Ana [Silva]")

    assert page.error
    assert visit(house, "Ana [Silva]").professional_id == (
        visit(house, "Cleo Reis").professional_id
    )
    page = take(page, house, "Ana [Silva]")
    assert not page.error


def test_the_end_of_the_list_is_told(show, house):
    page = show("rita")
    for name in ("Ana [Silva]", "Cleo Reis"):
        page = take(page, house, name)

    assert page.success[0].value == "Nobody is left to call. The time off stands."
    with house.reading() as session:
        actor = a.Actor(role=Role.ADMIN, name="")
        found = sick_day.load_worklist(session, actor, away(house), now=a.BEFORE)
    assert (found.done, list(found.rows)) == (2, [])
