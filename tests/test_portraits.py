"""The picture of a professional: read with care, kept small, shown to whom it may be shown."""

import io
import random
import struct
import warnings
import zlib

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from starlette.applications import Starlette
from starlette.exceptions import StarletteDeprecationWarning
from starlette.middleware import Middleware

from core import catalog
from core.catalog import NewPortrait, Picture, prepare_picture
from core.catalog.pictures import LARGEST_FILE, LARGEST_KEPT, MOST_PIXELS, SIDE
from core.errors import Invalid, NotFound
from core.models import AuditEntry, Organisation, Portrait, Professional, Role
from core.policy import CONSOLE
from dashboard import places
from dashboard.components.portrait import address_of
from dashboard.web import cookies
from dashboard.web.middleware import SecurityHeaders
from dashboard.web.routes import ROUTES
from tests import a, screen

with warnings.catch_warnings():  # it would rather have httpx2
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from starlette.testclient import TestClient

ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825


def photo(kind="JPEG", size=(400, 300), colour="red", **saved):
    written = io.BytesIO()
    Image.new("RGBA" if kind != "JPEG" else "RGB", size, colour).save(written, kind, **saved)
    return written.getvalue()


def read(picture):
    return Image.open(io.BytesIO(picture.content))


# --- what is uploaded


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_a_browser_shows_becomes_a_small_square_jpeg(kind):
    kept = read(prepare_picture(photo(kind)))

    assert (kept.format, kept.size, kept.mode) == ("JPEG", (SIDE, SIDE), "RGB")
    assert kept.getpixel((10, 10)) == pytest.approx((254, 0, 0), abs=3)


def test_transparent_becomes_white():
    kept = read(prepare_picture(photo("PNG", colour=(0, 0, 0, 0))))
    assert kept.getpixel((10, 10)) == (255, 255, 255)


def test_it_stands_upright_and_says_nothing_of_camera_or_place():
    lying = Image.new("RGB", (400, 400), "blue")
    lying.paste("red", (0, 0, 400, 200))  # red on top, as it lies
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Canary"  # to be turned by a quarter to the right
    exif.get_ifd(GPS)[1] = "N"
    written = io.BytesIO()
    lying.save(written, "JPEG", exif=exif, comment=b"Canary")

    picture = prepare_picture(written.getvalue())

    kept = read(picture)
    right, left = kept.getpixel((SIDE - 5, 240)), kept.getpixel((5, 240))
    assert (right[0] > 200, left[2] > 200) == (True, True)
    assert not kept.getexif()
    assert b"Canary" not in picture.content
    assert b"Exif" not in picture.content


def test_the_busiest_picture_fits_into_what_is_kept():
    noise = random.Random(1).randbytes(1000 * 1000 * 3)
    written = io.BytesIO()
    Image.frombytes("RGB", (1000, 1000), noise).save(written, "PNG")

    assert len(prepare_picture(written.getvalue()).content) <= LARGEST_KEPT


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NOT_A_PICTURE = "This file is not a picture we can read. Please choose a PNG, JPEG or WebP."


def gif():
    return photo("GIF")


def bomb(width, height):
    """A PNG of a few hundred bytes that says it is as large as that."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def webp_bomb():
    """A WebP of a few bytes whose canvas would take a gigabyte."""
    canvas = (16383 - 1).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + b"\x10\0\0\0" + canvas + b"VP8L\0\0\0\0"
    return b"RIFF" + len(body).to_bytes(4, "little") + body


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (SVG, NOT_A_PICTURE),
        (b"<?xml version='1.0'?>" + SVG, NOT_A_PICTURE),
        (gif(), NOT_A_PICTURE),
        (b"%PDF-1.7", NOT_A_PICTURE),
        (b"", NOT_A_PICTURE),
        (b"\x89PNG\r\n\x1a\n", NOT_A_PICTURE),
        (photo()[:2000][:-300], "This picture is damaged."),
        (bomb(300, 300), "This picture is damaged."),
        (bomb(6000, 6000), "too many points. Please choose one of at most 25 megapixels."),
        (bomb(60_000, 60_000), "too many points"),
        (photo(size=(60_000, 900)), "too many points"),
        (webp_bomb(), "too many points"),
        (
            photo(size=(99, 400)),
            "has 99 × 400 points. Please choose one with at least 100 each way.",
        ),
    ],
    ids=[
        "svg named png",
        "svg with a head",
        "gif",
        "pdf",
        "nothing",
        "a head alone",
        "cut off",
        "without its points",
        "bomb",
        "large bomb",
        "strip",
        "webp bomb",
        "tiny",
    ],
)
def test_what_is_no_picture_is_refused(content, sentence):
    with pytest.raises(Invalid) as refusal:
        prepare_picture(content)
    assert sentence in str(refusal.value)
    assert refusal.value.field == "picture"


def test_forty_megabytes_are_refused_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_args, **_kinds: pytest.fail("it was read"))

    with pytest.raises(Invalid, match="This file has 40 MB, and at most 10 fit"):
        prepare_picture(photo().ljust(40 * 1024**2))
    assert LARGEST_FILE == 10 * 1024**2


def test_no_point_of_a_bomb_is_read(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda *_args: pytest.fail("it was read"))

    with pytest.raises(Invalid, match="too many points"):
        prepare_picture(bomb(6000, 6000))
    assert MOST_PIXELS["JPEG"] == 60_000_000


# --- what is kept


@pytest.fixture
def ada(session):
    return a.professional(session, name="Dr Ada")


def show(session, professional, actor=CONSOLE, colour="red"):
    request = NewPortrait(professional.id, prepare_picture(photo(colour=colour)))
    return catalog.set_portrait(session, actor, request, now=a.BEFORE)


def test_a_professional_shows_another_picture_and_none(session, ada):
    herself = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    red = show(session, ada, herself)
    blue = show(session, ada, herself, colour="blue")

    assert red != blue
    assert catalog.load_portrait_keys(session, [ada.id]) == {ada.id: blue}

    catalog.remove_portrait(session, herself, ada.id, now=a.BEFORE)
    session.flush()
    assert session.scalars(select(Portrait)).all() == []
    with pytest.raises(NotFound):
        catalog.remove_portrait(session, herself, ada.id, now=a.BEFORE)


def test_the_same_picture_again_leaves_no_trace(session, ada):
    show(session, ada)
    before = len(session.scalars(select(AuditEntry)).all())

    show(session, ada)

    assert len(session.scalars(select(AuditEntry)).all()) == before


def test_of_others_a_professional_chooses_no_picture(session, ada):
    ben = a.actor(session, Role.PROFESSIONAL, professional_id=a.professional(session).id)
    show(session, ada)

    with pytest.raises(NotFound):
        show(session, ada, ben)
    with pytest.raises(NotFound):
        catalog.remove_portrait(session, ben, ada.id, now=a.BEFORE)


# --- over HTTP


@pytest.fixture
def house(sqlite_database):
    """Dr Ada has a picture."""
    with sqlite_database.writing() as session:
        made = a.professional(session, name="Dr Ada")
        key = show(session, made)
        users = {
            role: a.user(
                session,
                role,
                patient_id=a.patient(session).id if role is Role.PATIENT else None,
                professional_id=a.professional(session).id if role is Role.PROFESSIONAL else None,
            )
            for role in Role
        }
    return sqlite_database, key, users


@pytest.fixture
def ask(monkeypatch, house):
    """``ask(Role.PATIENT)`` asks for the picture; without a role, as a stranger."""
    database, key, users = house
    screen.use(monkeypatch, database)
    app = Starlette(routes=ROUTES, middleware=[Middleware(SecurityHeaders)])

    def get(role=None, path=None, **headers):
        client = TestClient(app)
        if role is not None:
            client.cookies.set(cookies.PLAIN_NAME, screen.open_session(database, users[role]))
        return client.get(path or address_of(key), headers=headers)

    return get


def change(database, kind, **values):
    with database.writing() as session:
        for row in session.scalars(select(kind)):
            for name, value in values.items():
                setattr(row, name, value)


def test_a_picture_comes_as_nothing_but_a_picture_and_is_kept_by_the_browser(ask, house):
    answer = ask(Role.PATIENT)

    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).size == (SIDE, SIDE)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"].startswith("private, max-age=")
    again = ask(Role.PATIENT, **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("role", Role)
def test_everybody_signed_in_sees_it(ask, role):
    assert ask(role).status_code == 200


def test_a_stranger_sees_it_only_where_the_directory_is_open(ask, house):
    assert ask().status_code == 404

    change(house[0], Organisation, directory_open=True)

    assert ask().status_code == 200


def test_who_is_not_listed_is_seen_by_the_staff_alone(ask, house):
    change(house[0], Organisation, directory_open=True)
    change(house[0], Professional, listed=False)

    assert [ask(role).status_code for role in (None, Role.PATIENT)] == [404, 404]
    assert ask(Role.RECEPTIONIST).status_code == 200


def test_who_does_not_work_here_any_more_is_not_seen(ask, house):
    change(house[0], Professional, archived_at=a.BEFORE)
    assert ask(Role.ADMIN).status_code == 404


@pytest.mark.parametrize(
    "key",
    [
        "1",
        "0" * 64,
        "%",
        "%25",
        "_" * 64,
        "..%2f..%2fetc%2fpasswd",
        "%00" * 3,
        "' OR 1=1 --",
        "\N{ARABIC-INDIC DIGIT ONE}" * 64,
        "a" * 10_000,
        "{key}%0a",
        "{upper}",
        "{key}.svg",
    ],
)
def test_what_is_asked_for_by_any_other_name_is_not_there(ask, house, key):
    """No number to count up, no path, and no part of an address that reaches a file."""
    path = "/portrait/" + key.replace("{key}", house[1]).replace("{upper}", house[1].upper())

    answer = ask(Role.ADMIN, path)

    assert answer.status_code == 404
    assert "image" not in answer.headers["content-type"]


def test_a_picture_is_only_ever_read(ask, house, monkeypatch):
    database, key, _users = house
    screen.use(monkeypatch, database)
    client = TestClient(Starlette(routes=ROUTES))

    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert client.request(method, address_of(key)).status_code == 405


# --- on screen


@pytest.fixture
def page(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        made = a.professional(session, name="Dr Elena <b>Ruiz")
        user = a.user(session, Role.PROFESSIONAL, professional_id=made.id)
    opened = screen.show_to(monkeypatch, sqlite_database, user).run()
    return opened.switch_page(str(places.PAGES / "my_profile.py")).run()


def drawn(page):
    assert not page.exception
    return "".join(each.proto.body for each in page.get("html"))


def test_a_photo_from_a_telephone_is_kept_at_once_and_seen(page, sqlite_database):
    assert ">E&lt;<" not in drawn(page)
    assert "<img" not in drawn(page)
    page.file_uploader[0].set_value(("IMG_1.jpg", photo(), "image/jpeg")).run()

    assert [each.value for each in page.toast] == [r"Saved the picture of Dr Elena \<b>Ruiz."]
    with sqlite_database.reading() as session:
        key = session.scalars(select(Portrait.key)).one()
    assert drawn(page).count(f'src="{address_of(key)}" alt="Dr Elena &lt;b&gt;Ruiz"') == 2


def test_an_svg_named_png_is_refused_and_nothing_changes(page, sqlite_database):
    page.file_uploader[0].set_value(("me.png", SVG, "image/png")).run()

    assert [each.value for each in page.error] == [NOT_A_PICTURE]
    with sqlite_database.reading() as session:
        assert session.scalars(select(Portrait)).all() == []


def test_a_picture_of_forty_megabytes_is_refused_and_nothing_changes(page, sqlite_database):
    page.file_uploader[0].set_value(("me.jpg", photo().ljust(40 * 1024**2), "image/jpeg")).run()

    assert page.error[0].value.startswith("This file has 40 MB, and at most 10 fit.")
    with sqlite_database.reading() as session:
        assert session.scalars(select(Portrait)).all() == []


def test_it_is_taken_away_again(page, sqlite_database):
    page.file_uploader[0].set_value(("IMG_1.jpg", photo(), "image/jpeg")).run()
    page.button(key="portrait_upload_remove").click().run()

    assert "<img" not in drawn(page)
    with sqlite_database.reading() as session:
        assert session.scalars(select(Portrait)).all() == []


def test_what_is_no_prepared_picture_is_not_kept_beyond_its_size(session, ada):
    """The table itself holds nothing larger."""
    request = NewPortrait(ada.id, Picture(b"x" * (LARGEST_KEPT + 1)))
    with pytest.raises(IntegrityError):
        catalog.set_portrait(session, CONSOLE, request, now=a.BEFORE)
