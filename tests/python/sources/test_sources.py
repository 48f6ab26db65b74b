"""Every raw system at once: the worked cases give the sample's sessions, and no trap misleads."""

from __future__ import annotations

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

from containment.commands import new_source
from containment.common.errors import Stop

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
    assert not findings & {"events_of_unmapped_type", "claims_of_unmapped_outcome"}


@pytest.mark.parametrize(("source", "score"), [("intercom", 0.8), ("zendesk", 1.0)])
def test_a_rating_is_of_the_session_before_it(built: Path, source: str, score: float) -> None:
    query = f"select csat_score, session_number from marts.sessions where source = '{source}'"
    rated = [row for row in projects.rows(built, query) if row["csat_score"] is not None]
    assert rated == [{"csat_score": score, "session_number": 1}]


def test_no_text_and_no_name_is_in_the_warehouse(built: Path) -> None:
    assert intercom_fixture.SECRET.encode() not in built.read_bytes()


AGREED = ("agreed", "contained and durable")
TWICE = ("claimed twice", "session claimed before")
NO_CLAIM = ("no claim", "outcome is no success")
BOT_RESOLVED, CHATBOT_RESOLVED = "conversation_bot_resolved", "chatbot_resolved"
CLAIMS: dict[str, dict[tuple[str, str, str], int]] = {
    "chatwoot": {
        (BOT_RESOLVED, *AGREED): 10,
        (BOT_RESOLVED, *TWICE): 2,
        (BOT_RESOLVED, "not ours", "came back within 7 days"): 2,
        (BOT_RESOLVED, "not ours", "escalated"): 3,
        (BOT_RESOLVED, "not ours", "excluded"): 1,
    },
    "copilot_studio": {
        ("session_abandoned", *NO_CLAIM): 2,
        ("session_agenttransferrequestedbyuser", *NO_CLAIM): 1,
        ("session_escalated", *NO_CLAIM): 4,
        ("session_none", *NO_CLAIM): 1,
        ("session_resolved", *AGREED): 5,
        ("session_resolved", *TWICE): 1,
        ("session_resolved", "not ours", "escalated"): 2,
        ("session_resolved", "not ours", "excluded"): 3,
        ("session_resolved_implied", *AGREED): 1,
    },
    "intercom": {
        ("assumed_resolution", "not ours", "escalated"): 1,
        ("assumed_resolution", "not ours", "no customer message"): 1,
        ("confirmed_resolution", *AGREED): 1,
        ("escalated", *NO_CLAIM): 1,
        ("negative_feedback", *NO_CLAIM): 1,
    },
    "reamaze": {
        (CHATBOT_RESOLVED, *AGREED): 3,
        (CHATBOT_RESOLVED, *TWICE): 1,
        (CHATBOT_RESOLVED, "not ours", "came back within 7 days"): 2,
        (CHATBOT_RESOLVED, "not ours", "escalated"): 2,
    },
}


@pytest.mark.parametrize("source", CLAIMS)
def test_what_a_vendor_claims_is_audited(built: Path, source: str) -> None:
    assert claims(built, source) == CLAIMS[source]


def claims(built: Path, source: str) -> dict[tuple[str, str, str], int]:
    """How often the vendor says what, with our verdict and its reason."""
    query = (
        "select outcome, verdict, reason, count(*) as claims from marts.claims_audited "
        f"where source = '{source}' group by all"
    )
    rows = projects.rows(built, query)
    return {(row["outcome"], row["verdict"], row["reason"]): row["claims"] for row in rows}


def test_every_source_has_a_fixture_and_a_page() -> None:
    folders = source_fixtures.staging_folders()
    assert folders == set(source_fixtures.FIXTURES)
    for source in folders:
        assert (projects.ROOT / "models" / "staging" / source / "README.md").is_file(), source


@pytest.mark.parametrize("name", ["Acme", "a b", "9lives", "../x", "files"])
def test_a_source_that_cannot_be_laid_down(name: str) -> None:
    with pytest.raises(Stop, match=name.replace(".", r"\.")):
        new_source.lay(name, projects.ROOT)
