"""Setting the place up: services, professionals and rooms are changed and archived; users come,
choose a password, change and go."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from core import accounts, activation, audit, catalog, passwords
from core.accounts import (
    EditedUser,
    LastAdmin,
    PeopleAsked,
    PeopleOrder,
    SignInRequest,
    Standing,
    TicketRequest,
)
from core.accounts.people import PAGE_LENGTH
from core.activation import Invitation, LinkSpent, PasswordChosen
from core.catalog import (
    EditedProfessional,
    EditedRoom,
    EditedService,
    NewProfessional,
    NewService,
    OfferedService,
    OnlyRoom,
    ServicesOffered,
    StillBooked,
)
from core.errors import Invalid, NotAllowed, NotFound, Stale, WrongCredentials
from core.models import (
    AuditEntry,
    AuthSession,
    BookingState,
    HoursKind,
    OneTimeLink,
    Professional,
    ProfessionalService,
    Role,
    Room,
    Service,
    User,
)
from core.policy import CONSOLE
from core.practice import (
    HoursInForce,
    Missing,
    count_to_come,
    find_missing,
    load_closures,
    load_days_at_work,
    load_hours,
)
from core.schedule import NewClosure, WeekdayWindow, WeeklyHours, add_closure, set_weekly_hours
from tests import a

NOW = a.BEFORE
PASSWORD = "a long enough password"
RITA = Invitation("rita", "Rita Fonseca", Role.RECEPTIONIST)
OTHERS = [Role.PATIENT, Role.PROFESSIONAL, Role.RECEPTIONIST]


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def admin(session):
    a.organisation(session)
    return a.confirmed(session, Role.ADMIN, now=NOW, password_hash="x")


def last_entry(session) -> tuple[str, str]:
    found = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    return found.action, found.fields


VISIT = NewService("Visit", length_minutes=30)

COMMANDS = {
    "edit service": lambda s, who: catalog.edit_service(
        s, who, EditedService(1, 1, VISIT), now=NOW
    ),
    "edit professional": lambda s, who: catalog.edit_professional(
        s, who, EditedProfessional(1, 1, NewProfessional("X")), now=NOW
    ),
    "edit room": lambda s, who: catalog.edit_room(s, who, EditedRoom(1, 1, "X"), now=NOW),
    "archive service": lambda s, who: catalog.archive_service(s, who, 1, 1, now=NOW),
    "archive professional": lambda s, who: catalog.archive_professional(s, who, 1, 1, now=NOW),
    "archive room": lambda s, who: catalog.archive_room(s, who, 1, 1, now=NOW),
    "restore": lambda s, who: catalog.restore(s, who, Service, 1, now=NOW),
    "withdraw": lambda s, who: catalog.withdraw_service_offer(s, who, 1, 1, now=NOW),
    "set offers": lambda s, who: catalog.set_offers(s, who, ServicesOffered(1, ()), now=NOW),
    "archived": lambda s, who: catalog.load_archived(s, who, Room),
    "missing": find_missing,
    "users": lambda session, actor: accounts.load_people(session, actor, PeopleAsked()),
    "user": lambda s, who: accounts.get_user(s, who, 1),
    "edit user": lambda s, who: accounts.edit_user(
        s, who, EditedUser(1, 1, "X", Role.ADMIN), now=NOW
    ),
    "deactivate": lambda s, who: accounts.deactivate_user(s, who, 1, 1, now=NOW),
    "activate": lambda s, who: accounts.activate_user(s, who, 1, 1, now=NOW),
    "invite": lambda s, who: activation.invite_user(s, who, RITA, now=NOW),
    "renew link": lambda s, who: activation.renew_link(s, who, 1, now=NOW),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("role", OTHERS)
def test_only_admins_set_the_place_up(session, command, role):
    with pytest.raises(NotAllowed):
        command(session, a.actor(session, role))


NEEDS_A_ROW = [
    *(f"edit {each}" for each in ("service", "professional", "room")),
    *(f"archive {each}" for each in ("service", "professional", "room")),
    "restore",
    "withdraw",
    "set offers",
]


@pytest.mark.parametrize("name", NEEDS_A_ROW)
def test_what_is_not_there_cannot_be_changed(session, admin, name):
    with pytest.raises(NotFound):
        COMMANDS[name](session, admin)


@pytest.mark.parametrize("name", ["user", "edit user", "deactivate", "activate", "renew link"])
def test_a_user_who_is_not_there_is_not_found(session, name):
    with pytest.raises(NotFound):
        COMMANDS[name](session, CONSOLE)


# --- services, professionals, rooms


def test_a_service_is_changed_and_the_record_names_the_fields(session, admin):
    visit, room = a.service(session, name="Visit"), a.room(session)
    details = NewService("Visit", 45, price_cents=6000, room_ids=(room.id,))
    edited = EditedService(visit.id, visit.version, details)

    catalog.edit_service(session, admin, edited, now=NOW)

    assert (visit.length_minutes, visit.price_cents) == (45, 6000)
    assert catalog.load_service_rooms(session) == {visit.id: (room.id,)}
    assert last_entry(session) == (
        "service.edited",
        '{"changed": ["length_minutes", "price_cents", "room_ids"]}',
    )


def test_saving_a_service_unchanged_writes_nothing(session, admin):
    visit = a.service(session, name="Visit")
    before = session.scalar(select(func.count()).select_from(AuditEntry))

    catalog.edit_service(session, admin, EditedService(visit.id, 1, VISIT), now=NOW)

    assert session.scalar(select(func.count()).select_from(AuditEntry)) == before
    assert visit.version == 1


def test_a_stale_edit_is_refused_and_names_who_was_quicker(session, admin):
    visit, alex = a.service(session), a.actor(session, Role.ADMIN, name="Alex")
    edited = EditedService(visit.id, visit.version, VISIT)
    catalog.edit_service(session, alex, edited, now=NOW)

    with pytest.raises(Stale, match="Alex has changed this"):
        catalog.edit_service(session, admin, replace(edited, details=NewService("X", 5)), now=NOW)
    assert visit.name == "Visit"


def test_a_service_takes_no_name_of_another_and_no_room_that_is_not_there(session, admin):
    visit = a.service(session)
    a.service(session, name="Check-up")

    with pytest.raises(Invalid, match="already one called check-UP"):
        catalog.edit_service(
            session, admin, EditedService(visit.id, 1, NewService("check-UP", 30)), now=NOW
        )
    with pytest.raises(NotFound, match="room"):
        catalog.edit_service(
            session, admin, EditedService(visit.id, 1, replace(VISIT, room_ids=(9,))), now=NOW
        )


def test_a_profile_is_changed_expertise_included(session, admin):
    ada = a.professional(session, name="Ada")
    details = NewProfessional("Dr Ada", title="GP", expertise=("Skin", "Eyes"))

    catalog.edit_professional(session, admin, EditedProfessional(ada.id, 1, details), now=NOW)

    assert (ada.name, ada.title) == ("Dr Ada", "GP")
    assert sorted(each.name for each in ada.expertise) == ["Eyes", "Skin"]
    assert last_entry(session)[1] == '{"changed": ["name", "title", "expertise"]}'


def test_a_profile_in_a_zone_that_does_not_exist_or_of_an_old_version_is_refused(session, admin):
    ada = a.professional(session)

    with pytest.raises(Invalid, match="not a time zone"):
        catalog.edit_professional(
            session,
            admin,
            EditedProfessional(ada.id, 1, NewProfessional("Ada", zone="Nowhere")),
            now=NOW,
        )
    with pytest.raises(Stale):
        catalog.edit_professional(
            session, admin, EditedProfessional(ada.id, 7, NewProfessional("Ada")), now=NOW
        )


def test_two_professionals_at_work_do_not_share_a_name(session, admin):
    ada = catalog.add_professional(session, admin, NewProfessional("Dr Ada"), now=NOW)

    with pytest.raises(Invalid, match="already one called dr ada"):
        catalog.add_professional(session, admin, NewProfessional("dr ada"), now=NOW)
    catalog.archive_professional(session, admin, ada.id, ada.version, now=NOW)
    catalog.add_professional(session, admin, NewProfessional("Dr Ada"), now=NOW)


def test_a_room_gets_another_name_but_not_that_of_another(session, admin):
    room = a.room(session, name="Room 1")
    a.room(session, name="Lab")

    catalog.edit_room(session, admin, EditedRoom(room.id, 1, "Room one"), now=NOW)
    assert room.name == "Room one"
    with pytest.raises(Invalid, match="already"):
        catalog.edit_room(session, admin, EditedRoom(room.id, room.version, "lab"), now=NOW)


@pytest.mark.parametrize(
    ("state", "when", "refused"),
    [
        (BookingState.BOOKED, a.span(9, 10), True),
        (BookingState.ARRIVED, a.span(9, 10), True),
        (BookingState.CANCELLED, a.span(9, 10), False),
        (BookingState.BOOKED, a.span(9, 10, day=-14), False),
    ],
    ids=["booked", "arrived", "cancelled", "past"],
)
def test_a_professional_with_bookings_to_come_stays(session, admin, state, when, refused):
    ada = a.professional(session, name="Dr Ada")
    a.booking(session, ada, when, state=state)

    if refused:
        with pytest.raises(StillBooked, match="Dr Ada still has bookings to come: 1"):
            catalog.archive_professional(session, admin, ada.id, ada.version, now=NOW)
        assert ada.archived_at is None
    else:
        catalog.archive_professional(session, admin, ada.id, ada.version, now=NOW)
        assert catalog.load_professionals(session, admin) == []
        assert catalog.load_archived(session, admin, Professional) == [ada]


def test_a_held_time_keeps_a_professional_only_while_it_is_held(session, admin):
    ada = a.professional(session)
    until = NOW + timedelta(minutes=5)
    a.booking(session, ada, a.span(9, 10), state=BookingState.HELD, held_until=until)

    with pytest.raises(StillBooked):
        catalog.archive_professional(session, admin, ada.id, ada.version, now=NOW)
    catalog.archive_professional(session, admin, ada.id, ada.version, now=until)


def test_a_service_and_a_room_with_bookings_to_come_stay(session, admin):
    visit, room, ada = a.service(session), a.room(session), a.professional(session)
    booking = a.booking(session, ada, a.span(9, 10), service=visit, room_id=room.id)

    with pytest.raises(StillBooked):
        catalog.archive_service(session, admin, visit.id, visit.version, now=NOW)
    with pytest.raises(StillBooked):
        catalog.archive_room(session, admin, room.id, room.version, now=NOW)
    booking.state = BookingState.CANCELLED
    catalog.archive_service(session, admin, visit.id, visit.version, now=NOW)
    catalog.archive_room(session, admin, room.id, room.version, now=NOW)
    assert catalog.load_services(session) == catalog.load_rooms(session) == []


def test_the_only_room_of_a_service_stays(session, admin):
    scan, room, other = a.service(session, name="Scan"), a.room(session), a.room(session)
    a.needs(session, scan, room)

    with pytest.raises(OnlyRoom, match="only room for Scan"):
        catalog.archive_room(session, admin, room.id, room.version, now=NOW)
    a.needs(session, scan, other)
    catalog.archive_room(session, admin, room.id, room.version, now=NOW)
    assert catalog.load_service_rooms(session) == {scan.id: (other.id,)}


def test_archiving_on_an_old_version_is_refused(session, admin):
    visit = a.service(session)

    with pytest.raises(Stale):
        catalog.archive_service(session, admin, visit.id, visit.version + 1, now=NOW)


@pytest.mark.parametrize(
    ("make", "kind", "archive"),
    [
        (a.service, Service, catalog.archive_service),
        (a.room, Room, catalog.archive_room),
        (a.professional, Professional, catalog.archive_professional),
    ],
    ids=["service", "room", "professional"],
)
def test_what_was_archived_is_out_of_reach_until_it_is_restored(
    session, admin, make, kind, archive
):
    row = make(session)
    archive(session, admin, row.id, row.version, now=NOW)

    with pytest.raises(NotFound):
        archive(session, admin, row.id, row.version, now=NOW)
    catalog.restore(session, admin, kind, row.id, now=NOW)
    assert catalog.load_archived(session, admin, kind) == []
    assert row.archived_at is None
    assert last_entry(session)[0] == "catalog.restored"


def test_offers_are_set_all_at_once(session, admin):
    first, second, third = (a.service(session) for _ in range(3))
    ada = a.professional(session, services=(first, second))
    wanted = (OfferedService(ada.id, second.id), OfferedService(ada.id, third.id, 50, 7000))

    catalog.set_offers(session, admin, ServicesOffered(ada.id, wanted), now=NOW)

    found = catalog.load_offered(session, admin)[ada.id]
    assert [(each.service_id, each.length_minutes, each.price_cents) for each in found] == [
        (second.id, None, None),
        (third.id, 50, 7000),
    ]
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["service.withdrawn", "service.offered"]


def test_a_service_of_another_kind_cannot_be_offered_or_withdrawn(session, admin):
    ada, visit = a.professional(session), a.service(session, archived_at=NOW)

    with pytest.raises(NotFound):
        catalog.set_offers(
            session, admin, ServicesOffered(ada.id, (OfferedService(ada.id, visit.id),)), now=NOW
        )
    with pytest.raises(NotFound):
        catalog.withdraw_service_offer(session, admin, ada.id, visit.id, now=NOW)


def test_an_offer_withdrawn_is_gone(session, admin):
    visit = a.service(session)
    ada = a.professional(session, services=(visit,))

    catalog.withdraw_service_offer(session, admin, ada.id, visit.id, now=NOW)

    assert session.scalars(select(ProfessionalService)).all() == []


# --- what is missing, hours, closures


def test_the_next_step_leads_from_an_empty_place_to_a_desk_at_work(session, admin):
    said = [find_missing(session, admin)]
    visit = a.service(session)
    said.append(find_missing(session, admin))
    ada = a.professional(session, weekdays=())
    said.append(find_missing(session, admin))
    a.offer(session, ada, visit)
    said.append(find_missing(session, admin))
    window = WeekdayWindow(1, 540, 1020)
    set_weekly_hours(session, admin, WeeklyHours(ada.id, (window,)), now=NOW)
    said.append(find_missing(session, admin))
    a.user(session, Role.RECEPTIONIST)

    assert said == list(Missing)
    assert find_missing(session, admin) is None


def test_hours_are_those_of_the_day_and_later_ones_are_announced(session, admin):
    ada = a.professional(session, weekdays=(1,), hours=((9, 17),))
    later = (WeekdayWindow(2, 600, 700), WeekdayWindow(2, 620, 640, HoursKind.BREAK))
    changes_on = date(2027, 1, 4)
    set_weekly_hours(session, admin, WeeklyHours(ada.id, later, changes_on), now=NOW)

    assert load_hours(session, admin, ada.id, a.DAY) == HoursInForce(
        (WeekdayWindow(1, 540, 1020),), changes_on
    )
    assert load_hours(session, admin, ada.id, changes_on) == HoursInForce(later, None)
    assert load_days_at_work(session, admin, a.DAY) == {ada.id: (1,)}
    assert load_days_at_work(session, admin, changes_on) == {ada.id: (2,)}


def test_closures_to_come_are_listed_with_the_bookings_in_the_way(session, admin):
    for first, last in ((a.DAY, a.DAY), (date(2026, 1, 1), date(2026, 1, 2))):
        add_closure(session, admin, NewClosure(first, last, "Closed"), now=NOW)
    ada = a.professional(session)
    a.booking(session, ada, a.span(9, 10))
    a.booking(session, ada, a.span(11, 12), state=BookingState.CANCELLED)
    a.booking(session, ada, a.span(9, 10, day=1))

    assert [each.first_on for each in load_closures(session, admin, since=a.DAY)] == [a.DAY]
    assert count_to_come(session, admin, a.DAY, a.DAY, now=NOW) == 1


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PROFESSIONAL])
def test_hours_and_closures_of_the_place_are_for_staff_at_the_desk(session, role):
    stranger = a.actor(session, role)

    for read in (
        lambda: load_hours(session, stranger, 1, a.DAY),
        lambda: load_days_at_work(session, stranger, a.DAY),
        lambda: load_closures(session, stranger, since=a.DAY),
        lambda: count_to_come(session, stranger, a.DAY, a.DAY, now=NOW),
        lambda: accounts.load_admin_names(session, stranger),
    ):
        with pytest.raises(NotAllowed):
            read()


# --- users


def edited(user: User, **values) -> EditedUser:
    return EditedUser(
        **(
            {"user_id": user.id, "version": user.version, "name": user.name, "role": user.role}
            | values
        )
    )


def listed(session, admin, **asked) -> list[str]:
    page = accounts.load_people(session, admin, PeopleAsked(**asked))
    return [each.user.name for each in page.people]


def test_people_are_found_narrowed_down_and_put_in_order(session, admin):
    ana = a.patient(session)
    a.user(session, Role.PATIENT, name="Ana", username="ana", patient_id=ana.id)
    zoe = a.user(session, name="Zoe Lima", username="zoe@desk.example", password_hash="x")
    a.user(session, name="bea", username="100%", active=False)
    here = {"expires_at": NOW, "created_at": NOW, "auth_at": NOW}
    later = NOW + timedelta(hours=1)
    for at in (NOW - timedelta(days=2), later):
        token = f"{at:%d}"
        session.add(AuthSession(token_sha256=token, user_id=zoe.id, last_seen_at=at, **here))
    session.flush()

    assert listed(session, admin) == ["bea", admin.name, "Zoe Lima", "Ana"]
    assert listed(session, admin, words="ZOE desk") == ["Zoe Lima"]
    assert listed(session, admin, words="%") == ["bea"]
    assert listed(session, admin, order=PeopleOrder.NAME) == ["Ana", "bea", admin.name, "Zoe Lima"]
    assert listed(session, admin, order=PeopleOrder.LAST_HERE)[0] == "Zoe Lima"
    assert listed(session, admin, order=PeopleOrder.NEWEST)[0] == "bea"
    assert listed(session, admin, role=Role.PATIENT) == ["Ana"]
    assert listed(session, admin, standing=Standing.DEACTIVATED) == ["bea"]
    assert listed(session, admin, standing=Standing.ACTIVE) == [admin.name, "Zoe Lima"]
    assert "Ana" in listed(session, admin, standing=Standing.INVITED)
    seen = accounts.load_people(session, admin, PeopleAsked(words="zoe")).people[0]
    assert seen.last_here_at == later


def test_people_are_found_and_put_in_order_with_accents_or_without(session, admin):
    joao, joao_b, ole, zita = "João Ávila", "Joao Braga", "Ole Qøvist", "Zita O’Neill-Reis"
    for name in (zita, ole, joao_b, joao):
        a.user(session, name=name)
    by_words = {
        "joao": [joao, joao_b],
        "joão": [joao, joao_b],
        "AVILA": [joao],
        "qovist": [ole],
        "o'neill-reis": [zita],
        "reis oneill": [zita],
        "joao reis": [],
        ".": [],
    }

    for words, found in by_words.items():
        assert listed(session, admin, words=words, order=PeopleOrder.NAME) == found, words


def test_who_is_renamed_is_found_by_the_new_name_and_stands_where_it_belongs(session, admin):
    zoe = a.user(session, name="Zoe Lima")
    a.user(session, name="Bea Lima")

    accounts.edit_user(session, admin, edited(zoe, name="Álvaro Lima"), now=NOW)
    session.flush()

    assert listed(session, admin, words="zoe") == []
    by_name = listed(session, admin, words="lima", order=PeopleOrder.NAME)
    assert by_name == ["Álvaro Lima", "Bea Lima"]


def test_people_come_page_by_page(session, admin):
    for number in range(PAGE_LENGTH):
        a.user(session, name=f"Zz {number:02}")

    first, second = (
        accounts.load_people(session, admin, PeopleAsked(page=page)) for page in (1, 2)
    )

    assert (first.count, first.pages, len(first.people)) == (PAGE_LENGTH + 1, 2, PAGE_LENGTH)
    assert [each.user.name for each in second.people] == [f"Zz {PAGE_LENGTH - 1:02}"]
    assert accounts.load_people(session, admin, PeopleAsked(page=99)).page == 2


def reasons_of(session, user) -> list[str]:
    """Why each of their sessions ended."""
    theirs = AuthSession.user_id == user.id
    return list(session.scalars(select(AuthSession.revoke_reason).where(theirs)))


def test_a_role_is_changed_and_every_session_ends(session, admin):
    rita = a.user(session)
    open_session(session, rita)

    accounts.edit_user(session, admin, edited(rita, role=Role.ADMIN, name="Rita  F"), now=NOW)

    assert (rita.role, rita.name) == (Role.ADMIN, "Rita F")
    assert reasons_of(session, rita) == ["changed"]
    assert last_entry(session) == ("user.edited", '{"changed": ["name", "role"]}')


def test_a_name_alone_ends_no_session(session, admin):
    rita = a.user(session)
    open_session(session, rita)

    accounts.edit_user(session, admin, edited(rita, name="Rita"), now=NOW)

    assert reasons_of(session, rita) == [""]


def test_a_role_about_a_person_names_one_that_is_nobody_elses(session, admin):
    ada, rita = a.professional(session), a.user(session)
    a.user(session, Role.PROFESSIONAL, username="ada", professional_id=ada.id)

    with pytest.raises(Invalid, match="whose calendar"), session.begin_nested():
        accounts.edit_user(session, admin, edited(rita, role=Role.PROFESSIONAL), now=NOW)
    with pytest.raises(Invalid, match="ada signs in for this person"), session.begin_nested():
        accounts.edit_user(
            session, admin, edited(rita, role=Role.PROFESSIONAL, professional_id=ada.id), now=NOW
        )
    with pytest.raises(Invalid, match="ada signs in for this person"):
        activation.invite_user(
            session,
            admin,
            Invitation("x", "X", Role.PROFESSIONAL, professional_id=ada.id),
            now=NOW,
        )


def test_whom_a_role_was_about_is_forgotten_with_it(session, admin):
    ada = a.professional(session)
    user = a.user(session, Role.PROFESSIONAL, professional_id=ada.id)

    accounts.edit_user(
        session, admin, edited(user, role=Role.RECEPTIONIST, professional_id=ada.id), now=NOW
    )

    assert user.professional_id is None


def test_the_last_admin_who_can_sign_in_stays_one(session, admin):
    alex = session.get(User, admin.user_id)
    a.user(session, Role.ADMIN, password_hash="")  # invited, and never came
    a.user(session, Role.ADMIN, password_hash="x", active=False)

    with pytest.raises(LastAdmin, match="only admin"):
        accounts.deactivate_user(session, admin, alex.id, alex.version, now=NOW)
    with pytest.raises(LastAdmin):
        accounts.edit_user(session, admin, edited(alex, role=Role.RECEPTIONIST), now=NOW)

    a.user(session, Role.ADMIN, password_hash="x")
    accounts.deactivate_user(session, admin, alex.id, alex.version, now=NOW)
    assert not alex.active


def test_two_admins_cannot_dismiss_each_other_at_once(database):
    with database.writing() as session:
        pair = [a.actor(session, Role.ADMIN, password_hash="x") for _ in range(2)]
    start, refused = threading.Barrier(2), []

    def dismiss(who, whom):
        start.wait()
        try:
            with database.writing() as session:
                accounts.deactivate_user(session, who, whom.user_id, 1, now=NOW)
        except LastAdmin as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=dismiss, args=args) for args in (pair, pair[::-1])]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(refused) == 1
    with database.reading() as session:
        assert len(session.scalars(select(User).where(User.active)).all()) == 1


def test_t066_deactivating_ends_sessions_and_links_in_the_same_breath(session, admin):
    rita = activation.invite_user(session, admin, RITA, now=NOW)
    open_session(session, rita.user)

    accounts.deactivate_user(session, admin, rita.user.id, rita.user.version, now=NOW)

    assert reasons_of(session, rita.user) == ["deactivated"]
    assert activation.find_invited(session, rita.link, now=NOW) is None
    with pytest.raises(NotFound):
        activation.renew_link(session, admin, rita.user.id, now=NOW)
    accounts.activate_user(session, admin, rita.user.id, rita.user.version, now=NOW)
    assert rita.user.active
    assert activation.find_invited(session, rita.link, now=NOW) is None


def test_a_stale_change_of_a_user_is_refused(session, admin):
    rita = a.user(session)

    for change in (accounts.deactivate_user, accounts.activate_user):
        with pytest.raises(Stale):
            change(session, admin, rita.id, rita.version + 1, now=NOW)
    with pytest.raises(Stale):
        accounts.edit_user(session, admin, edited(rita, version=9), now=NOW)


def test_the_desk_knows_whom_to_ask(session, admin):
    a.user(session, Role.ADMIN, name="Gone", password_hash="x", active=False)

    assert accounts.load_admin_names(session, a.actor(session)) == [admin.name]


# --- activation links


def invite(database, request=RITA):
    with database.writing() as session:
        return activation.invite_user(session, CONSOLE, request, now=NOW)


def choose(database, link, password=PASSWORD, *, now=NOW):
    return activation.choose_password(database, PasswordChosen(link, password), now=now)


def sign_in(database, password=PASSWORD):
    ticket = accounts.sign_in(database, SignInRequest("rita", password), now=NOW).ticket
    with database.writing() as session:
        return accounts.redeem_ticket(session, TicketRequest(ticket), now=NOW)


def open_session(session, user) -> None:
    session.add(
        AuthSession(
            token_sha256=f"{user.id}",
            user_id=user.id,
            created_at=NOW,
            last_seen_at=NOW,
            auth_at=NOW,
            expires_at=NOW + timedelta(hours=12),
        )
    )
    session.flush()


def test_t055_somebody_new_chooses_a_password_and_signs_in(database):
    invited = invite(database)

    ticket = choose(database, invited.link).ticket

    with database.writing() as session:
        assert accounts.redeem_ticket(session, TicketRequest(ticket), now=NOW)
    assert sign_in(database)
    with database.reading() as session:
        assert list(audit.verify(session)) == []
        assert invited.link not in str(session.scalars(select(OneTimeLink.token_sha256)).all())


@pytest.mark.parametrize("password", ["", "nobody", PASSWORD])
def test_t055_without_a_password_nobody_signs_in(database, password):
    invite(database)

    with pytest.raises(WrongCredentials):
        sign_in(database, password)


def test_t046_no_password_costs_what_a_wrong_one_does(database, monkeypatch):
    checked = []
    invite(database)
    monkeypatch.setattr(
        passwords.bcrypt, "checkpw", lambda _typed, hashed: checked.append(hashed) or True
    )

    with pytest.raises(WrongCredentials):
        sign_in(database)
    assert checked == [passwords.dummy_hash(4).encode()]


def test_t056_a_link_works_once(database):
    invited = invite(database)
    choose(database, invited.link)

    with pytest.raises(LinkSpent):
        choose(database, invited.link, "another long password")
    assert sign_in(database)


def test_t056_a_link_runs_out_after_a_day(database):
    invited = invite(database)

    with pytest.raises(LinkSpent):
        choose(database, invited.link, now=NOW + timedelta(hours=24))
    choose(database, invited.link, now=NOW + timedelta(hours=23, minutes=59))


def test_a_link_that_was_never_made_opens_nothing(database):
    invite(database)

    for link in ("", "x", "é" * 500):
        with pytest.raises(LinkSpent):
            choose(database, link)


def test_t053_a_password_too_short_is_refused_and_the_link_still_works(database):
    alex = invite(database, Invitation("alex", "Alex", Role.ADMIN))

    with pytest.raises(Invalid, match="at least 15"):
        choose(database, alex.link, "fourteen chars")
    choose(database, alex.link, "fifteen chars!!")


def test_a_new_link_makes_the_old_one_void_and_leaves_the_password_until_it_is_used(database):
    first = invite(database)
    choose(database, first.link)
    token = sign_in(database)
    with database.writing() as session:
        second = activation.renew_link(session, CONSOLE, first.user.id, now=NOW)
        third = activation.renew_link(session, CONSOLE, first.user.id, now=NOW)
    assert sign_in(database)

    with pytest.raises(LinkSpent):
        choose(database, second.link)
    choose(database, third.link, "quite another password")

    with database.reading() as session:
        assert accounts.actor_from_token(session, token, now=NOW) is None
    assert sign_in(database, "quite another password")
    with pytest.raises(WrongCredentials):
        sign_in(database, PASSWORD)


def test_of_two_who_use_a_link_at_once_one_chooses_the_password(database):
    invited, start, outcomes = invite(database), threading.Barrier(2), []

    def try_it(password):
        start.wait()
        try:
            outcomes.append(choose(database, invited.link, password).needs_code)
        except LinkSpent:
            outcomes.append(None)

    threads = [threading.Thread(target=try_it, args=(f"a long password, {each}",)) for each in "ab"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(outcomes, key=str) == [False, None]
