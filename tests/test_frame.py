"""The frame: who sees which place, what a refusal looks like, whose state a tab holds."""

import gettext as stdlib_gettext
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core import passwords
from core.db import utc_now
from core.errors import Invalid, NotAllowed, SlotTaken, TooManyAttempts
from core.models import AuthSession, BookingState, Role, User
from core.passwords import hash_password
from core.policy import Actor
from dashboard import feedback, formatting, i18n, places, session
from dashboard.escaping import APART, md
from tests import a, screen

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def pages(tmp_path, monkeypatch) -> Path:
    """One small page for each place, in place of the real ones."""
    monkeypatch.setattr(places, "PAGES", tmp_path)
    monkeypatch.setattr(passwords, "COST", 4)
    for place in places.PLACES:
        write_page(tmp_path, place.file, f"st.write({place.url!r})")
    return tmp_path


def write_page(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(
        "import streamlit as st\nfrom dashboard import feedback, session\n"
        f"actor = session.signed_in()\n{body}\n"
    )


@pytest.fixture
def people(sqlite_database) -> dict[Role, User]:
    hashed = hash_password(PASSWORD, Role.ADMIN)
    with sqlite_database.writing() as db:
        doctor, patient = a.professional(db), a.patient(db)
        links = {
            Role.PROFESSIONAL: {"professional_id": doctor.id},
            Role.PATIENT: {"patient_id": patient.id},
        }
        return {
            role: a.user(db, role, username=role.value, password_hash=hashed, **links.get(role, {}))
            for role in Role
        }


@pytest.fixture
def show(monkeypatch, sqlite_database, people):
    def show_to(role: Role | None):
        user = people[role] if role else None
        return screen.show_to(monkeypatch, sqlite_database, user)

    return show_to


def written(page) -> list[str]:
    return [each.value for each in page.markdown]


# --- routes


@pytest.mark.parametrize(("role", "home"), places.HOMES.items())
def test_each_role_starts_at_its_home(show, role, home):
    page = show(role).run()

    assert not page.exception
    assert written(page) == [home]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("place", places.PLACES, ids=lambda place: place.url)
def test_t128_a_place_opens_to_whom_its_permissions_say(show, role, place):
    page = show(role).run()
    page.switch_page(str(places.PAGES / place.file)) if opens(role, place) else to(page, place.url)
    page.run()

    if opens(role, place):
        assert written(page) == [place.url]
    else:
        assert written(page) == []
        assert [error.value for error in page.error] == ["Your role does not open this page."]


def opens(role: Role, place: places.Place) -> bool:
    return place.is_open_to(Actor(role=role, name=""))


def to(page, url: str) -> None:
    """Ask for a place by its url, as an address bar does."""
    from streamlit.util import calc_hash

    page._page_hash = calc_hash(url)


@pytest.mark.parametrize("place", places.PLACES, ids=lambda place: place.url)
def test_a_stranger_gets_the_sign_in_page_at_every_url(show, place):
    page = show(None).run()
    to(page, place.url)
    page.run()

    assert [field.label for field in page.text_input] == ["User name", "Password"]
    assert place.url not in written(page)


def test_who_may_go_where():
    assert {
        role: [place.url for place in places.PLACES if opens(role, place)] for role in Role
    } == {
        Role.PATIENT: ["my-bookings", "find", "account"],
        Role.PROFESSIONAL: [
            "my-calendar",
            "my-hours",
            "time-off",
            "my-profile",
            "my-numbers",
            "patients",
            "account",
        ],
        Role.RECEPTIONIST: [
            "desk",
            "today",
            "time-off",
            "sick-day",
            "waiting-list",
            "patients",
            "overrides",
            "account",
        ],
        Role.ADMIN: [
            "desk",
            "today",
            "time-off",
            "sick-day",
            "waiting-list",
            "patients",
            "numbers",
            "overrides",
            "practice",
            "audit",
            "account",
        ],
    }


def test_urls_and_files_of_places_are_their_own():
    assert len({place.url for place in places.PLACES}) == len(places.PLACES)
    assert len({place.file for place in places.PLACES}) == len(places.PLACES)
    assert set(places.HOMES) == set(places.ROLE_NAMES) == set(Role)


# --- signing in


def sign_in(page, username, password):
    page.text_input[0].set_value(username)
    page.text_input[1].set_value(password)
    page.button[0].click().run()


def test_the_right_password_leaves_a_ticket_and_nothing_of_identity(show, people):
    page = show(None).run()
    sign_in(page, "receptionist", PASSWORD)

    assert not page.exception
    assert written(page) == ["Signing in …"]
    kept = str(page.session_state._state.filtered_state)
    assert people[Role.RECEPTIONIST].name not in kept
    assert "receptionist" not in kept
    assert PASSWORD not in kept


def test_t046_wrong_and_unknown_look_the_same(show):
    seen = []
    for username in ("receptionist", "nobody"):
        page = show(None).run()
        sign_in(page, username, "wrong")
        seen.append([error.value for error in page.error])

    assert seen == [["This user name and password do not belong together. Please try again."]] * 2


def test_t048_whoever_guesses_is_told_how_long_to_wait(show):
    page = show(None).run()
    for _ in range(7):
        sign_in(page, "receptionist", "wrong")

    assert [error.value for error in page.error] == [
        "Too many wrong attempts. Please try again in 2 seconds."
    ]


@pytest.mark.parametrize(
    ("told", "said"),
    [("_hand_over_failed", "That took too long."), ("_hand_over_not_kept", "Allow cookies")],
)
def test_a_hand_over_that_failed_gets_a_sentence_and_the_form_again(show, told, said):
    page = show(None).run()
    sign_in(page, "receptionist", PASSWORD)
    del page.session_state["_hand_over"]
    page.session_state[told] = True
    page.run()

    (error,) = page.error
    assert said in error.value
    assert [field.label for field in page.text_input] == ["User name", "Password"]


def test_the_demo_offers_one_sign_in_for_each_role(monkeypatch, sqlite_database, people):
    page = screen.show_to(monkeypatch, sqlite_database, None)
    screen.use(monkeypatch, sqlite_database, demo=True)
    page.run()

    labels = [button.label for button in page.button]
    assert labels[1:] == [
        "**Receptionist** · Rita Fonseca",
        "**Professional** · Dr Elena Ruiz",
        "**Patient** · Ana Silva",
        "**Admin** · Alex Moreau",
    ]


def test_outside_the_demo_no_password_is_shown(show):
    labels = [button.label for button in show(None).run().button]
    assert labels == ["Sign in", "Forgot your password?"]


def test_t041_t042_the_set_up_page_is_there_until_somebody_can_sign_in(
    monkeypatch, sqlite_database
):
    page = screen.show_to(monkeypatch, sqlite_database, None).run()
    assert page.title[0].value == "Set up Frontdesk"
    page.button[0].click().run()
    assert page.error

    with sqlite_database.writing() as db:
        a.user(db, Role.ADMIN)
    page.run()
    assert page.title[0].value == "Frontdesk"
    assert [field.label for field in page.text_input] == ["User name", "Password"]


# --- whose tab it is


def test_t069_another_browsers_state_is_dropped_at_once(show, monkeypatch):
    page = show(Role.RECEPTIONIST).run()
    page.session_state["draft"] = "Ana Silva, Friday"
    page.run()
    assert page.session_state["draft"] == "Ana Silva, Friday"

    monkeypatch.setattr(session, "cookie_token", lambda: "")
    page.run()

    assert "draft" not in page.session_state
    assert [field.label for field in page.text_input] == ["User name", "Password"]


def test_t070_the_next_person_in_the_same_tab_finds_nothing_of_the_last(
    show, monkeypatch, sqlite_database, people
):
    page = show(Role.RECEPTIONIST).run()
    page.session_state["draft"] = "Ana Silva, Friday"
    page.run()

    token = screen.open_session(sqlite_database, people[Role.ADMIN])
    monkeypatch.setattr(session, "cookie_token", lambda: token)
    page.run()

    assert "draft" not in page.session_state


def test_t066_a_session_that_was_ended_is_out_at_the_next_run(show, sqlite_database):
    page = show(Role.RECEPTIONIST).run()
    with sqlite_database.writing() as db:
        db.scalars(select(AuthSession)).one().revoked_at = a.BEFORE
    page.run()

    assert [field.label for field in page.text_input] == ["User name", "Password"]


def leave_alone(database, **span) -> datetime:
    """The session was last used so long ago; when that was."""
    with database.writing() as db:
        opened = db.scalars(select(AuthSession)).one()
        opened.last_seen_at -= timedelta(**span)
        return opened.last_seen_at


def test_t066_a_session_that_ends_while_the_page_is_drawn_shows_the_door(show, pages):
    body = """
from sqlalchemy import update
from core.db import utc_now
from core.models import AuthSession

with session.writing() as db:
    db.execute(update(AuthSession).values(revoked_at=utc_now(), revoke_reason="test"))


@st.fragment
def the_rest():
    session.signed_in()


the_rest()
"""
    write_page(pages, "desk.py", body)
    page = show(Role.RECEPTIONIST).run()

    assert not page.exception
    assert [field.label for field in page.text_input] == ["User name", "Password"]


def test_t063_a_run_by_itself_is_no_use_of_the_session(show, sqlite_database):
    page = show(Role.RECEPTIONIST)
    before = leave_alone(sqlite_database, minutes=5)
    page.run()

    with sqlite_database.reading() as db:
        assert db.scalars(select(AuthSession.last_seen_at)).one() == before


def test_the_end_of_a_session_is_told_five_minutes_before(show, sqlite_database):
    """T064."""
    page = show(Role.RECEPTIONIST).run()
    assert not page.warning

    with sqlite_database.writing() as db:
        opened = db.scalars(select(AuthSession)).one()
        opened.expires_at = utc_now() + timedelta(minutes=4)
        at = opened.expires_at.astimezone(ZoneInfo(a.ZONE))
    page.run()
    assert [each.value for each in page.warning] == [
        f"You will be signed out at {at:%H:%M}. Please finish what you are doing."
    ]


# --- a desk left alone


@pytest.mark.parametrize("place", places.PLACES, ids=lambda place: place.url)
def test_t063_t065_left_alone_every_place_is_the_lock_and_names_its_owner_only(
    show, sqlite_database, people, place
):
    page = show(Role.ADMIN).run()
    leave_alone(sqlite_database, minutes=15)
    to(page, place.url)
    page.run()

    assert [title.value for title in page.title] == ["Locked"]
    assert [field.label for field in page.text_input] == ["Your password"]
    assert written(page) == [
        f"{people[Role.ADMIN].name}, nobody used this page for a while. "
        "What you were doing is kept."
    ]


def test_t063_patients_left_alone_are_signed_out(show, sqlite_database):
    page = show(Role.PATIENT).run()
    leave_alone(sqlite_database, minutes=30)
    page.run()

    assert [field.label for field in page.text_input] == ["User name", "Password"]


INPUTS = """
st.text_input("Name", key="name")
st.checkbox("Urgent", key="urgent")
st.number_input("Minutes", key="minutes")
st.multiselect("Days", ["Mon", "Tue"], key="days")
st.date_input("On", key="on")
st.text_input("Secret", type="password", key="new_password")
if st.button("Save", key="save"):
    st.session_state["saved"] = True
"""


def fill_in(page) -> None:
    page.text_input(key="name").set_value("Ana Silva")
    page.checkbox(key="urgent").check()
    page.number_input(key="minutes").set_value(45)
    page.multiselect(key="days").set_value(["Tue"])
    page.date_input(key="on").set_value(a.DAY)
    page.text_input(key="new_password").set_value("four purple tractors")
    page.run()


def unlock(page, password):
    page.text_input(key="unlock_password").set_value(password)
    page.button[0].click().run()


def test_t063_the_password_brings_back_the_place_and_what_was_typed(show, pages, sqlite_database):
    write_page(pages, "desk.py", INPUTS)
    page = show(Role.RECEPTIONIST).run()
    fill_in(page)
    page.button(key="save").click().run()
    leave_alone(sqlite_database, minutes=15)
    page.run()
    assert [title.value for title in page.title] == ["Locked"]
    assert "four purple tractors" not in str(page.session_state._state.filtered_state)

    unlock(page, PASSWORD)

    assert not page.exception
    assert page.text_input(key="name").value == "Ana Silva"
    assert page.checkbox(key="urgent").value is True
    assert page.number_input(key="minutes").value == 45
    assert page.multiselect(key="days").value == ["Tue"]
    assert page.date_input(key="on").value == a.DAY
    assert page.text_input(key="new_password").value == ""
    assert page.session_state["saved"]
    assert PASSWORD not in str(page.session_state._state.filtered_state)


def test_a_wrong_password_leaves_the_lock_and_says_so(show, sqlite_database):
    page = show(Role.RECEPTIONIST).run()
    leave_alone(sqlite_database, minutes=15)
    page.run()
    unlock(page, "not the password")

    assert [error.value for error in page.error] == ["This is not your password. Please try again."]
    assert [title.value for title in page.title] == ["Locked"]


def test_t070_whoever_signs_in_instead_finds_nothing_of_the_owner(show, pages, sqlite_database):
    write_page(pages, "desk.py", INPUTS)
    page = show(Role.RECEPTIONIST).run()
    fill_in(page)
    leave_alone(sqlite_database, minutes=15)
    page.run()
    page.button(key="lock_leave").click().run()

    assert written(page) == ["Signing out …"]
    assert "Ana Silva" not in str(page.session_state._state.filtered_state)
    with sqlite_database.reading() as db:
        assert db.scalars(select(AuthSession.revoke_reason)).one() == "signed out"


# --- what is said


def test_a_refusal_raised_by_a_page_is_a_sentence_in_its_place(show, pages):
    write_page(
        pages,
        "desk.py",
        "from core.errors import SlotTaken\nraise SlotTaken(professional='Dr *Ruiz*')",
    )
    page = show(Role.RECEPTIONIST).run()

    assert not page.exception
    assert (
        page.error[0].value
        == r"Dr \*Ruiz\* is already booked for that time. Please choose another."
    )


def test_a_flash_is_said_once_as_it_is(show, pages):
    write_page(
        pages,
        "desk.py",
        "if st.button('Book'):\n    feedback.flash('Booked *Ana*.')\n    st.rerun()",
    )
    page = show(Role.RECEPTIONIST).run()
    page.button[0].click().run()
    assert [toast.value for toast in page.toast] == [r"Booked \*Ana\*."]

    page.run()
    assert not page.toast


def test_t136_a_bug_is_a_number_on_screen_and_its_story_is_in_the_log(monkeypatch, caplog):
    shown: list[str] = []
    monkeypatch.setattr(feedback.st, "error", lambda sentence, **_: shown.append(sentence))

    assert feedback.report(RuntimeError("SELECT secret FROM /etc/passwd"))

    number = shown[0].removesuffix(".").split()[-1]
    assert shown[0].startswith("Something went wrong")
    assert "secret" not in shown[0]
    assert number in caplog.text
    assert "SELECT secret" in caplog.text


def test_refusals_outside_a_page_are_said_as_well(monkeypatch):
    shown: list[str] = []
    monkeypatch.setattr(feedback.st, "error", lambda sentence, **_: shown.append(sentence))

    assert feedback.report(NotAllowed())

    assert shown == ["Your role does not allow this. Ask an admin if you need it."]


LISBON = ZoneInfo("Europe/Lisbon")
NOW = datetime(2026, 12, 4, 9, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (datetime(2026, 12, 4, 10, 15, tzinfo=UTC), "today 10:15"),
        (datetime(2026, 12, 4, 8, 5, tzinfo=UTC), "today 08:05"),
        (datetime(2026, 12, 5, 0, 0, tzinfo=UTC), "tomorrow 00:00"),
        (datetime(2026, 12, 10, 10, 15, tzinfo=UTC), "Thursday 10 December, 10:15"),
        (datetime(2026, 12, 11, 10, 15, tzinfo=UTC), "Friday 11 December, 10:15"),
        (datetime(2026, 12, 3, 10, 15, tzinfo=UTC), "Thursday 3 December, 10:15"),
        (datetime(2027, 1, 8, 10, 15, tzinfo=UTC), "Friday 8 January 2027, 10:15"),
    ],
)
def test_a_time_carries_as_much_as_it_takes_to_know_the_day(instant, words):
    assert formatting.when(instant, LISBON, NOW) == words


def test_today_is_a_day_of_the_zone_not_of_utc():
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)

    assert formatting.when(late, LISBON, late) == "today 00:30"
    assert formatting.when(late, LISBON, late - timedelta(hours=2)) == "tomorrow 00:30"


def test_a_refusal_is_said_with_its_details_in_the_readers_form(monkeypatch):
    monkeypatch.setattr(session, "zone", lambda: LISBON)
    monkeypatch.setattr(formatting, "utc_now", lambda: NOW)
    refused = Invalid(
        "{who} is {state} until {at}, on {day}.",
        who="[Ana](http://x)",
        state=BookingState.NO_SHOW,
        at=NOW + timedelta(hours=1),
        day=date(2026, 12, 25),
    )

    assert formatting.plain(refused) == (
        "[Ana](http://x) is no show until today 10:00, on Friday 25 December."
    )
    assert formatting.say(refused).startswith(r"\[Ana\](http:" + APART)


def test_sentences_are_looked_up_before_their_details_are_filled_in(monkeypatch):
    class Portuguese(stdlib_gettext.NullTranslations):
        def gettext(self, sentence: str) -> str:
            return {TooManyAttempts.message: "Espere {seconds} segundos."}.get(sentence, sentence)

    monkeypatch.setattr(i18n, "_catalogue", lambda _tag: Portuguese())

    assert formatting.plain(TooManyAttempts(seconds=4)) == "Espere 4 segundos."


@pytest.mark.parametrize("asked", ["../../etc", "", None, "en/../x", "x" * 40])
def test_a_language_that_is_none_is_english(monkeypatch, asked):
    class Context:
        locale = asked

    monkeypatch.setattr(i18n.st, "context", Context)

    assert i18n.language() == "en"


# --- what people wrote


@pytest.mark.parametrize(
    "text",
    [
        "Ana Silva",
        "Booked Ana Silva with Dr Ruiz, Friday 10:15.",
        "09:00-10:00",
        "O'Brien-Smith (née Costa)!",
        "Note: fasting",
    ],
)
def test_everyday_text_stays_as_it_is(text):
    assert md(text) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("![x](http://x.example)", r"!\[x\](http:" + APART + "//x.example)"),
        ("<b>x</b>", r"\<b>x\</b>"),
        (":red[x]", ":" + APART + r"red\[x\]"),
        ("$x$ `y` *z* ~a~ _b_ |c|", r"\$x\$ \`y\` \*z\* \~a\~ \_b\_ \|c\|"),
        ("# x", r"\# x"),
        ("12. x", r"12\. x"),
        ("- x", r"\- x"),
        ("a@b.example", "a@" + APART + "b.example"),
        ("www.x.example", "www" + APART + ".x.example"),
        ("one\n\n# two", "one # two"),
        ("    code", "code"),
        ("&lt;", r"\&lt;"),
        ("a\\", "a\\\\"),
    ],
)
def test_t096_what_would_act_as_markdown_does_not(text, escaped):
    assert md(text) == escaped


def test_slot_taken_stays_readable():
    assert formatting.say(SlotTaken(professional="Dr Ruiz")) == (
        "Dr Ruiz is already booked for that time. Please choose another."
    )


# --- the theme


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_theme_can_be_read(mode):
    config = (screen.ROUTER.parent.parent / ".streamlit" / "config.toml").read_text()
    theme = tomllib.loads(config)["theme"][mode]
    grounds = (theme["backgroundColor"], theme["secondaryBackgroundColor"])
    inks = ("red", "orange", "yellow", "green", "blue", "violet", "gray", "link", "text")

    assert contrast("#FFFFFF", theme["primaryColor"]) >= 4.5  # the words on a button
    assert contrast(theme["primaryColor"], theme["backgroundColor"]) >= 3
    for ink in inks:
        for ground in grounds:
            assert contrast(theme[f"{ink}Color"], ground) >= 4.5, (ink, ground)
