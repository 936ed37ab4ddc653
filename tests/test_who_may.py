"""What the rules of access promise beside the matrix of ``tests/matrix``."""

import ast
import dataclasses
import importlib
import re
import typing

import pytest

from core import patients
from core.accounts import EditedUser, LastAdmin, NewUser, create_user, edit_user
from core.analytics import desk_counts
from core.errors import NotAllowed, NotFound, SignInNeeded
from core.models import AuditEntry, Role
from core.passwords import PasswordHash
from core.patients import find_patients, get_patient
from core.policy import GRANTS, Permission
from core.rights import RIGHTS, Answer
from dashboard import session as desk_session
from dashboard.components.audit_words import WORDS
from tests import a, screen
from tests.test_architecture import SCREENS, SOURCES, each, tree_of
from tests.test_every_change_on_record import DOINGS, Desk

NOW = a.BEFORE


# --- scopes


@pytest.fixture
def ada(session):
    return a.professional(session, name="Dr Ada")


@pytest.fixture
def doctor(session, ada):
    return a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)


@pytest.mark.parametrize(
    ("days", "seen"), [(-731, False), (-730, True), (-1, True), (364, True), (365, False)]
)
def test_professionals_see_patients_of_the_last_24_and_the_next_12_months(
    session, ada, doctor, days, seen
):
    ana = a.patient(session, name="Ana Silva")
    visit = a.span(12, 13, day=days - 3)  # the made day is three days after NOW
    a.booking(session, ada, visit, patient=ana)

    found = find_patients(session, doctor, "silva", now=NOW)
    assert [each.id for each in found] == ([ana.id] if seen else [])
    assert find_patients(session, a.actor(session), "silva", now=NOW)


def test_t080_counts_are_of_ones_own_calendar(session, ada, doctor):
    ben = a.professional(session)
    for professional, hour in ((ada, 9), (ben, 9), (ben, 10)):
        a.booking(session, professional, a.span(hour, hour + 1), created_at=NOW)

    assert desk_counts(session, doctor, a.DAY, NOW).expected == 1
    assert desk_counts(session, a.actor(session), a.DAY, NOW).expected == 3


def test_t079_another_patients_record_answers_like_one_that_is_not_there(session, doctor):
    stranger = a.patient(session)
    answers = []
    for id in (stranger.id, stranger.id + 1):
        with pytest.raises(NotFound) as refused:
            get_patient(session, doctor, id, now=NOW)
        answers.append((refused.value.code, str(refused.value), refused.value.details))

    assert answers[0] == answers[1]


def test_t085_no_search_looks_into_notes(session):
    a.patient(session, desk_note="Oncology")
    a.organisation(session)
    assert find_patients(session, a.actor(session), "oncology", now=NOW) == []
    assert "desk_note" not in {each.name for each in dataclasses.fields(patients.PatientFound)}


# --- who rises, and who stays


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PROFESSIONAL, Role.RECEPTIONIST])
def test_t082_nobody_but_an_admin_gives_a_role_to_themselves_either(session, role):
    somebody = a.actor(session, role)
    request = EditedUser(somebody.user_id, 1, somebody.name, Role.ADMIN)
    with pytest.raises(NotAllowed):
        edit_user(session, somebody, request, now=NOW)


def test_t082_the_last_admin_stays_one(session):
    admin = a.confirmed(session, Role.ADMIN, now=NOW, password_hash="x")
    request = EditedUser(admin.user_id, 1, admin.name, Role.RECEPTIONIST)
    with pytest.raises(LastAdmin):
        edit_user(session, admin, request, now=NOW)

    a.user(session, Role.ADMIN, password_hash="x")
    assert edit_user(session, admin, request, now=NOW).role is Role.RECEPTIONIST


def test_t083_no_patients_record_hangs_on_a_login_that_is_not_a_patients(session):
    admin, ana = a.confirmed(session, Role.ADMIN, now=NOW), a.patient(session)
    asked = {"password_hash": PasswordHash(""), "patient_id": ana.id}
    boss = create_user(session, admin, NewUser("eva", "Eva", Role.ADMIN, **asked), now=NOW)
    own = create_user(session, admin, NewUser("ana", "Ana", Role.PATIENT, **asked), now=NOW)

    assert (boss.patient_id, own.patient_id) == (None, ana.id)


def test_t087_who_was_given_another_role_is_asked_to_sign_in_again(monkeypatch, sqlite_database):
    """Fragments and callbacks ask for the actor anew, past the router."""
    with sqlite_database.writing() as session:
        admin, rita = a.confirmed(session, Role.ADMIN, now=NOW), a.user(session)
    screen.use(monkeypatch, sqlite_database)
    token = screen.open_session(sqlite_database, rita)
    monkeypatch.setattr(desk_session, "cookie_token", lambda: token)
    assert desk_session.signed_in().role is Role.RECEPTIONIST

    with sqlite_database.writing() as session:
        ana = a.patient(session)
        request = EditedUser(rita.id, 1, rita.name, Role.PATIENT, patient_id=ana.id)
        edit_user(session, admin, request, now=NOW)

    with pytest.raises(SignInNeeded):
        desk_session.signed_in()


# --- what a client may not say


DECIDED_BY_US = {
    "actor",
    "actor_id",
    "created_at",
    "created_by",
    "currency",
    "id",
    "password_hash",
    "price_cents",
    "role",
    "state",
    "updated_at",
    "user_id",
    "version",
}
MAY_SAY = {
    "accounts.addresses.change_email": {"user_id", "version"},
    "accounts.people.load_people": {"role"},
    "accounts.users.create_user": {"role", "password_hash"},
    "accounts.users.edit_user": {"user_id", "role", "version"},
    "activation.invite_user": {"role"},
    "audit_trail.load_trail": {"user_id"},
    "booking.confirming.confirm_by_phone": {"version"},
    "booking.confirming.take_back_confirmation": {"version"},
    "booking.groups.join": {"version"},
    "booking.groups.leave": {"version"},
    "booking.groups.mark_seat": {"state", "version"},
    "booking.importing.record_past": {"state", "price_cents"},
    "booking.placing.move": {"version"},
    "booking.progress.cancel": {"version"},
    "booking.progress.mark": {"state", "version"},
    "booking.progress.take_back_cancellation": {"version"},
    "booking.progress.undo": {"version"},
    "catalog.offers.offer_service": {"price_cents"},
    "changing_hours.move_opening": {"version"},
    "changing_hours.save_weekly_hours": {"version"},
    "schedule.openings.change_opening": {"version"},
    "schedule.hours.set_weekly_hours": {"version"},
    "what_if.preview_weekly_hours": {"version"},
    "catalog.place.set_up_organisation": {"currency"},
    "catalog.professionals.edit_professional": {"version"},
    "catalog.place.edit_organisation": {"version"},
    "catalog.place.let_patients_book": {"version"},
    "catalog.professionals.edit_profile": {"version"},
    "catalog.rooms.edit_room": {"version"},
    "catalog.services.add_service": {"price_cents"},
    "catalog.services.edit_service": {"version"},
    "catalog.reasons.edit_reason": {"version"},
    "catalog.reasons.move_reason": {"version"},
    "catalog.tiers.edit_tier": {"version"},
    "patients.edit_own_contact": {"version"},
    "patients.edit_patient": {"version"},
    "privacy.erasing.erase": {"version"},
    "registering.let_patients_register": {"version"},
    "running_late.note_told": {"version"},
    "visit_notes.write_note": {"version"},
    "waiting.entries.edit": {"version"},
    "waiting.offers.offer": {"version"},
    "sick_day.steps.move_stranded": {"version"},
}
"""A version is only ever compared; roles, prices and states are what these are for."""


def said_in(name):
    """The fields of everything a function is asked with."""
    module, function = name.rsplit(".", 1)
    verb = getattr(importlib.import_module(f"core.{module}"), function)
    for parameter, kind in typing.get_type_hints(verb).items():
        if parameter in ("request", "asked") and dataclasses.is_dataclass(kind):
            yield from (field.name for field in dataclasses.fields(kind))


@pytest.mark.parametrize("name", RIGHTS)
def test_t081_no_request_carries_what_only_the_core_decides(name):
    assert set(said_in(name)) & DECIDED_BY_US <= MAY_SAY.get(name, set())


def test_t081_requests_take_no_other_fields_and_stay_as_they_were_made():
    from core.booking import BookingRequest

    with pytest.raises(TypeError):
        BookingRequest(1, 1, 1, NOW, "k", price_cents=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        BookingRequest(1, 1, 1, NOW, "k").patient_id = 2


def test_what_may_be_said_is_said_somewhere():
    assert all(allowed <= set(said_in(name)) for name, allowed in MAY_SAY.items())


# --- the rules of the source


INNER = {name.rsplit(".", 1)[1] for name, right in RIGHTS.items() if right.answer is Answer.INNER}


@each(SCREENS)
def test_t077_no_screen_calls_what_asks_nobody(path):
    imported = {
        alias.name
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core")
        for alias in node.names
    }
    assert not imported & INNER


PERSONAL = {"actor", "db", "session", "user", "patient", "words", "token", "password"}


def cached_functions(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef) and any(
            "cache" in ast.unparse(each) and "cached_property" not in ast.unparse(each)
            for each in node.decorator_list
        ):
            yield node


@each(SOURCES)
def test_t126_nothing_that_is_kept_between_people_knows_a_person(path):
    """T127: where nobody is in the key, nobody's rows may be in the answer."""
    for function in cached_functions(path):
        names = {each.id for each in ast.walk(function) if isinstance(each, ast.Name)}
        parameters = {each.arg for each in function.args.args}
        assert not (names | parameters) & (PERSONAL | {"st"}), function.name


# --- what stands on record


def calls_of_the_record():
    """Each call of ``audit.record`` and its kin: the action, and the names of its fields."""
    for path in SOURCES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call):
                verb = ast.unparse(node.func).removeprefix("audit.")
                if verb in ("record", "record_read", "note_read"):
                    yield node


FIELDS = {
    "about",
    "access",
    "added",
    "booking",
    "bookings",
    "by",
    "cancelled",
    "changed",
    "count",
    "ended",
    "entry",
    "expertise_ids",
    "intact",
    "merged_id",
    "found",
    "kind",
    "left",
    "made_at",
    "minutes",
    "moved",
    "on",
    "on_date",
    "other",
    "pages",
    "patient",
    "patient_ids",
    "role",
    "series",
    "service_id",
    "set_aside",
    "starting_on",
    "time_off",
}
"""Ids, counts, days, names of fields and words of ours. A new one is a thing to think about:
it can never be erased."""


def test_t147_entries_hold_only_these_fields():
    named = {
        word.arg
        for call in calls_of_the_record()
        for word in call.keywords
        if word.arg not in (None, "now")
    }
    assert named <= FIELDS


WRITTEN = ("Carla", "Dias", "carla@", "ana@", "Cleo", "Knees", "Blue", "Feast", "Velha", "ill")


@pytest.mark.parametrize("name", DOINGS)
def test_t147_no_word_of_a_person_is_in_what_a_change_leaves(session, name):
    desk = Desk(session)
    verb, asked = DOINGS[name](desk)
    verb(session, desk.admin, *asked, now=a.at(8))

    said = " ".join(each.fields for each in session.query(AuditEntry))
    assert not [word for word in WRITTEN if f'"{word}' in said or f" {word}" in said]


@pytest.mark.parametrize("name", DOINGS)
def test_t151_every_change_names_who_made_it(session, name):
    desk = Desk(session)
    verb, asked = DOINGS[name](desk)
    verb(session, desk.admin, *asked, now=a.at(8))

    assert {each.user_id for each in session.query(AuditEntry)} <= {desk.admin.user_id}


ACTION = re.compile(r"[a-z_]+\.(?!id$|db$)[a-z_]+")


def actions_of_the_source():
    """Words of the core that look like an action, wherever they are handed on from."""
    kinds = {action.split(".")[0] for action in WORDS}
    for path in SOURCES:
        if path.stem in ("policy", "rights") or "core" not in path.parts:
            continue
        for node in ast.walk(tree_of(path)):
            word = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
            if isinstance(word, str) and ACTION.fullmatch(word) and word.split(".")[0] in kinds:
                yield word
    for call in calls_of_the_record():
        yield from (
            said.value
            for said in call.args
            if isinstance(said, ast.Constant) and isinstance(said.value, str)
        )


def test_every_action_has_a_sentence():
    assert set(actions_of_the_source()) <= set(WORDS)
    assert {f"refused.{each}" for each in Permission} <= set(WORDS)


def test_admins_hold_no_permission_that_is_about_oneself_but_their_account():
    assert {each for each in GRANTS[Role.ADMIN] if each.endswith("own")} == {Permission.ACCOUNT_OWN}
