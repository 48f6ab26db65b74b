"""Every raw system at once: the worked cases give the sample's sessions, and no trap misleads."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import intercom_fixture
import projects
import pytest
import source_fixtures

from containment import new_source
from containment.errors import Stop

NEW = "acme"  # laid down by scripts/new-source
SOURCES = [*source_fixtures.FIXTURES, NEW]
# What a session is, but for what names it and where it is from.
SAME = (
    *("segment_number", "segment_kind", "started_at", "last_activity_at", "ended_at"),
    *("start_reason", "end_reason", "customer_message_count", "bot_message_count"),
    *("agent_message_count", "outcome", "is_contained"),
)
# Their own build runs these.
OTHER_UNIT_TESTS = [
    f"resource_type:unit_test,path:models/{name}" for name in ("intermediate", "marts")
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a new source in it."""
    made = projects.copy_project(tmp_path_factory.mktemp("sources") / "project")
    new_source.lay(NEW, made)
    return made


@pytest.fixture(scope="module")
def fixtures(project: Path) -> dict[str, ModuleType]:
    sys.path.append(str(project / "tests" / "python"))
    return {**source_fixtures.FIXTURES, NEW: import_module(f"{NEW}{source_fixtures.SUFFIX}")}


@pytest.fixture(scope="module")
def built(project: Path, fixtures: dict[str, ModuleType]) -> Path:
    """The warehouse of one build with all systems and the sample on, their unit tests included."""
    home = project.parent / "home"
    warehouse = home / "warehouse" / "containment.duckdb"
    warehouse.parent.mkdir(parents=True)
    for source, fixture in fixtures.items():
        source_fixtures.add_lookups(project, fixture)
        source_fixtures.read(source, fixture, project.parent / source, project, warehouse)
    on = ["sample", *fixtures]
    projects.dbt(project, home, "build", "--exclude", *OTHER_UNIT_TESTS, sources=on)
    return warehouse


def segments(warehouse: Path, source: str) -> dict[str, list[dict[str, Any]]]:
    """Conversation -> its segments, in order."""
    found = defaultdict(list)
    for row in projects.rows(
        warehouse,
        f"select conversation_id, {', '.join(SAME)} from marts.segments "
        f"where source = '{source}' order by conversation_id, segment_number",
    ):
        found[row.pop("conversation_id")].append(row)
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_the_worked_cases_give_the_sessions_of_the_sample(
    built: Path, fixtures: dict[str, ModuleType], source: str
) -> None:
    expected, found = segments(built, "sample"), segments(built, source)
    assert len(fixtures[source].CASE_IDS) > 1
    for case, conversation in fixtures[source].CASE_IDS.items():
        assert found[conversation] == expected[case], case


@pytest.mark.parametrize("source", SOURCES)
def test_no_trap_misleads(built: Path, fixtures: dict[str, ModuleType], source: str) -> None:
    found = segments(built, source)
    for name, (*_, expected) in fixtures[source].TRAPS.items():
        kinds = [
            row["outcome"] if row["segment_kind"] == "session" else row["segment_kind"]
            for row in found[fixtures[source].TRAP_IDS[name]]
        ]
        assert kinds == expected, name


@pytest.mark.parametrize("source", SOURCES)
def test_every_row_of_a_fixture_is_used(built: Path, source: str) -> None:
    rows = projects.rows(
        built,
        "select table_name, rows_read, rows_used + rows_duplicate as used "
        f"from marts.row_reconciliation where source = '{source}'",
    )
    assert {row["table_name"] for row in rows if row["rows_read"]} >= {"conversations", "messages"}
    assert all(row["rows_read"] == row["used"] for row in rows)


@pytest.mark.parametrize("source", SOURCES)
def test_every_event_type_of_a_fixture_has_a_row(built: Path, source: str) -> None:
    query = f"select finding from marts.data_quality where source = '{source}' and row_count > 0"
    findings = {row["finding"] for row in projects.rows(built, query)}
    assert "events_of_unmapped_type" not in findings


@pytest.mark.parametrize(("source", "score"), [("intercom", 0.8), ("zendesk", 1.0)])
def test_a_rating_is_of_the_session_before_it(built: Path, source: str, score: float) -> None:
    query = f"select csat_score, session_number from marts.sessions where source = '{source}'"
    rated = [row for row in projects.rows(built, query) if row["csat_score"] is not None]
    assert rated == [{"csat_score": score, "session_number": 1}]


def test_no_text_and_no_name_is_in_the_warehouse(built: Path) -> None:
    assert intercom_fixture.SECRET.encode() not in built.read_bytes()


def test_intercom_s_own_verdicts_are_explained(built: Path) -> None:
    path = projects.ROOT / "analyses" / "where_we_differ_from_intercom.sql"
    rows = projects.rows(built, rendered(path))
    found = {(row["vendor_outcome"], row["outcome"]): row["verdict"] for row in rows}
    assert sum(row["conversation_count"] for row in rows) == len(intercom_fixture.VERDICTS)
    assert found[("escalated", "escalated")] == "agree: not contained"
    assert found[("confirmed_resolution", "timed_out")] == "agree: contained"
    assert found[("assumed_resolution", "escalated")].startswith("differ: assigned to people")
    assert found[("assumed_resolution", None)] == "differ: no closed session here"
    assert found[("negative_feedback", "timed_out")].startswith("differ: the customer was not")


@pytest.mark.parametrize(
    ("source", "verdicts"),
    [
        (
            "chatwoot",
            {
                "agree: not contained": 13,
                "agree: resolved by the bot": 12,
                "differ: ended in silence, which Chatwoot does not count": 3,
                "differ: handed off as well, and closed without an answer": 1,
                "differ: resolved with the help of a person": 1,
                "differ: a note, a handoff before, or no bot in the inbox at that time": 1,
            },
        ),
        (
            "copilot_studio",
            {
                "agree: resolved": 11,
                "agree: escalated": 5,
                "differ: more happened after the vendor's session": 1,
                "differ in the rate: abandoned there, contained by silence here": 1,
                "differ: the customer wrote, but no topic of the bot was triggered": 1,
                "differ: an escalation besides, which counts first here": 1,
            },
        ),
        (
            "reamaze",
            {
                "agree: not contained": 9,
                "agree: resolved by the bot": 5,
                "differ: ended in silence, which is no status": 6,
                "differ: escalated as well, which counts first here": 1,
                "differ: resolved by a person or by the clock": 1,
            },
        ),
    ],
)
def test_where_we_differ_from_a_vendor(built: Path, source: str, verdicts: dict[str, int]) -> None:
    path = projects.ROOT / "analyses" / f"where_we_differ_from_{source}.sql"
    found: dict[str, int] = {}
    for row in projects.rows(built, rendered(path)):
        found[row["verdict"]] = found.get(row["verdict"], 0) + row["session_count"]
    assert found == verdicts


def rendered(analysis: Path) -> str:
    """The SQL of an analysis, without starting dbt for it."""
    text = re.sub(r"{{ config\(.*?\) }}", "", analysis.read_text(encoding="utf-8"))
    return re.sub(
        r"{{ ref\('(\w+)'\) }}",
        lambda match: f"{'staging' if match[1].startswith('stg_') else 'marts'}.{match[1]}",
        text,
    )


def test_every_source_has_a_fixture_and_a_page() -> None:
    folders = source_fixtures.staging_folders()
    assert folders == set(source_fixtures.FIXTURES)
    for source in folders:
        assert (projects.ROOT / "models" / "staging" / source / "README.md").is_file(), source


@pytest.mark.parametrize("name", ["Acme", "a b", "9lives", "../x", "files"])
def test_a_source_that_cannot_be_laid_down(name: str) -> None:
    with pytest.raises(Stop, match=name.replace(".", r"\.")):
        new_source.lay(name, projects.ROOT)
