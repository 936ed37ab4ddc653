"""One patient, from the first press on the page to the last byte."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.models import Patient
from core.privacy.inventory import ERASED_NAME

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1400, 390], ids=["at the desk", "on a telephone"])
def test_t156_t158_an_admin_hands_the_data_over_and_erases_them(
    new_page, sign_in, live_server, tmp_path, width
):
    page = new_page(width=width, height=844)
    sign_in(page, "alex", path="/patients")
    page.get_by_placeholder("Name, phone or date of birth").fill("silva")
    page.get_by_role("button", name=re.compile("^Open")).click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ana Silva")
    assert page.url.endswith("?patient=1")

    page.get_by_text("Their data: hand it over, erase it").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download everything").click()
    taken.value.save_as(tmp_path / "person.zip")
    with zipfile.ZipFile(tmp_path / "person.zip") as files:
        whole = json.loads(files.read("person.json"))
    assert whole["patients"][0]["name"] == "Ana Silva"

    page.get_by_role("button", name="Erase …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type the name").fill("Ana Silva")
    dialog.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_text("Nothing tells any more who it was.")).to_be_visible()
    with live_server.database.reading() as session:
        assert session.scalars(select(Patient.name)).all() == [ERASED_NAME]
    path = Path(str(live_server.database.engine.url.database))
    files = list(path.parent.glob(f"{path.name}*"))
    assert files
    assert not [each for each in files if b"Ana Silva" in each.read_bytes()]
