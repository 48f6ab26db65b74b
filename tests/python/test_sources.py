"""Every raw system at once: the worked cases give the sample's sessions, and no trap misleads."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest
import source_fixtures
import yaml
from source_fixtures import FIXTURES

from containment import lookups, raw_files, raw_places, raw_schemas, raw_views
from containment.raw_places import Folder

SOURCES = [pytest.param(source, id=source) for source in FIXTURES]
# What a session is, but for what names it and where it is from.
SAME = (
    *("segment_number", "segment_kind", "started_at", "last_activity_at", "ended_at"),
    *("start_reason", "end_reason", "customer_message_count", "bot_message_count"),
    *("agent_message_count", "outcome", "is_contained"),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of one build with all systems and the sample on, unit tests included."""
    folder = tmp_path_factory.mktemp("sources")
    project = projects.copy_project(folder / "project")
    source_fixtures.add_lookups(project)
    warehouse = folder / "home" / "warehouse" / "containment.duckdb"
    warehouse.parent.mkdir(parents=True)
    words = lookups.load(project)
    for source in FIXTURES:
        setting = source_fixtures.land(source, folder / source, warehouse)
        place = raw_places.parse(source, setting, "test", folder)
        if isinstance(place, Folder):
            raw = raw_files.inspect(place.path, words, source)
        else:
            raw = raw_schemas.inspect(place, source, warehouse)
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            raw_views.write_views(raw, connection)
    projects.dbt(project, folder / "home", "build", sources=["sample", *FIXTURES])
    return warehouse


def segments(warehouse: Path, source: str) -> dict[str, list[dict[str, Any]]]:
    """Conversation -> its segments, in order."""
    found = defaultdict(list)
    for row in projects.rows(
        warehouse,
        f"select conversation_id, {', '.join(f'segments.{name}' for name in SAME)} "
        f"from marts.segments where source = '{source}' order by conversation_id, segment_number",
    ):
        found[row.pop("conversation_id")].append(row)
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_the_worked_cases_give_the_sessions_of_the_sample(built: Path, source: str) -> None:
    expected, found = segments(built, "sample"), segments(built, source)
    for case, conversation in source_fixtures.cases(source).items():
        assert found[conversation] == expected[case], case


@pytest.mark.parametrize("source", SOURCES)
def test_no_trap_misleads(built: Path, source: str) -> None:
    found = segments(built, source)
    for name, (*_, expected) in FIXTURES[source].TRAPS.items():
        kinds = [
            row["outcome"] if row["segment_kind"] == "session" else row["segment_kind"]
            for row in found[FIXTURES[source].TRAP_IDS[name]]
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
    unknown = projects.rows(
        built, f"select * from marts.data_quality where source = '{source}' and row_count > 0"
    )
    assert [row for row in unknown if "event_type" in row["finding"]] == []


def test_no_secret_is_in_the_warehouse(built: Path) -> None:
    assert b"keep-this-secret" not in built.read_bytes()


def test_every_source_has_a_fixture_and_a_page() -> None:
    staging = projects.ROOT / "models" / "staging"
    folders = {path.name for path in staging.iterdir() if path.is_dir()} - {"sample", "files"}
    assert folders == set(FIXTURES)
    for source in folders:
        assert (staging / source / "README.md").is_file()
        content = yaml.safe_load((staging / source / f"_{source}__sources.yml").read_text())
        assert content["sources"][0]["name"] == source
