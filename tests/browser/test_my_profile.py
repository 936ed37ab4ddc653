"""Dr Ruiz shapes her profile: what she knows, a photo from her telephone, at which price."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from core import catalog
from core.catalog import EditedExpertise, ExpertiseTags
from core.db import Database
from core.models import Portrait, Professional, ProfessionalService
from core.policy import CONSOLE
from tests import a
from tests.browser.conftest import come_to_rest
from tests.browser.test_accessible import in_both_colours

pytestmark = pytest.mark.browser
PATIENCE = 30_000


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Dr Ruiz offers a consultation and is in a tier; a colleague knows cardiology."""
    with live_database.writing() as session:
        talk = a.service(session, name="Consultation", price_cents=6000)
        tier = a.tier(session, percent=20)
        hers = session.scalars(select(Professional)).one()
        hers.tier_id = tier.id
        a.offer(session, hers, talk)
        other = a.professional(session, name="Dr Bela")
        tags = ExpertiseTags(other.id, ("Cardiology",))
        catalog.tag_expertise(session, CONSOLE, tags, now=a.BEFORE)
        known = catalog.load_vocabulary(session, CONSOLE)[0]
        words = EditedExpertise(known.id, known.name, ("heart",), known)
        catalog.edit_expertise(session, CONSOLE, words, now=a.BEFORE)
    return live_database


def photo() -> bytes:
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1600, 1200), "teal").save(written, "JPEG", exif=exif)
    return written.getvalue()


def type_in(page: Page, label: str, words: str) -> None:
    field = page.get_by_label(label)
    field.fill(words)
    field.press("Tab")


def upload(page: Page, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)


def pictures(card: Locator) -> Locator:
    return card.get_by_role("img", name="Dr")


def test_a_professional_shapes_her_profile_on_a_telephone_and_sees_it_on_a_screen(
    new_page, sign_in, live_server
):
    page = new_page(width=390, height=844)
    sign_in(page, "ruiz")
    page.goto(f"{live_server.url}/my-profile")
    card = page.locator(".st-key-profile_card")
    expect(card).to_be_visible(timeout=PATIENCE)

    upload(page, "me.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    expect(page.get_by_text("This file is not a picture we can read.")).to_be_visible()
    upload(page, "IMG_1.jpg", photo())
    expect(pictures(card)).to_be_visible(timeout=PATIENCE)
    expect(pictures(card)).to_have_js_property("naturalWidth", 480)

    type_in(page, "Expertise, separated by commas", "Heart, hypertension, ECG, ecg")
    expect(page.get_by_text("Heart is kept as Cardiology.")).to_be_visible(timeout=PATIENCE)
    expect(card.get_by_text("72.00 EUR (60.00 EUR + 20 % Premium)")).to_be_visible()
    type_in(page, "Own price of Consultation", "80")
    expect(card.get_by_text("80.00 EUR, own price")).to_be_visible(timeout=PATIENCE)
    come_to_rest(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved your profile.")).to_be_visible(timeout=PATIENCE)
    assert on_record(live_server.database) == ({"Cardiology", "ECG", "hypertension"}, 8000)
    assert not sideways(page)

    wide = new_page(width=1400, height=900)
    sign_in(wide, "ruiz")
    wide.goto(f"{live_server.url}/my-profile")
    seen = wide.locator(".st-key-profile_card")
    expect(pictures(seen)).to_have_js_property("naturalWidth", 480, timeout=PATIENCE)
    for words in ("Cardiology", "ECG", "hypertension", "80.00 EUR, own price"):
        expect(seen).to_contain_text(words)
    form = wide.get_by_label("Expertise, separated by commas")
    assert seen.bounding_box()["x"] > form.bounding_box()["x"] + form.bounding_box()["width"]
    come_to_rest(wide)
    assert in_both_colours(wide) == []


def on_record(database: Database) -> tuple[set[str], int | None]:
    with database.reading() as session:
        portrait = session.scalars(select(Portrait)).one()
        found = catalog.get_professional(session, portrait.professional_id)
        own = session.scalars(
            select(ProfessionalService.price_cents).where(
                ProfessionalService.professional_id == found.id
            )
        ).one()
        return {each.name for each in found.expertise}, own


def sideways(page: Page) -> bool:
    """Whether anything has to be scrolled to the side."""
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
