"""At the end of a run, a line for each source of conformance cases: passed of asked.

Read from the reports, so that it is there as well when other processes run the tests.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest


def pytest_terminal_summary(terminalreporter) -> None:
    reports = [
        (outcome, dict(report.user_properties))
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        if isinstance(report, pytest.TestReport)
    ]
    told = [(outcome, given) for outcome, given in reports if "conformance" in given]
    if told:
        terminalreporter.section("conformance: cases passed, by source")
        for line in lines(told):
            terminalreporter.write_line(line)


def lines(told: list[tuple[str, dict[str, str]]]) -> Iterator[str]:
    asked: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    left_out: dict[str, list[str]] = defaultdict(list)
    for outcome, given in told:
        source = given["conformance"]
        if "left_out" in given:
            left_out[source].append(given["left_out"])
        else:
            asked[source] += 1
            passed[source] += outcome == "passed"
    for source in sorted({*asked, *left_out}):
        yield f"{source}: {passed[source]}/{asked[source]}"
        yield from (f"  not offered, {each}" for each in left_out[source])
    yield f"all: {passed.total()}/{asked.total()}"
