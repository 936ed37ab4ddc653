"""The desk by week: whose it is, what is free in it, and how one gets there."""

from datetime import UTC, date, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.availability import Visit
from core.desk import DayAsked, day_starts, load_day
from core.errors import NotFound
from core.interval import to_instant, to_seconds
from core.models import Anchor, Claim, Opening, Role, TimeOff
from core.week import WeekAsked, load_week_of, week_starts
from dashboard.components.view_switch import BY_MONTH, BY_WEEK, title_of
from tests import a, screen

NOW = a.at(12)
WEEK = [a.DAY + timedelta(days=number) for number in range(7)]


@pytest.fixture
def visit(session):
    return a.service(session, name="Consultation")


@pytest.fixture
def ada(session, visit):
    return a.professional(session, name="Dr Ada", services=(visit,))


def asked(professional, service=None, monday=a.DAY):
    return WeekAsked(professional.id, monday, service.id if service else None)


def frames(days, first=8, last=18):
    hour = timedelta(hours=1)
    midnights = [datetime(on.year, on.month, on.day, tzinfo=UTC) for on in days]
    return [(to_seconds(at + first * hour), to_seconds(at + last * hour)) for at in midnights]


def free(cells):
    return sorted(cell.start for cell in cells if not cell.reasons)


def test_the_desk_opens_the_week_of_anybody_it_names(session, ada):
    rita, ben = a.actor(session), a.professional(session)
    wednesday = a.booking(session, ada, a.span(9, 10, day=2))
    a.booking(session, ben, a.span(9, 10))
    a.booking(session, ada, a.span(9, 10, day=7))

    week = load_week_of(session, rita, asked(ada), now=NOW).week
    assert [each.id for each in week.bookings] == [wednesday.id]
    assert week.professional.id == ada.id


def test_a_professional_opens_no_week_but_their_own(session, ada):
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    assert load_week_of(session, own, asked(ada), now=NOW).week.professional.id == ada.id
    with pytest.raises(NotFound):
        load_week_of(session, own, asked(a.professional(session)), now=NOW)


@pytest.mark.parametrize("anchor", list(Anchor))
def test_the_free_starts_of_a_week_are_those_of_its_days(session, anchor):
    """One load and one sweep of the week, beside seven of a day."""
    rita = a.actor(session)
    visit = a.service(session, name="Visit", step_minutes=20, anchor=anchor, after_minutes=10)
    room = a.room(session)
    a.needs(session, visit, room)
    ada = a.professional(session, services=(visit,), hours=((9, 12), (13.25, 17)))
    a.booking(session, ada, a.span(10, 10.75, day=1), service=visit)
    taken = a.booking(session, a.professional(session), a.span(9, 10, day=2))
    times = {"starts_at": taken.starts_at, "ends_at": taken.ends_at}
    session.add_all(
        [
            Claim(booking_id=taken.id, calendar_id=room.calendar_id, **times),
            TimeOff(professional_id=ada.id, starts_at=a.at(9, day=3), ends_at=a.at(15, day=3)),
            Opening(professional_id=ada.id, starts_at=a.at(9, day=5), ends_at=a.at(11, day=5)),
        ]
    )

    offered = load_week_of(session, rita, asked(ada, visit), now=NOW)
    found = week_starts(offered, frames(WEEK), now=NOW)

    by_day = [
        load_day(session, rita, DayAsked(on, visit.id, None, (ada.id,)), now=NOW) for on in WEEK
    ]
    expected = [start for day in by_day for start in free(day_starts(day, now=NOW))]
    assert free(found) == expected
    assert {to_instant(start).date() for start in expected} == set(WEEK[:6])
    assert any(cell.reasons for cell in found)


def test_without_a_service_the_shortest_of_their_own_is_offered(session, ada, visit):
    longer = a.service(session, length_minutes=60)
    ben = a.professional(session, services=(longer,))
    rita = a.actor(session)

    offered = load_week_of(session, rita, asked(ada), now=NOW)
    assert isinstance(offered.visit, Visit)
    assert offered.visit.length == 30 * 60
    assert load_week_of(session, rita, asked(ben, visit), now=NOW).visit is None


def test_nothing_is_offered_of_what_they_do_not_do(session, visit):
    ben = a.professional(session)
    offered = load_week_of(session, a.actor(session), asked(ben, visit), now=NOW)

    assert week_starts(offered, frames(WEEK), now=NOW) == []


@pytest.fixture
def desk(monkeypatch, sqlite_database):
    """The desk of Dr Ada and Dr Ben, on Monday noon."""
    with sqlite_database.writing() as session:
        visit, other = a.service(session, name="Consultation"), a.service(session, name="Massage")
        ada = a.professional(session, name="Dr Ada", services=(visit,))
        a.professional(session, name="Dr *Ben*", services=(other, visit))
        a.booking(session, ada, a.span(14, 14.5, day=1), patient=a.patient(session, name="Ana"))
        rita = a.user(session, Role.RECEPTIONIST, name="Rita")
    screen.set_clock(monkeypatch, NOW)
    return screen.show_to(monkeypatch, sqlite_database, rita)


def by_week(page: AppTest) -> AppTest:
    page.run()
    return page.segmented_control(key="view").set_value(BY_WEEK).run()


def said(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(each.value for each in [*page.markdown, *page.info])


def labels(page: AppTest) -> list[str]:
    return [each.label for each in page.button]


def press(page: AppTest, label: str) -> AppTest:
    return next(each for each in page.button if each.label == label).click().run()


def test_the_desk_asks_whose_week_and_shows_it(desk):
    page = by_week(desk)
    assert "**Whose week?**" in said(page)

    press(page, "Dr Ada")
    assert "**7 to 13 December 2026**" in said(page)
    assert "**Dr Ada**" in said(page)
    assert page.dataframe[0].value["Patient"].tolist() == ["Ana"]
    assert page.multiselect(key="professionals").value == [1]


def test_whoever_alone_fits_the_filters_need_not_be_chosen(desk):
    page = by_week(desk)
    page.selectbox(key="service").set_value(2).run()

    assert "Whose week?" not in said(page)
    assert "**Dr \\*Ben\\***" in said(page)


def test_who_does_not_offer_the_service_is_said_to_not_offer_it(desk):
    page = press(by_week(desk), "Dr Ada")
    page.selectbox(key="service").set_value(2).run()

    assert "Dr Ada does not offer Massage." in said(page)


def test_weeks_are_turned_by_the_same_buttons_as_days(desk):
    page = press(by_week(desk), "Dr Ada")
    page.button(key="desk_on").click().run()
    assert "**14 to 20 December 2026**" in said(page)

    page.button(key="desk_today").click().run()
    assert "**7 to 13 December 2026**" in said(page)


def test_what_is_looked_at_is_said_beside_the_date():
    on = date(2026, 12, 31)
    assert title_of(BY_WEEK, on) == "28 Dec to 3 Jan 2027"
    assert title_of(BY_MONTH, on) == "December 2026"
