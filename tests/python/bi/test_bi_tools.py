"""Real clients of published/: SQLAlchemy on the newest and on an old DuckDB, and Node's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest

from containment.common import warehouse
from containment.common.places import Home
from containment.publish import publish, published_marts
from containment.report import page

BI = projects.ROOT / "tests" / "bi"
OLD = "1.1.3"
OUTCOME = "The first that applies: escalated"  # how the description of sessions.outcome begins
CHANNELS = """
    select channel, cast(sum(contained_sessions) as bigint) as contained,
        cast(sum(closed_sessions) as bigint) as closed, min(started_date)::varchar as first_date
    from marts.containment_daily group by channel order by channel
"""
pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def old_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an old DuckDB, as a BI server that nobody updates has it."""
    folder = tmp_path_factory.mktemp("old")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, "--no-deps", "--require-hashes", "--target", folder, "-r", BI / "old-client.lock")
    return folder


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with DuckDB's Node client and the script that uses it."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "read.mjs"):
        shutil.copy(BI / name, folder)
    run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def patched(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A copy of the sample's home, whose publication was patched thirty times."""
    home = Home(tmp_path_factory.mktemp("patched") / "home")
    shutil.copytree(sample, home.folder, symlinks=True)
    hows: list[str] = []
    with pytest.MonkeyPatch.context() as quickly:
        quickly.setattr(publish.docs, "write", lambda file: file.write_text("docs"))
        quickly.setattr(page, "made", lambda database, name, view: name)
        quickly.setattr(published_marts, "MOST_GROWTH", 9)  # a file so small holds more holes
        for night in range(30):
            with warehouse.opened(home.warehouse) as connection:
                connection.execute(
                    f"update intermediate.int_kept_segments set last_topic = 'night {night}' "
                    f"where hash(segment_id) % 30 = {night}"
                )
            name = publish.new_name(home.published)
            publish.publish(home, name, 3, tell=hows.append)
    assert all(how.startswith("patched: ") for how in hows), hows
    assert "patched: 0 of" not in " ".join(hows)
    return home


@pytest.fixture
def home(patched: Home, tmp_path: Path) -> Home:
    """A copy of that home, in which a test may publish."""
    shutil.copytree(patched.folder, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


def run(*command: str | Path, cwd: Path = projects.ROOT) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def channels(home: Home) -> list[dict[str, Any]]:
    return projects.rows(home.published / "containment.duckdb", CHANNELS)


def marts(home: Home) -> list[str]:
    found = projects.rows(
        home.published / "containment.duckdb",
        "select table_name from duckdb_tables() where schema_name = 'marts' order by table_name",
    )
    return [row["table_name"] for row in found]


@pytest.mark.parametrize("version", ["installed", "old"])
def test_sqlalchemy_reads_it_and_sees_the_next_publication_when_it_reconnects(
    home: Home, version: str, request: pytest.FixtureRequest
) -> None:
    environment = dict(os.environ)
    if version == "old":
        environment["PYTHONPATH"] = str(request.getfixturevalue("old_duckdb"))
    with subprocess.Popen(
        [sys.executable, str(BI / "read.py"), str(home.published / "containment.duckdb")],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin is not None and client.stdout is not None
        said = json.loads(client.stdout.readline())
        assert said["version"] == (OLD if version == "old" else duckdb.__version__)
        assert said["marts"] == marts(home)
        assert said["channels"] == [list(row.values()) for row in channels(home)]
        assert said["types"] == ["str", "datetime", "date", "bool", "int", "float", "datetime"]
        assert said["columns"]["started_at"][0].startswith("TIMESTAMP")
        assert said["columns"]["is_contained"][0] == "BOOLEAN"
        assert said["columns"]["outcome"][1].startswith(OUTCOME)
        with warehouse.opened(home.warehouse) as connection:
            connection.execute("create table marts.published_later as select 1 as number")
        publish.publish(home, publish.new_name(home.published), 3)
        client.stdin.write("\n")
        client.stdin.flush()
        later = json.loads(client.stdout.readline())
    assert client.returncode == 0
    assert later == {"same": 1548, "marts": sorted([*said["marts"], "published_later"])}


def test_the_node_client_reads_the_database_and_parquet(home: Home, node: Path) -> None:
    parquet = os.path.realpath(
        home.published / "parquet"
    )  # resolved first, as docs/bi-tools.md says
    out = run("node", "read.mjs", home.published / "containment.duckdb", parquet, cwd=node)
    said = json.loads(out)
    expected = [
        {**row, "contained": str(row["contained"]), "closed": str(row["closed"])}
        for row in channels(home)  # JSON has no whole numbers of 64 bits, so they come as text
    ]
    assert said["version"] == "v1.5.6"
    assert said["marts"] == marts(home)
    assert said["channels"] == said["from_parquet"] == expected
    assert said["sessions"] == said["sessions_from_months"] == "1548"
    assert said["comments"][0]["comment"].startswith(OUTCOME)
