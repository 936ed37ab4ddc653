"""Collects every sentence of the application into dashboard/locale/frontdesk.pot.

Run it after changing a sentence: ``python scripts/messages.py``. Translations live beside it
as ``<language>/LC_MESSAGES/frontdesk.po``; compile them with ``pybabel compile -D frontdesk``.
"""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "dashboard" / "locale" / "frontdesk.pot"
ROOMS = ("core", "dashboard", "pages")
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def collect() -> str:
    """The template as text, without dates and line numbers, so that it changes by sentences."""
    catalog = Catalog(project="Frontdesk", charset="utf-8")
    for room in ROOMS:
        found = extract_from_dir(
            str(ROOT / room), method_map=[("**.py", "python")], keywords=KEYWORDS
        )
        for file, _line, message, _comments, context in found:
            catalog.add(message, locations=[(f"{room}/{file}", 0)], context=context)
    written = io.BytesIO()
    write_po(written, catalog, omit_header=True, sort_output=True, include_lineno=False)
    return written.getvalue().decode()


if __name__ == "__main__":
    TEMPLATE.write_text(collect(), encoding="utf-8")
    print(f"Wrote {TEMPLATE.relative_to(ROOT)}.")
