"""RULES.md and those who cite it: a rule that is cited exists, is tested, and says the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from oracle import Result, Settings, compute
from projects import ROOT
from test_oracle_worked_cases import BOUNDARIES, INFERRED, WORKED_CASES, at, kinds, rows_of, run

FOLDERS = ("analyses", "docs", "macros", "models", "scripts", "seeds", "tests")
SUFFIXES = ("", ".jinja", ".md", ".py", ".sql", ".svg", ".yml")
NUMBER = r"\d{1,2}(?:\.\d{1,2})?"
# rule 4; rules 2 and 7.3; rules 1 to 4; rules 2–7, 9; rule 7.1 before 7.2; rule 7.6, after 7.5
CITATION = re.compile(
    rf"\brules?\s({NUMBER}(?:(?:, | and | to |–| before |, after ){NUMBER})*)", re.IGNORECASE
)
HEADING = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
CASE = re.compile(r"^\| `([^`|]+)` \| ([^|]+) \|([^|]*)\|", re.MULTILINE)

RULES = (ROOT / "RULES.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def texts() -> dict[str, str]:
    """Every text of the repository that may cite a rule, by path."""
    paths = [*ROOT.glob("*.md"), *ROOT.glob("*.yml")]
    for folder in FOLDERS:
        paths += [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in paths
        if path.is_file()
    }


def rules(text: str) -> dict[str, str]:
    """The rules by number, with their title, and the numbered cases of rules 6 and 7 (`7.3`)."""
    found: dict[str, str] = {}
    for section in re.split(r"^(?=## )", text, flags=re.MULTILINE):
        if heading := HEADING.match(section):
            found[heading[1]] = heading[2]
            if heading[1] in ("6", "7"):
                cases = re.findall(r"^(\d+)\. `(\w+)`", section, re.MULTILINE)
                found |= {f"{heading[1]}.{number}": kind for number, kind in cases}
    return found


def cited(text: str) -> set[str]:
    """The numbers of the rules that a text cites."""
    return {
        number for citation in CITATION.findall(text) for number in re.findall(NUMBER, citation)
    }


def unknown_citations(by_path: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """Where a rule is cited that is not there."""
    return [
        f"{path}: rule {number}"
        for path, text in sorted(by_path.items())
        for number in sorted(cited(text) - set(known))
    ]


@cache
def unit_tests() -> tuple[dict[str, Any], ...]:
    """The unit tests of the models, as their yml has them."""
    paths = sorted((ROOT / "tests" / "unit").rglob("*.yml"))
    contents = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths)
    return tuple(test for content in contents for test in content["unit_tests"])


def untested(tests: Iterable[Mapping[str, Any]], known: Iterable[str]) -> list[str]:
    """The rules that no unit test cites in its description."""
    return sorted(set(known) - {n for test in tests for n in cited(test.get("description", ""))})


def short_form(readme: str) -> dict[str, str]:
    """The rules of README's short form: number and title."""
    return dict(re.findall(r"^(\d+)\. \[([^\]]+)\]\(RULES\.md#", readme, re.MULTILINE))


def worked_cases(text: str) -> list[tuple[str, list[str], str]]:
    """The rows of the table of worked cases: timeline in minutes, segments, what is given."""
    table = text.partition("\n## Worked cases\n")[2]
    return [
        (
            re.sub(r"(\d+)d\+(\d+)", lambda at: str(int(at[1]) * 1440 + int(at[2])), timeline),
            segments.strip().split(", "),
            given.strip(),
        )
        for timeline, segments, given in CASE.findall(table)
    ]


# --- citations ------------------------------------------------------------------------------------


def test_the_rules_are_numbered_from_one_to_eleven() -> None:
    assert [number for number in rules(RULES) if "." not in number] == [
        str(number) for number in range(1, 12)
    ]
    assert [name for number, name in rules(RULES).items() if number.startswith("6.")] == [
        *("escalated", "resolved", "timed_out", "open")
    ]
    assert [name for number, name in rules(RULES).items() if number.startswith("7.")] == [
        *("excluded", "human", "handoff", "unengaged", "courtesy", "human", "session")
    ]


def test_every_rule_that_is_cited_exists() -> None:
    by_path = texts()
    assert unknown_citations(by_path, rules(RULES)) == []
    citing = [path for path, text in by_path.items() if cited(text)]
    assert len(citing) > 40, "the pattern finds few citations: is it still what people write?"


def test_every_rule_is_cited_by_a_unit_test() -> None:
    assert untested(unit_tests(), rules(RULES)) == []


def test_readme_has_the_same_numbers() -> None:
    assert short_form(README) == {
        number: title for number, title in rules(RULES).items() if "." not in number
    }


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (f"rule {4}", {"4"}),
        (f"Rules {2} and {7.3}: a person", {"2", "7.3"}),
        (f"rules {4}, {5}, {7} and {10}.", {"4", "5", "7", "10"}),
        (f"rules {2}–{7}, {9}", {"2", "7", "9"}),
        (f"Rule {7.1} before {7.2}: the", {"7.1", "7.2"}),
        (f"Rule {7.6}, after {7.5}", {"7.6", "7.5"}),
        (f"by rule\n{4}", {"4"}),
        ("rules changed: 5 conversations", set()),
    ],
)
def test_citations_are_found_as_people_write_them(text: str, numbers: set[str]) -> None:
    assert cited(text) == numbers


def test_the_checks_of_citations_can_fail() -> None:
    known = rules(RULES)
    assert unknown_citations({"a.sql": f"-- Rule {12}", "b.yml": f"rule {7.8}"}, known) == [
        f"a.sql: rule {12}",
        f"b.yml: rule {7.8}",
    ]
    gone = rules(RULES.replace("\n## 9. Keys\n", "\n## Keys\n"))
    assert any(f"rule {9}" in line for line in unknown_citations(texts(), gone))
    without = [test for test in unit_tests() if "9" not in cited(test.get("description", ""))]
    assert untested(without, known) == ["9"]
    assert short_form(README.replace("3. [", "2. [", 1)) != short_form(README)
    assert short_form(README.replace("[Order]", "[Orders]")) != short_form(README)


# --- worked cases ---------------------------------------------------------------------------------

ELSEWHERE = "nightly run at minute 10, a row of 2099 elsewhere"
GIVEN: dict[str, dict[str, Any]] = {
    "": {},
    "takeovers inferred": INFERRED,
    "merged": {"row": {"exclusion_reason": "merged"}},
}


def result_of(timeline: str, given: str) -> Result:
    """What the oracle makes of a worked case."""
    if given != ELSEWHERE:
        return run(timeline, **GIVEN[given])
    tables, elsewhere = rows_of(timeline), rows_of("c0", "k2")
    elsewhere["messages"][0]["sent_at"] = "2099-01-01 00:00:00"
    tables = {name: tables[name] + elsewhere[name] for name in tables}
    return compute({"desk": tables}, Settings({"*": 30}, BOUNDARIES, not_after=at(10)))


@pytest.mark.parametrize(("timeline", "segments", "given"), worked_cases(RULES))
def test_worked_case(timeline: str, segments: list[str], given: str) -> None:
    """The oracle cuts each timeline of RULES.md into the segments that stand beside it."""
    result = result_of(timeline, given)
    assert kinds(result) == segments
    rejected = [row["reason"] for row in result.rejected_rows]
    assert rejected == (["time_in_future"] if given == ELSEWHERE else [])


def test_every_worked_case_stands_in_the_rules_and_in_the_oracle_s_tests() -> None:
    written = [timeline for timeline, _, _ in worked_cases(RULES)]
    assert {timeline for timeline, _ in WORKED_CASES.values()} <= set(written)
    source = Path(__file__).with_name("test_oracle_worked_cases.py").read_text(encoding="utf-8")
    timelines = {timeline for timeline, _ in WORKED_CASES.values()}
    assert [each for each in written if each not in timelines and f'"{each}"' not in source] == []


def test_the_check_of_worked_cases_can_fail() -> None:
    line = "| `c0 b1 c31` | timed_out |"
    assert RULES.count(line) == 1
    wrong = RULES.replace(line, "| `c0 b1 c31` | timed_out, timed_out |")
    (case,) = [case for case in worked_cases(wrong) if case not in worked_cases(RULES)]
    assert kinds(result_of(case[0], case[2])) != case[1]
    fewer = worked_cases(RULES.replace(line, ""))
    assert not {timeline for timeline, _ in WORKED_CASES.values()} <= {case[0] for case in fewer}
