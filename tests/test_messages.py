"""Every sentence on screen can be translated."""

from scripts import messages


def test_the_template_holds_the_sentences_as_they_are():
    kept = messages.TEMPLATE.read_text(encoding="utf-8")

    assert kept == messages.collect(), "run: python scripts/messages.py"


def test_the_template_holds_sentences_of_every_room():
    kept = messages.TEMPLATE.read_text(encoding="utf-8")

    for sentence in ("Please sign in first.", "Sign out", "Desk", "Wednesday"):
        assert f'msgid "{sentence}"' in kept
