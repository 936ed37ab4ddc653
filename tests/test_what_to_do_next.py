"""Every refusal says what to do next: read from the source, so that a new one cannot forget."""

import ast
import re

import pytest

from tests.test_architecture import ROOT, SOURCES, tree_of

DO = re.compile(
    r"\b(please|ask|book|change|check|choose|close|enter|give|install|leave|look|make|move|note|open|press|put|rename"
    r"|run|save|say|set|sign|start|stop|switch|take|try|undo|use|write)\b"
    r"|\b(at least|at most|between|from 1|has 1 to|every 1 to|have at most|must name|days 1)\b"
    r"|\b(a few unrelated words|printed when|does not start like this|end must come after)\b",
    re.IGNORECASE,
)
"""What somebody is to do, or the bounds to stay within; last, what is told in another way."""


WORDS_APART = {ROOT / "core" / each for each in ("db.py", "patients/typed.py", "waiting/offers.py")}
"""Where refusals take their words from constants."""


def sentences():
    """Of every kind of refusal, and of whatever is raised with words of its own."""
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] not in ("core", "dashboard"):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                for each in node.body:
                    if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "message":
                        yield from marked(each.value)
            elif isinstance(node, ast.Assign) and path in WORDS_APART:
                for each in ast.walk(node.value):
                    yield from marked(each)
            elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                for each in node.exc.args:
                    yield from marked(each)


def marked(node):
    is_sentence = (
        isinstance(node, ast.Call) and ast.unparse(node.func) == "N_" and len(node.args) == 1
    )
    if is_sentence:
        said = ast.literal_eval(node.args[0])
        if " " in said:  # not a word that fills a sentence
            yield said


def test_the_sentences_are_found():
    found = set(sentences())
    assert "Please choose the patient." in found
    assert "Your role does not allow this. Ask an admin if you need it." in found
    assert len(found) > 150


@pytest.mark.parametrize("sentence", sorted(set(sentences())))
def test_a_refusal_says_what_to_do_next(sentence):
    assert DO.search(sentence)


def test_a_sentence_that_only_refuses_is_noticed():
    assert not DO.search("This time is taken.")
