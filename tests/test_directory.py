"""The directory: who can be booked by patients, for what, at what price, and when."""

from datetime import date, timedelta

import pytest

from core import directory, schedule
from core.accounts import VISITOR
from core.availability.next_free import AFTERNOON, MORNING
from core.directory import Order, PriceRule, Sought, TimesAsked, When
from core.errors import Invalid, NotFound, PatientsDoNotBook, SignInNeeded
from core.models import Expertise, ExpertiseSynonym, Role
from tests import a
from tests.plans import Listening, check_plans

NOW = a.BEFORE
"""Friday noon; the week that follows is free."""
THURSDAY = frozenset({4})


class House:
    """Two who know finance, one of them premium; one who is not listed."""

    def __init__(self, session):
        self.session = session
        self.talk = a.service(session, name="Talk", price_cents=5000, notice_minutes=60)
        self.review = a.service(session, name="Review", length_minutes=60, price_cents=9000)
        finance = Expertise(name="Finance")
        self.zoe = a.professional(
            session,
            name="Zoé Brandão",
            services=(self.talk,),
            premium=True,
            languages="Portuguese, English",
            bio="Twenty years at a bank.",
        )
        a.offer(session, self.zoe, self.review, price_cents=12000)
        self.ada = a.professional(session, name="Ada Cruz", services=(self.talk,), hours=((9, 12),))
        self.gone = a.professional(session, name="Gone", services=(self.talk,), listed=False)
        for each in (self.zoe, self.ada, self.gone):
            session.refresh(each, ["expertise"])
            each.expertise = [finance]
        self.patient = a.patient(session, name="Ana Silva", email="ana@example.org")
        self.ana = a.actor(session, Role.PATIENT, patient_id=self.patient.id)
        session.flush()

    def find(self, actor=None, **sought):
        return directory.find(self.session, actor or self.ana, Sought(**sought), now=NOW)

    def names(self, **sought):
        return [each.profile.name for each in self.find(**sought).found]

    def times(self, actor=None, professional=None, service=None, **asked):
        professional, service = professional or self.zoe, service or self.talk
        wanted = TimesAsked(professional.id, service.id, **asked)
        return directory.free_times(self.session, actor or self.ana, wanted, now=NOW)


@pytest.fixture
def house(session):
    return House(session)


@pytest.fixture
def small(sqlite_database):
    with sqlite_database.writing() as session:
        yield House(session)


def test_a_patient_finds_finance_premium_thursday_afternoon(house):
    when = When(weekdays=THURSDAY, parts=(AFTERNOON,))
    found = house.find(words="finance", premium=True, when=when).found

    assert [(each.profile.name, each.service.name) for each in found] == [("Zoé Brandão", "Review")]
    days = found[0].days
    assert [each.on for each in days] == [
        date(2026, 12, 10) + timedelta(weeks=week) for week in range(3)
    ]
    assert (days[0].starts[0], days[0].starts[-1]) == (a.at(12, day=3), a.at(16, day=3))


@pytest.mark.parametrize(
    ("sought", "names"),
    [
        ({}, ["Ada Cruz", "Zoé Brandão"]),
        ({"words": "zoe"}, ["Zoé Brandão"]),
        ({"words": "BRANDAO port"}, ["Zoé Brandão"]),
        ({"words": "gone"}, []),
        ({"expertise": "finance"}, ["Ada Cruz", "Zoé Brandão"]),
        ({"expertise": "law"}, []),
        ({"language": "english"}, ["Zoé Brandão"]),
        ({"premium": True}, ["Zoé Brandão"]),
        ({"words": "an"}, []),
    ],
)
def test_words_are_the_beginnings_of_words_without_accents_or_case(small, sought, names):
    assert small.names(order=Order.NAME, **sought) == names


@pytest.mark.parametrize("sought", [{"words": "bank"}, {"expertise": "BANKING"}])
def test_words_that_mean_a_tag_find_those_who_have_it_and_are_not_shown(small, sought):
    finance = small.zoe.expertise[0]
    small.ada.expertise = [Expertise(name="Law")]
    small.session.add_all(
        [
            ExpertiseSynonym(folded="banking", word="Banking", expertise_id=finance.id),
            ExpertiseSynonym(folded="money", word="money", expertise_id=finance.id),
        ]
    )
    small.session.flush()

    found = small.find(**sought).found
    assert [each.profile.name for each in found] == ["Zoé Brandão"]
    assert found[0].profile.expertise == ("Finance",)


def test_a_service_narrows_to_who_offers_it_and_prices_say_whose_they_are(small):
    found = small.find(service_id=small.review.id).found
    assert [each.profile.name for each in found] == ["Zoé Brandão"]
    by_name = {each.name: each for each in found[0].profile.services}
    assert (by_name["Review"].price_cents, by_name["Review"].rule) == (12000, PriceRule.OWN)
    assert (by_name["Talk"].price_cents, by_name["Talk"].rule) == (5000, PriceRule.SERVICE)


def test_the_cheapest_or_the_soonest_comes_first(small):
    assert small.names(order=Order.PRICE) == ["Ada Cruz", "Zoé Brandão"]
    a.booking(small.session, small.ada, a.span(9, 12))
    assert small.names(order=Order.SOONEST, service_id=small.talk.id) == [
        "Zoé Brandão",
        "Ada Cruz",
    ]


def test_whoever_has_nothing_that_would_do_comes_last_and_without_times(small):
    found = small.find(words="talk", when=When(parts=(AFTERNOON,))).found
    assert [(each.profile.name, bool(each.days)) for each in found] == [
        ("Zoé Brandão", True),
        ("Ada Cruz", False),
    ]


def test_pages_hold_six_and_one_too_far_is_the_last(small):
    for number in range(6):
        a.professional(small.session, name=f"Extra {number}", services=(small.talk,))
    first, beyond = small.find(order=Order.NAME), small.find(order=Order.NAME, page=9)

    assert (first.count, first.pages, len(first.found)) == (8, 2, 6)
    assert (beyond.page, [each.profile.name for each in beyond.found]) == (
        2,
        ["Extra 5", "Zoé Brandão"],
    )


def test_free_starts_are_grouped_by_the_local_date(session):
    a.organisation(session, zone="Pacific/Auckland")
    house = House(session)
    found = house.times(days=2)

    # Monday 09:00 there is Sunday evening in UTC.
    assert [each.on for each in found.days] == [date(2026, 12, 7), date(2026, 12, 8)]
    assert found.days[0].starts[0] == a.at(20, day=-1)
    assert found.next_on == date(2026, 12, 9)
    rest = house.times(days=2, when=When(from_on=found.next_on))
    assert rest.days[0].on == date(2026, 12, 9)


def test_times_keep_the_notice_the_horizon_rooms_and_the_patients_own_visits(house):
    session = house.session
    house.talk.horizon_days = 4
    house.talk.notice_minutes = 3 * 24 * 60  # until Monday noon
    room = a.room(session)
    a.needs(session, house.talk, room)
    assert [each.on.day for each in house.times(days=9).days] == [7, 8]
    assert house.times(days=9).next_on is None
    assert house.times().days[0].starts[0] == a.at(12)

    a.booking(session, a.professional(session), a.span(12, 13), patient=house.patient)
    assert house.times().days[0].starts[0] == a.at(13)


def test_times_more_than_half_a_year_ahead_are_told_where_to_look(small):
    admin = a.actor(small.session, Role.ADMIN)
    away = schedule.NewTimeOff(small.zoe.id, a.at(0, day=1), a.at(24, day=195), reason="Sabbatical")
    schedule.enter_time_off(small.session, admin, away, now=NOW)

    near = small.times(days=5)
    assert [each.on for each in near.days] == [NOW.date(), a.DAY]
    assert near.next_on is not None
    later = small.times(days=5, when=When(from_on=near.next_on))
    assert later.days[0].on == a.DAY + timedelta(days=196)
    last = small.times(days=5, when=When(from_on=NOW.date() + timedelta(days=364)))
    assert last.next_on is None


def test_only_what_is_free_is_told_never_why_not(small):
    """A day off, a closed day and a booked one look alike."""
    session, admin = small.session, a.actor(small.session, Role.ADMIN)
    away = schedule.NewTimeOff(small.zoe.id, a.at(0), a.at(24), reason="Surgery")
    schedule.enter_time_off(session, admin, away, now=NOW)
    a.booking(session, small.zoe, a.span(9, 17, day=1), patient=a.patient(session, name="Bea"))

    found = small.find(words="zoe", when=When(from_on=a.DAY))
    assert found.found[0].days[0].on == date(2026, 12, 9)
    for secret in ("Surgery", "Bea", "example.org", "Ana"):
        assert secret not in repr(found)
        assert secret not in repr(small.times())


def test_a_profile_holds_what_is_public_and_nothing_else(small):
    found = directory.get_profile(small.session, small.ana, small.zoe.id)
    assert vars(found).keys() == {
        "id",
        "name",
        "title",
        "bio",
        "languages",
        "expertise",
        "tier",
        "portrait_key",
        "services",
    }
    assert (found.languages, found.expertise) == (("Portuguese", "English"), ("Finance",))


@pytest.mark.parametrize("hide", ["unlisted", "archived", "offers nothing listed", "missing"])
def test_hidden_and_missing_are_alike(small, hide):
    who = small.ada
    if hide == "unlisted":
        who.listed = False
    elif hide == "archived":
        who.archived_at = NOW
    elif hide == "offers nothing listed":
        small.talk.listed = False
    small.session.flush()
    id = 999_999 if hide == "missing" else who.id

    with pytest.raises(NotFound) as refused:
        directory.get_profile(small.session, small.ana, id)
    assert str(refused.value) == (
        "This professional is not there any more, or was never there. Please look again."
    )
    with pytest.raises(NotFound, match="professional"):
        directory.free_times(small.session, small.ana, TimesAsked(id, small.talk.id), now=NOW)


def test_a_visit_that_is_moved_is_not_in_its_own_way_and_only_ones_own_is(small):
    own = a.booking(
        small.session, small.zoe, a.span(9, 9.5), service=small.talk, patient=small.patient
    )
    other = a.booking(small.session, small.zoe, a.span(10, 10.5), service=small.talk)
    monday = When(from_on=a.DAY)
    assert a.at(9.25) not in small.times(when=monday).days[0].starts
    assert a.at(9.25) in small.times(when=monday, moving=own.id).days[0].starts
    for id in (other.id, 999_999):
        with pytest.raises(NotFound, match="booking"):
            small.times(when=monday, moving=id)


def test_a_visit_is_moved_with_those_who_are_listed_no_longer_and_nobody_else_is(small):
    own = a.booking(
        small.session, small.zoe, a.span(9, 9.5), service=small.talk, patient=small.patient
    )
    small.zoe.listed = small.talk.listed = False
    small.session.flush()
    assert small.times(moving=own.id).days
    for asked in ({}, {"moving": own.id, "professional": small.gone}):
        with pytest.raises(NotFound):
            small.times(**asked)
    with pytest.raises(NotFound):
        small.times(moving=own.id, service=small.review)


def test_nobody_moves_a_visit_with_who_is_archived_or_offers_it_no_longer(small):
    bare = a.service(small.session, name="Bare")
    own = a.booking(small.session, small.zoe, a.span(9, 9.5), service=bare, patient=small.patient)
    with pytest.raises(NotFound, match="professional"):
        small.times(moving=own.id, service=bare)
    small.zoe.archived_at = NOW
    small.session.flush()
    with pytest.raises(NotFound, match="professional"):
        small.times(moving=own.id, service=bare)


def test_groups_and_services_not_offered_have_no_times(small):
    group = a.service(small.session, name="Group", seats=4)
    a.offer(small.session, small.zoe, group)
    for service in (group, a.service(small.session)):
        with pytest.raises(NotFound, match="service"):
            small.times(service=service)


def test_visitors_see_it_where_the_admin_opened_it_and_nowhere_else(house):
    for ask in (
        lambda: house.find(VISITOR),
        lambda: directory.get_profile(house.session, VISITOR, house.zoe.id),
        lambda: directory.load_tags(house.session, VISITOR),
        lambda: house.times(VISITOR),
    ):
        with pytest.raises(SignInNeeded):
            ask()
    a.organisation(house.session).directory_open = True
    house.session.flush()
    assert house.find(VISITOR).count == 2
    assert house.times(VISITOR).days


def test_where_patients_do_not_book_there_is_nothing_to_find(small):
    place = a.organisation(small.session)
    place.patients_book, place.directory_open = False, True
    small.session.flush()
    with pytest.raises(PatientsDoNotBook):
        small.find()
    with pytest.raises(SignInNeeded):
        small.find(VISITOR)
    assert not directory.is_open_to_visitors(small.session)


def test_what_can_be_chosen_from_is_what_somebody_listed_has(small):
    small.session.add(Expertise(name="Unused"))
    tags = directory.load_tags(small.session, small.ana)
    assert tags.expertise == ("Finance",)
    assert tags.languages == ("English", "Portuguese")
    assert list(tags.services.values()) == ["Review", "Talk"]
    assert tags.has_premium


@pytest.mark.parametrize(
    "sought", [Sought(words="x" * 121), Sought(when=When(weekdays=frozenset({9})))]
)
def test_what_cannot_be_looked_for_is_said(small, sought):
    with pytest.raises(Invalid):
        directory.find(small.session, small.ana, sought, now=NOW)


def test_however_many_people_the_questions_are_few_and_none_reads_from_end_to_end(database):
    with database.writing() as session:
        house = House(session)
        for number in range(8):
            a.professional(session, name=f"Extra {number}", services=(house.talk,))
        with Listening(session) as heard:
            house.find(words="talk", when=When(parts=(MORNING,)))
        assert len(heard.questions) < 40
        check_plans(session, heard.questions)
