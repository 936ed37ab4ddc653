"""The catalogue: what the place offers, and who offers it."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import IntegrityError

from core import schema
from core.catalog import (
    ExpertiseTags,
    NewProfessional,
    NewRoom,
    NewService,
    Offer,
    OfferedService,
    OrganisationDetails,
    WhoOffers,
    add_professional,
    add_room,
    add_service,
    get_organisation,
    get_service,
    load_expertise,
    load_offers,
    load_professional,
    load_professionals,
    load_rooms,
    load_services,
    offer_of,
    offer_service,
    offered_by,
    set_up_organisation,
    set_who_offers,
    tag_expertise,
    zone_of,
)
from core.errors import DatabaseNotReady, Invalid, NotAllowed, NotFound, Stale
from core.models import (
    AuditEntry,
    CalendarKind,
    ProfessionalService,
    Role,
    Service,
    ServiceColour,
)
from core.policy import CONSOLE
from tests import a

RUA_NOVA = OrganisationDetails("Rua Nova Practice", "Europe/Lisbon", "pt", "eur")
FIRST_VISIT = NewService("First visit", length_minutes=45, price_cents=6000)

COMMANDS = {
    "organisation": lambda session, actor: set_up_organisation(
        session, actor, RUA_NOVA, now=a.BEFORE
    ),
    "service": lambda session, actor: add_service(session, actor, FIRST_VISIT, now=a.BEFORE),
    "professional": lambda session, actor: add_professional(
        session, actor, NewProfessional("Dr Elena Ruiz"), now=a.BEFORE
    ),
    "room": lambda session, actor: add_room(session, actor, NewRoom("Room 1"), now=a.BEFORE),
    "offer": lambda session, actor: offer_service(
        session, actor, OfferedService(1, 1), now=a.BEFORE
    ),
    "expertise": lambda session, actor: tag_expertise(
        session, actor, ExpertiseTags(1, ("Skin",)), now=a.BEFORE
    ),
}


@pytest.fixture
def admin(session):
    a.organisation(session)
    return a.actor(session, Role.ADMIN)


def names(rows):
    return [each.name for each in rows]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("role", [Role.PATIENT, Role.PROFESSIONAL, Role.RECEPTIONIST])
def test_only_admins_change_the_catalogue(session, command, role):
    with pytest.raises(NotAllowed):
        command(session, a.actor(session, role))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_change_of_the_catalogue_is_on_record(session, admin, name):
    for needed in ("professional", "service") if name in ("offer", "expertise") else ():
        COMMANDS[needed](session, admin)
    before = len(session.scalars(select(AuditEntry)).all())

    COMMANDS[name](session, admin)

    assert len(session.scalars(select(AuditEntry)).all()) == before + 1


def test_the_place_is_set_up_once_and_then_changed(session):
    with pytest.raises(DatabaseNotReady, match="not been set up"):
        get_organisation(session)

    set_up_organisation(session, CONSOLE, RUA_NOVA, now=a.BEFORE)
    set_up_organisation(
        session, CONSOLE, OrganisationDetails("Sol", "Europe/Madrid", "ES", "EUR"), now=a.BEFORE
    )

    place = get_organisation(session)
    assert (place.name, place.country, zone_of(place)) == ("Sol", "ES", ZoneInfo("Europe/Madrid"))


@pytest.mark.parametrize(
    ("field", "typed"),
    [("zone", "Mars/Olympus"), ("country", "XX"), ("currency", "euros"), ("name", " ")],
)
def test_a_place_needs_a_name_and_a_zone_country_and_currency_that_exist(session, field, typed):
    values = {"name": "Sol", "zone": "Europe/Madrid", "country": "ES", "currency": "EUR"}

    with pytest.raises(Invalid) as refusal:
        set_up_organisation(
            session, CONSOLE, OrganisationDetails(**(values | {field: typed})), now=a.BEFORE
        )
    assert refusal.value.field == field


def test_a_service_is_added_and_found(session, admin):
    room = add_room(session, admin, NewRoom("Room 1"), now=a.BEFORE)
    service = add_service(
        session, admin, NewService("X-ray", 20, room_ids=(room.id, room.id)), now=a.BEFORE
    )

    assert get_service(session, service.id) is service
    assert names(load_rooms(session, service_id=service.id)) == ["Room 1"]


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("length_minutes", 0),
        ("length_minutes", 1441),
        ("step_minutes", 0),
        ("before_minutes", -1),
        ("after_minutes", 10**18),
        ("seats", 0),
        ("price_cents", -1),
        ("tax_rate", -1),
        ("tax_rate", 10001),
        ("horizon_days", -1),
    ],
)
def test_a_service_with_impossible_numbers_is_refused(session, admin, field, number):
    values = {"name": "Visit", "length_minutes": 30} | {field: number}

    with pytest.raises(Invalid, match="between") as refusal:
        add_service(session, admin, NewService(**values), now=a.BEFORE)
    assert refusal.value.field == field


def test_a_service_in_a_room_that_is_not_there_is_refused(session, admin):
    with pytest.raises(NotFound, match="room"):
        add_service(session, admin, NewService("X-ray", 20, room_ids=(9,)), now=a.BEFORE)


def test_two_services_or_rooms_of_one_name_are_refused(session, admin):
    add_service(session, admin, FIRST_VISIT, now=a.BEFORE)
    add_room(session, admin, NewRoom("Sala 1"), now=a.BEFORE)

    with pytest.raises(Invalid, match="already one called first VISIT"):
        add_service(session, admin, NewService("first VISIT", 30), now=a.BEFORE)
    with pytest.raises(Invalid, match="already"):
        add_room(session, admin, NewRoom("sala  1"), now=a.BEFORE)


def test_who_is_archived_while_a_form_is_open_is_not_found_any_more(session, admin):
    ada = a.professional(session, name="Dr Ada")
    assert load_professional(session, admin, ada.id).name == "Dr Ada"

    ada.archived_at = a.BEFORE
    with pytest.raises(NotFound):
        load_professional(session, admin, ada.id)


def test_what_is_archived_is_not_offered(session, admin):
    service = a.service(session, archived_at=a.BEFORE)
    a.room(session, archived_at=a.BEFORE)
    a.professional(session, archived_at=a.BEFORE)

    assert load_services(session) == load_rooms(session) == []
    assert load_professionals(session, admin) == []
    with pytest.raises(NotFound):
        get_service(session, service.id)


def test_lists_are_sorted_as_people_read(session, admin):
    for name in ("Zoe", "ana", "Émile", "Bela"):
        a.professional(session, name=name)
        a.service(session, name=name)

    assert names(load_services(session)) == ["ana", "Bela", "Émile", "Zoe"]
    assert names(load_professionals(session, admin)) == ["ana", "Bela", "Émile", "Zoe"]


def test_a_professional_gets_a_calendar_and_the_expertise_named(session, admin):
    request = NewProfessional("Dr Elena Ruiz", expertise=("Skin", "Children", "skin"))
    made = add_professional(session, admin, request, now=a.BEFORE)

    assert made.calendar.kind is CalendarKind.PROFESSIONAL
    assert names(load_expertise(session)) == ["Children", "Skin"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("colour", "red"),
        ("zone", "Nowhere"),
        ("visits_per_day", -1),
        ("bio", "x" * 4001),
    ],
)
def test_a_professional_with_an_impossible_profile_is_refused(session, admin, field, value):
    with pytest.raises(Invalid) as refusal:
        add_professional(
            session, admin, NewProfessional(**({"name": "Dr Ada"} | {field: value})), now=a.BEFORE
        )
    assert refusal.value.field == field


def test_professionals_are_narrowed_by_service_expertise_and_id(session, admin):
    visit = a.service(session)
    ada = a.professional(session, name="Ada", services=(visit,))
    bela = a.professional(session, name="Bela")
    tag_expertise(session, admin, ExpertiseTags(bela.id, ("Skin",)), now=a.BEFORE)
    skin = load_expertise(session)[0]

    assert names(load_professionals(session, admin, service_id=visit.id)) == ["Ada"]
    assert names(load_professionals(session, admin, expertise_id=skin.id)) == ["Bela"]
    assert names(load_professionals(session, admin, ids=[ada.id])) == ["Ada"]
    assert load_professionals(session, admin, ids=[]) == []


def test_the_list_of_professionals_brings_their_expertise_in_two_reads(session, admin):
    for number in range(5):
        add_professional(
            session, admin, NewProfessional(f"Dr {number}", expertise=("Skin",)), now=a.BEFORE
        )
    session.flush()
    session.expunge_all()
    reads: list[str] = []
    event.listen(session, "do_orm_execute", lambda state: reads.append(str(state.statement)))

    found = load_professionals(session, admin)

    assert [names(each.expertise) for each in found] == [["Skin"]] * 5
    assert len(reads) <= 2


def test_new_tags_replace_the_old_ones(session, admin):
    made = add_professional(
        session, admin, NewProfessional("Dr Ada", expertise=("Skin", "Eyes")), now=a.BEFORE
    )

    tag_expertise(session, admin, ExpertiseTags(made.id, ("EYES", "Heart")), now=a.BEFORE)

    assert sorted(names(made.expertise)) == ["Eyes", "Heart"]
    with pytest.raises(NotFound):
        tag_expertise(session, admin, ExpertiseTags(99, ()), now=a.BEFORE)


def test_an_offer_is_the_professionals_own_or_the_services(session, admin):
    visit = a.service(session, length_minutes=30, price_cents=5000)
    ada, bela, carl = (a.professional(session) for _ in range(3))
    offer_service(session, admin, OfferedService(ada.id, visit.id), now=a.BEFORE)
    offer_service(session, admin, OfferedService(bela.id, visit.id, 45, 0), now=a.BEFORE)

    assert offer_of(session, ada.id, visit.id) == Offer(30, 5000)
    assert offer_of(session, bela.id, visit.id) == Offer(45, 0)
    assert load_offers(session, [ada.id, bela.id, carl.id], visit.id) == {
        ada.id: Offer(30, 5000),
        bela.id: Offer(45, 0),
    }
    with pytest.raises(Invalid, match="does not offer"):
        offer_of(session, carl.id, visit.id)


def test_an_offer_is_changed_by_offering_again(session, admin):
    visit = a.service(session, length_minutes=30, price_cents=5000)
    ada = a.professional(session)
    offer_service(session, admin, OfferedService(ada.id, visit.id, 45), now=a.BEFORE)

    offer_service(session, admin, OfferedService(ada.id, visit.id, None, 7000), now=a.BEFORE)

    assert offer_of(session, ada.id, visit.id) == Offer(30, 7000)


@pytest.mark.parametrize(("length", "price"), [(0, None), (1441, None), (None, -1)])
def test_an_impossible_offer_is_refused(session, admin, length, price):
    visit, ada = a.service(session), a.professional(session)

    with pytest.raises(Invalid, match="between"):
        offer_service(session, admin, OfferedService(ada.id, visit.id, length, price), now=a.BEFORE)


def who_offers(session, service):
    found = select(ProfessionalService).where(ProfessionalService.service_id == service.id)
    rows = session.scalars(found.order_by(ProfessionalService.professional_id))
    return [offered_by(each) for each in rows]


def test_who_offers_a_service_is_said_at_the_service(session, admin):
    visit, other = a.service(session), a.service(session)
    ada, bela, carl = (a.professional(session, services=(other,)) for _each in range(3))
    mine = OfferedService(ada.id, visit.id), OfferedService(bela.id, visit.id, 45, 7000)
    set_who_offers(session, admin, WhoOffers(visit.id, (), mine), now=a.BEFORE)
    session.flush()
    assert who_offers(session, visit) == [*mine]

    then = OfferedService(bela.id, visit.id, 50), OfferedService(carl.id, visit.id)
    set_who_offers(session, admin, WhoOffers(visit.id, mine, then), now=a.BEFORE)
    session.flush()

    assert who_offers(session, visit) == [*then]
    assert len(who_offers(session, other)) == 3


def test_saying_again_who_offers_a_service_changes_nothing(session, admin):
    visit, ada = a.service(session), a.professional(session)
    request = WhoOffers(visit.id, (), (OfferedService(ada.id, visit.id, 45),))
    for _press in range(2):
        set_who_offers(session, admin, request, now=a.BEFORE)

    entries = select(AuditEntry).where(AuditEntry.action == "service.offered")
    assert len(session.scalars(entries).all()) == 1


def test_what_was_changed_at_the_professional_meanwhile_is_not_written_over(session, admin):
    visit, ada = a.service(session), a.professional(session)
    seen = OfferedService(ada.id, visit.id)
    offer_service(session, admin, seen, now=a.BEFORE)
    longer = OfferedService(ada.id, visit.id, 60)
    offer_service(session, admin, longer, now=a.BEFORE)

    for wanted in ((), (OfferedService(ada.id, visit.id, 45),)):
        with pytest.raises(Stale):
            set_who_offers(session, admin, WhoOffers(visit.id, (seen,), wanted), now=a.BEFORE)
    set_who_offers(session, admin, WhoOffers(visit.id, (seen,), (seen,)), now=a.BEFORE)
    assert who_offers(session, visit) == [longer]


def test_only_its_own_offers_are_said_at_a_service_and_they_have_to_be_possible(session, admin):
    visit, other, ada = a.service(session), a.service(session), a.professional(session)
    for wanted, refusal in (
        (OfferedService(ada.id, other.id), NotFound),
        (OfferedService(999, visit.id), NotFound),
        (OfferedService(ada.id, visit.id, 0), Invalid),
    ):
        with pytest.raises(refusal):
            set_who_offers(session, admin, WhoOffers(visit.id, (), (wanted,)), now=a.BEFORE)
    assert who_offers(session, visit) == []


def test_services_of_before_have_no_tax_and_no_colour_until_somebody_says_so(database):
    with database.writing() as session:
        a.service(session, name="Visit", tax_rate=2300, colour=ServiceColour.PINK)
    schema.downgrade(database, "0039")
    schema.migrate(database)
    with database.reading() as session:
        visit = session.scalars(select(Service)).one()
        assert (visit.name, visit.tax_rate, visit.colour) == ("Visit", 0, None)
    for wrong in ("tax_rate = 10001", "colour = 'mauve'"):
        with pytest.raises(IntegrityError), database.writing() as session:
            session.execute(text(f"UPDATE services SET {wrong}"))
