"""Other systems' own cases, each under the rule it states, asked of the real engine.

``must`` cases give the answer expected; so do ``option`` cases, but for those we do not
offer, each with its reason; ``contrast`` cases give ours. One line per source is printed.
"""

from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.adapter import Case, answer, load_cases

CASES = load_cases()

NOT_OFFERED = {
    "MED-03": "00:00 to 00:00 is refused where it is typed: say closed, or all day",
    "DST-07": "hours end by the wall clock; a length in minutes is for visits",
    "LIB-06": "nobody may ignore a buffer as a standing right; an override says why, each time",
}
NIGHT_SHIFT = {"starts": ["2027-01-04T22:00:00Z", "2027-01-04T23:00:00Z"]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}-{case.kind}")
def test_the_engine_answers_as_the_case_says(case, record_property):
    record_property("conformance", project(case))
    if case.id in NOT_OFFERED:
        assert case.adopt == "option"
        record_property("left_out", f"{case.id}: {NOT_OFFERED[case.id]}")
        return
    case = ours(case) if case.adopt == "contrast" else case
    check(case.expect, answer(case))


def ours(case: Case) -> Case:
    """The case with the answer we want, and for the one that gives none the rule we keep."""
    if case.ours:
        return replace(case, expect=case.ours)
    assert case.id == "EA-22"
    rules = case.given["rules"] | {"overnight": True}
    return replace(case, given=case.given | {"rules": rules}, expect=NIGHT_SHIFT)


def check(wanted: dict[str, Any], found: dict[str, Any]) -> None:
    for key, value in wanted.items():
        if key == "must_include":
            assert set(value) <= set(found["starts"])
        elif key == "must_exclude":
            assert not set(value) & set(found["starts"])
        else:
            assert found[key] == value


def project(case: Case) -> str:
    """The owner and name of the repository, or the site, that a case is taken from."""
    source = case.source.removeprefix("https://").removeprefix("www.").removeprefix("github.com/")
    return "/".join(source.split(":")[0].split("/")[:2])


def test_every_case_left_out_exists():
    assert set(NOT_OFFERED) <= {case.id for case in CASES}
