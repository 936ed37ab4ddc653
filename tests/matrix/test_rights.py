"""Every function of the core for every role and relation: what it says it takes is what it
takes (T076, T077, T079, T080, T084, T086)."""

import importlib
import inspect
import pkgutil
import shutil

import pytest

import core
from core.db import Database
from core.errors import NotAllowed, NotFound, SignInNeeded
from core.rights import RIGHTS, Answer, Reach
from tests.conftest import ENGINES, empty
from tests.matrix.attempts import ATTEMPTS, About, Listing, Plain
from tests.matrix.world import MISSING, ROLES, World

THE_RULE_ITSELF = ("core.policy", "core.rights", "core.audit", "core.migrations", "core.__main__")


def functions_asked_by_somebody():
    for module in pkgutil.walk_packages(core.__path__, "core."):
        if module.name.startswith(THE_RULE_ITSELF) and module.name != "core.audit_trail":
            continue
        for name, function in vars(importlib.import_module(module.name)).items():
            if (
                inspect.isfunction(function)
                and function.__module__ == module.name
                and not name.startswith("_")
                and "actor" in inspect.signature(function).parameters
            ):
                yield f"{module.name}.{name}".removeprefix("core.")


def test_t077_every_function_somebody_asks_has_a_row_and_every_row_a_function():
    assert set(RIGHTS) == set(functions_asked_by_somebody())


def test_t077_every_row_that_takes_a_permission_is_tried():
    tried = {
        name
        for name, right in RIGHTS.items()
        if right.answer in (Answer.REFUSES, Answer.FINDS_NOTHING)
    }
    assert set(ATTEMPTS) == tried


@pytest.mark.parametrize("name", RIGHTS)
def test_t084_only_what_is_granted_is_allowed(name):
    """Permissions are granted or not: a row without any, but for one's own account, lets
    nobody in."""
    right = RIGHTS[name]
    assert bool(right.permissions) is (right.answer in (Answer.REFUSES, Answer.FINDS_NOTHING))


@pytest.mark.parametrize(
    "name", [name for name, right in RIGHTS.items() if right.answer is Answer.OWN_ACCOUNT]
)
def test_what_is_ones_own_account_names_nobody_else(name):
    module, function = name.rsplit(".", 1)
    verb = getattr(importlib.import_module(f"core.{module}"), function)
    assert not {"user_id", "patient_id", "session_id"} & set(inspect.signature(verb).parameters)


class Said:
    """What came of an attempt: done, refused, or as if it were not there."""

    def __init__(self, world, attempt, *asked):
        self.outcome, self.sentence, self.result = "done", "", None
        step = world.session.begin_nested()
        try:
            self.result = attempt.ask(world, *asked)
        except NotAllowed as refusal:
            self.outcome, self.sentence = "refused", str(refusal)
        except (NotFound, SignInNeeded) as refusal:
            self.outcome, self.sentence = "missing", str(refusal)
        finally:
            if step.is_active:
                step.rollback()
            world.session.expunge_all()


def expected(world, who, right, kind, id):
    """By the table alone."""
    reach = right.reach(ROLES[who])
    if reach is Reach.NONE:
        return "refused" if right.answer is Answer.REFUSES else "missing"
    if reach is Reach.OWN:
        return "done" if id in world.own_ids(who, kind) else "missing"
    return "done" if id != MISSING else "missing"


@pytest.fixture(scope="module", params=ENGINES)
def world(request, migrated_file, tmp_path_factory):
    """One for all attempts: each is taken back, see ``Said``."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("matrix") / "world.db"
        shutil.copyfile(migrated_file, path)
        database = Database(f"sqlite:///{path}")
    else:
        database = request.getfixturevalue("migrated_postgresql")
        empty(database)
    with database.writing() as session:
        yield World(session)
        session.rollback()
    database.dispose()


@pytest.mark.parametrize("name", ATTEMPTS)
def test_t076_what_the_table_says_is_what_happens(world, name):
    """T079: what is somebody else's answers in the very words of what is not there."""
    right = RIGHTS[name]
    for who, actor in world.actors.items():
        for attempt in ATTEMPTS[name]:
            if isinstance(attempt, About):
                check_about(world, right, attempt, who, actor)
            elif isinstance(attempt, Listing):
                check_listing(world, right, attempt, who, actor)
            else:
                check_plain(world, right, attempt, who, actor)


def check_about(world, right, attempt: About, who, actor):
    missing = Said(world, attempt, actor, MISSING)
    for id in (*world.ids(who, attempt.kind), MISSING):
        said = Said(world, attempt, actor, id)
        if said.result == []:
            said.outcome = "missing"
        wanted = expected(world, who, right, attempt.kind, id)
        assert said.outcome == wanted, (who, attempt.kind, id, said.sentence)
        if wanted != "done":
            assert said.sentence == missing.sentence, (who, attempt.kind, id)


def check_listing(world, right, attempt: Listing, who, actor):
    """T080"""
    said = Said(world, attempt, actor)
    everything = set(world.ids(who, attempt.kind))
    reach = right.reach(ROLES[who])
    if reach is Reach.NONE:
        wanted = "refused" if right.answer is Answer.REFUSES else "done"
        assert (said.outcome, said.result or set()) == (wanted, set()), who
        return
    own = everything if reach is Reach.ALL else world.own_ids(who, attempt.kind)
    assert (said.result or set()) & everything == own, who


def check_plain(world, right, attempt: Plain, who, actor):
    said = Said(world, attempt, actor)
    if right.reach(ROLES[who]) is Reach.NONE:
        assert said.outcome == "refused" or not said.result, who
    elif who != "nobody":
        assert said.outcome == "done", (who, said.sentence)
