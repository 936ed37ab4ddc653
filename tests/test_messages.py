"""Every sentence on screen can be translated."""

from core.privacy.inventory import HOLDINGS
from scripts import messages


def test_the_template_holds_the_sentences_as_they_are():
    kept = messages.TEMPLATE.read_text(encoding="utf-8")

    assert kept == messages.collect(), "run: python scripts/messages.py"


def test_the_template_holds_sentences_of_every_room():
    kept = messages.TEMPLATE.read_text(encoding="utf-8")

    for sentence in ("Please sign in first.", "Sign out", "Desk", "Wednesday"):
        assert f'msgid "{sentence}"' in kept


def test_the_template_holds_why_each_table_is_kept():
    kept = messages.TEMPLATE.read_text(encoding="utf-8").replace('"\n"', "")

    assert [each.why for each in HOLDINGS if f'msgid "{each.why}"' not in kept] == []
