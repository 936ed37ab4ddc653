"""The logo of the practice and with which view its desk opens: chosen once, seen everywhere."""

import io
import random
import re
import warnings

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from starlette.applications import Starlette
from starlette.exceptions import StarletteDeprecationWarning

from core import catalog
from core.catalog import EditedOrganisation, OrganisationDetails, PreparedLogo, prepare_logo
from core.catalog.logos import SIZE
from core.catalog.pictures import LARGEST_KEPT
from core.errors import Invalid, NotAllowed, NotFound
from core.models import AuditEntry, Logo, OpeningView, Role
from core.patient_slip import as_pdf, load_slip
from core.policy import CONSOLE
from dashboard import places
from dashboard.logo import address_of
from dashboard.web.routes import ROUTES
from tests import a, screen
from tests.test_portraits import GPS, NOT_A_PICTURE, SVG, bomb, photo, webp_bomb

with warnings.catch_warnings():  # it would rather have httpx2
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from starlette.testclient import TestClient


def ink(ground=(0, 0, 0, 0), size=(600, 300), at=(100, 50, 500, 150), colour="teal", **saved):
    """A PNG: a bar of ink on nothing."""
    drawn = Image.new("RGBA", size, ground)
    drawn.paste(colour, at)
    written = io.BytesIO()
    drawn.save(written, "PNG", **saved)
    return written.getvalue()


def read(logo):
    return Image.open(io.BytesIO(logo.content))


# --- what is uploaded


def test_a_logo_is_cut_to_what_is_seen_and_stands_on_white():
    kept = read(prepare_logo(ink(at=(100, 50, 500, 150))))

    assert (kept.format, kept.mode, kept.size) == ("PNG", "RGB", (400, 100))
    assert kept.getpixel((200, 50)) == (0, 128, 128)


def test_a_ring_keeps_its_middle_white():
    drawn = Image.open(io.BytesIO(ink(at=(100, 50, 200, 150))))
    drawn.paste((0, 0, 0, 0), (140, 90, 160, 110))
    written = io.BytesIO()
    drawn.save(written, "PNG")

    assert read(prepare_logo(written.getvalue())).getpixel((50, 50)) == (255, 255, 255)


def test_nothing_of_where_it_was_made_is_kept_and_it_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(GPS)[1] = "N"
    lying = photo(size=(100, 200), exif=exif, comment=b"Canary")

    logo = prepare_logo(lying)

    assert read(logo).size == (200, 100)
    assert not read(logo).getexif()
    assert b"Canary" not in logo.content


def test_the_busiest_logo_fits_into_what_is_kept():
    noise = random.Random(1).randbytes(SIZE[0] * SIZE[1] * 3)
    written = io.BytesIO()
    Image.frombytes("RGB", SIZE, noise).save(written, "PNG")

    assert len(prepare_logo(written.getvalue()).content) <= LARGEST_KEPT


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (SVG, NOT_A_PICTURE),
        (photo("GIF"), NOT_A_PICTURE),
        (bomb(6000, 6000), "too many points"),
        (webp_bomb(), "too many points"),
        (ink()[:200], "This picture is damaged."),
        (photo(size=(300, 31)), "Please choose one with at least 32 each way."),
        (ink(colour="white"), "On white nothing of this logo is seen."),
        (ink(colour=(0, 0, 0, 0)), "On white nothing of this logo is seen."),
        (photo().ljust(40 * 1024**2), "This file has 40 MB, and at most 10 fit."),
    ],
    ids=["svg", "gif", "bomb", "webp bomb", "cut off", "tiny", "white", "empty", "large"],
)
def test_what_is_no_logo_is_refused(content, sentence):
    with pytest.raises(Invalid, match=re.escape(sentence)):
        prepare_logo(content)


# --- what is kept


def test_another_logo_and_none(session):
    a.organisation(session)
    red = catalog.set_logo(session, CONSOLE, prepare_logo(ink(colour="red")), now=a.BEFORE)
    blue = catalog.set_logo(session, CONSOLE, prepare_logo(ink(colour="blue")), now=a.BEFORE)

    assert red != blue == catalog.find_logo(session).key

    catalog.remove_logo(session, CONSOLE, now=a.BEFORE)
    session.flush()
    assert session.scalars(select(Logo)).all() == []
    with pytest.raises(NotFound):
        catalog.remove_logo(session, CONSOLE, now=a.BEFORE)


def test_the_same_logo_again_leaves_no_trace(session):
    a.organisation(session)
    for _each in range(2):
        catalog.set_logo(session, CONSOLE, prepare_logo(ink()), now=a.BEFORE)

    found = select(AuditEntry.id).where(AuditEntry.action == "logo.set")
    assert len(session.scalars(found).all()) == 1


def test_nobody_but_who_manages_the_place_chooses_it(session):
    a.organisation(session)
    with pytest.raises(NotAllowed):
        catalog.set_logo(session, a.actor(session), prepare_logo(ink()), now=a.BEFORE)


def test_the_table_itself_holds_nothing_larger(session):
    a.organisation(session)
    larger = PreparedLogo(b"x" * (LARGEST_KEPT + 1))
    with pytest.raises(IntegrityError):
        catalog.set_logo(session, CONSOLE, larger, now=a.BEFORE)


def test_a_slip_to_take_home_bears_the_logo(session):
    a.organisation(session)
    ana, rita = a.patient(session), a.actor(session)
    bare = as_pdf(load_slip(session, rita, ana.id, now=a.BEFORE))
    catalog.set_logo(session, CONSOLE, prepare_logo(ink()), now=a.BEFORE)
    session.flush()

    slip = load_slip(session, rita, ana.id, now=a.BEFORE)

    pictures = [each.count(b"/Subtype /Image") for each in (bare, as_pdf(slip))]
    assert pictures == [0, 1]


# --- over HTTP and on screen


@pytest.fixture
def house(sqlite_database):
    """The practice has a logo."""
    with sqlite_database.writing() as session:
        a.organisation(session)
        a.professional(session, name="Dr Ada")
        key = catalog.set_logo(session, CONSOLE, prepare_logo(ink()), now=a.BEFORE)
        users = {
            role: a.user(session, role, password_hash="x")
            for role in (Role.ADMIN, Role.RECEPTIONIST)
        }
    return sqlite_database, key, users


def test_a_stranger_gets_the_logo_and_nothing_by_another_name(monkeypatch, house):
    database, key, _users = house
    screen.use(monkeypatch, database)
    client = TestClient(Starlette(routes=ROUTES))
    answer = client.get(address_of(key))

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.content)).size == (400, 100)
    again = client.get(address_of(key), headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for other in ("1", "0" * 64, key.upper(), f"{key}.svg", "..%2f..%2fetc%2fpasswd"):
        assert client.get(address_of(other)).status_code == 404, other
    assert client.post(address_of(key)).status_code == 405


def drawn(page):
    assert not page.exception
    return "".join(each.proto.body for each in page.get("html"))


def test_it_stands_above_the_way_in_and_nowhere_without_one(monkeypatch, house):
    database, key, _users = house
    stranger = screen.show_to(monkeypatch, database, None)
    assert f'src="{address_of(key)}" alt="Logo of ' in drawn(stranger.run())

    with database.writing() as session:
        catalog.remove_logo(session, CONSOLE, now=a.BEFORE)

    assert "/logo/" not in drawn(stranger.run())


@pytest.fixture
def place(monkeypatch, house):
    page = screen.show_to(monkeypatch, house[0], house[2][Role.ADMIN]).run()
    page.switch_page(str(places.PAGES / "practice.py")).run()
    return page.segmented_control(key="section").set_value("Place").run()


def test_an_admin_chooses_another_at_once_and_takes_it_away(place, house):
    place.file_uploader[0].set_value(("logo.png", ink(colour="red"), "image/png")).run()

    assert [each.value for each in place.toast] == ["Saved the logo."]
    with house[0].reading() as session:
        kept = catalog.find_logo(session)
    assert kept.key != house[1]
    assert address_of(kept.key) in drawn(place)

    place.button(key="logo_upload_remove").click().run()
    assert "/logo/" not in drawn(place)
    with house[0].reading() as session:
        assert catalog.find_logo(session) is None


def test_an_svg_named_png_is_refused_and_the_logo_stays(place, house):
    place.file_uploader[0].set_value(("logo.png", SVG, "image/png")).run()

    assert [each.value for each in place.error] == [NOT_A_PICTURE]
    with house[0].reading() as session:
        assert catalog.find_logo(session).key == house[1]


# --- the opening view


def test_the_desk_opens_as_the_practice_chose_and_the_address_wins(monkeypatch, place, house):
    database, _key, users = house
    place.button(key="practice_edit_place_1").click().run()
    place.segmented_control(key="practice_form_opening_view").set_value(OpeningView.MONTH)
    next(each for each in place.button if each.label == "Save").click().run()
    assert not place.exception

    desk = screen.show_to(monkeypatch, database, users[Role.RECEPTIONIST]).run()
    assert desk.segmented_control(key="view").value == "Month"

    linked = screen.show_to(monkeypatch, database, users[Role.RECEPTIONIST])
    linked.switch_page(str(places.PAGES / "desk.py"))
    linked.query_params["view"] = "Week"
    linked.run()
    assert linked.segmented_control(key="view").value == "Week"


def test_a_view_nobody_knows_is_refused(session):
    place = a.organisation(session)
    details = OrganisationDetails("Rua Nova", a.ZONE, "PT", "EUR", "year")
    with pytest.raises(Invalid, match="Please choose"):
        catalog.edit_organisation(
            session, CONSOLE, EditedOrganisation(place.version, details), now=a.BEFORE
        )
