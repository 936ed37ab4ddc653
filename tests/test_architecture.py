"""The house rules check themselves."""

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path
    for room in ("core", "dashboard", "pages")
    for path in (ROOT / room).rglob("*.py")
    if "migrations" not in path.parts
)
SCREENS = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "core"]
PAGES = [path for path in SOURCES if path.relative_to(ROOT).parts[0] == "pages"]
COMPONENTS = [path for path in SOURCES if "components" in path.parts]

ROOMS = {"core", "dashboard", "pages", "tests", "streamlit", "streamlit_authenticator"}
MAY_IMPORT = {
    "core": {"core"},
    "dashboard": {"core", "dashboard", "streamlit", "streamlit_authenticator"},
    "pages": {"core", "dashboard", "streamlit"},
}

# Each line may import from itself and from the lines above it.
CORE_ORDER = (
    {"errors", "day_names", "folding", "interval", "languages", "settings", "recurrence"},
    {"db"},
    {"models"},
    {"schema", "policy", "rights", "demo_sign_ins"},
    {"audit"},
    {"passwords", "throttle", "one_time", "edits", "outbox", "mail", "drafts"},
    {"second_step"},
    {
        "accounts",
        "activation",
        "reset",
        "registering",
        "first_admin",
        "patients",
        "catalog",
        "schedule",
        "practice",
    },
    {"exceptional_access"},
    {"second_step_set_up", "company", "inviting", "coming_of_age", "dependants"},
    {"availability", "visits", "claims"},
    {
        "booking",
        "booking_line",
        "calendar_file",
        "calls",
        "day_board",
        "day_print",
        "directory",
        "holds",
        "merging",
        "overrides",
        "recalls",
        "visit_notes",
        "follow_up",
        "running_late",
        "series",
        "sick_day",
        "waiting",
        "desk",
        "walk_in",
        "searches",
        "agenda",
        "month",
        "week",
        "own_month",
        "own_bookings",
        "patient_record",
        "patient_slip",
        "history",
        "audit_trail",
        "check",
        "figures",
    },
    {"schedule_check", "what_if", "changing_hours", "public_holidays"},
    {"health"},
    {"analytics", "transfer", "demo"},
    {"privacy", "monthly_report"},
    {"backup"},
    {"everything"},
    {"exports", "letters", "sending"},
    {"__main__"},
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=named)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Dotted names, ``from core import audit`` as ``core.audit``."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(node: ast.AST) -> Iterator[str]:
    for found in ast.walk(node):
        if isinstance(found, ast.Call):
            yield ast.unparse(found.func)


def core_rank(module: str) -> int:
    for rank, modules in enumerate(CORE_ORDER):
        if module in modules:
            return rank
    pytest.fail(f"core/{module} has no line in CORE_ORDER; give it one")


@each(SOURCES)
def test_rooms_only_import_downwards(path):
    room = path.relative_to(ROOT).parts[0]
    rooms = {name.split(".")[0] for name in imports(path)} & ROOMS

    assert rooms <= MAY_IMPORT[room]


@each([path for path in SOURCES if path.relative_to(ROOT).parts[0] == "core"])
def test_inside_core_imports_follow_the_order(path):
    module = path.relative_to(ROOT / "core").parts[0].removesuffix(".py")
    if module == "__init__":
        assert not list(imports(path))
        return
    imported = {name.split(".")[1] for name in imports(path) if name.startswith("core.")}

    too_high = {name for name in imported if core_rank(name) > core_rank(module)}
    assert not too_high


@each(SOURCES)
def test_imports_are_whole_names(path):
    relative = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ImportFrom)]

    assert all(node.level == 0 for node in relative)


@each(COMPONENTS)
def test_components_open_no_database_session(path):
    assert not {"session.reading", "session.writing", "reading", "writing"} & set(
        calls(tree_of(path))
    )


@each(SCREENS)
def test_nothing_of_streamlit_runs_inside_a_writing_transaction(path):
    """``st.rerun()`` raises through the block and would roll the booking back."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.With) and any(
            call.endswith("writing") for item in node.items for call in calls(item)
        ):
            used = {name.id for line in node.body for name in ast.walk(line) if is_name(name)}
            assert not used & {"st", "feedback"}, f"line {node.lineno}"


def is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


@each(PAGES)
def test_every_page_asks_who_is_signed_in_before_it_draws(path):
    top = [call for line in tree_of(path).body for call in top_calls(line)]

    assert "session.signed_in" in top
    before = top[: top.index("session.signed_in")]
    assert not [call for call in before if call.startswith("st.")]


def top_calls(line: ast.stmt) -> list[str]:
    """What a line of the script itself calls; functions it only defines do not count."""
    definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [] if isinstance(line, definition) else list(calls(line))


@each(SCREENS)
def test_t098_no_html_of_ours_is_switched_on(path):
    source = path.read_text(encoding="utf-8")

    assert "unsafe_allow_html" not in source
    assert "unsafe_allow_javascript" not in source
    assert "components.v1" not in source
    assert "components.html" not in source


HTML_OF_OURS = re.compile(r"([\w.]+\.)?[A-Z_]+(\.format\(colour=[\w.]+\))?")
"""A constant; a colour may be put in, which core takes only as six digits."""
DRAWN_BY_US = {
    "_picture(made.uri)",
    "_drawn(key, name, side)",
    "_drawn(kept.key, _('Logo of {name}').format(name=name))",
}
"""The picture of a second step, a portrait and a logo, escaped where they are made."""


@each(SCREENS)
def test_t098_html_is_only_ever_what_we_wrote(path):
    drawn = [
        ast.unparse(node.args[0])
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.html"
    ]

    assert [each for each in drawn if not HTML_OF_OURS.fullmatch(each)] == [
        each for each in drawn if each in DRAWN_BY_US
    ]


@each(SCREENS)
def test_t135_files_leave_by_one_time_links_alone(path):
    """Streamlit keeps what its own button offers where the address alone is enough."""
    assert "st.download_button" not in set(calls(tree_of(path)))


def test_t129_no_folder_called_pages_lies_beside_the_script():
    """Streamlit would serve its files without running the router."""
    assert not (ROOT / "dashboard" / "pages").exists()


def test_nothing_in_dashboard_or_pages_hides_a_module_of_python_or_of_a_package():
    """``streamlit run`` puts ``dashboard/`` in front of everything else."""
    files = {path.stem for path in (ROOT / "dashboard").glob("*.py")} - {"__init__"}
    ours = files | {path.parent.name for path in (ROOT / "dashboard").glob("*/__init__.py")}
    theirs = set(importlib.metadata.packages_distributions()) | set(sys.stdlib_module_names)

    assert not ours & theirs


@each(PAGES)
def test_pages_stay_thin(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


def test_every_place_has_its_page_and_every_page_its_place():
    from dashboard.places import PLACES

    assert {place.file for place in PLACES} == {path.name for path in PAGES}
