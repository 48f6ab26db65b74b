"""Somebody else's project imports this one: its marts are ours, in a database without `scratch`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import projects
import pytest
import same_tables

CONSUMER = projects.ROOT / "tests" / "consumer"
RAW = ("conversations", "messages", "events", "ratings", "claims")
OF_THE_NIGHT = {"settings": "not_after, rules_version"}  # when, and by which code


def dbt(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a dbt command in a consumer's project."""
    return subprocess.run(
        [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--warn-error"),
            *("--no-use-colors", *arguments, "--profiles-dir", str(project)),
        ],
        cwd=project,
        env={**os.environ, "SHOP": str(project)},
        text=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The consumer's project, the package installed, the sample's raw rows in its own tables."""
    project = tmp_path_factory.mktemp("shop") / "project"
    shutil.copytree(CONSUMER, project)
    packages = f"packages:\n  - local: {projects.copy_project(project.parent / 'containment')}\n"
    (project / "packages.yml").write_text(packages, encoding="utf-8")
    with duckdb.connect(str(project / "shop.duckdb")) as connection:
        connection.execute("create schema help_desk")
        for table in RAW:
            seed = projects.ROOT / "seeds" / "sample" / f"sample_{table}.csv"
            connection.execute(
                f"create table help_desk.{table} as from read_csv('{seed}', all_varchar = true)"
            )
    done = dbt(project, "deps")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.fixture(scope="module")
def built(shop: Path) -> Path:
    """The database of the consumer after two builds, of which the second has nothing to cut."""
    for _ in range(2):
        done = dbt(shop, "build")
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return shop / "shop.duckdb"


def test_the_marts_are_ours(built: Path, sample: Path, tmp_path: Path) -> None:
    ours = shutil.copy(sample / "published" / "containment.duckdb", tmp_path / "ours.duckdb")
    wanted, found = tmp_path / "wanted.duckdb", tmp_path / "found.duckdb"
    same_tables.copy_marts(ours, wanted, left_out=OF_THE_NIGHT)
    same_tables.copy_marts(built, found, "bot_marts", left_out=OF_THE_NIGHT)
    assert len(same_tables.compared(wanted)) > 20
    same_tables.assert_same(wanted, found)


def test_the_consumers_model_reads_a_mart(built: Path) -> None:
    query = "select count(*) as weeks, min(containment_rate) > 0 as is_rate from weekly_containment"
    assert projects.rows(built, query) == [{"weeks": 13, "is_rate": True}]


def test_all_is_in_schemas_of_the_prefix_and_what_one_build_needed_is_gone(built: Path) -> None:
    found = {
        row["schema_name"]
        for row in projects.rows(built, "from duckdb_schemas() where not internal")
    }
    ours = {"raw", "staging", "intermediate", "marts", "failing_rows"}
    assert found - {"main", "help_desk"} == {f"bot_{schema}" for schema in ours}


def test_the_second_build_cut_nothing(built: Path) -> None:
    changed = "select count(*) as n from bot_intermediate.int_changed_conversations"
    assert projects.rows(built, changed) == [{"n": 0}]


def test_what_is_no_mart_is_not_for_the_consumer(shop: Path) -> None:
    model = shop / "models" / "too_deep.sql"
    model.write_text(
        "select * from {{ ref('containment', 'int_kept_segments') }}", encoding="utf-8"
    )
    try:
        done = dbt(shop, "parse")
    finally:
        model.unlink()
    assert done.returncode != 0
    assert "int_kept_segments" in done.stdout and "protected" in done.stdout


def test_another_time_zone_of_the_session_stops_the_build(shop: Path) -> None:
    profiles = shop / "profiles.yml"
    text = profiles.read_text(encoding="utf-8")
    profiles.write_text(text.replace("TimeZone: UTC", "TimeZone: Europe/Berlin"), encoding="utf-8")
    try:
        done = dbt(shop, "build", "--select", "stg_messages")
    finally:
        profiles.write_text(text, encoding="utf-8")
    assert done.returncode != 0
    assert "the session's time zone is Europe/Berlin" in done.stdout
