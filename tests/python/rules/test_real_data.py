"""The main job on real data: the whole night, and every mart against the oracle."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import comparison
import duckdb
import oracle
import projects
import pytest

DATA = projects.ROOT.parent / "shared" / "data"

pytestmark = pytest.mark.heavy


def lookup_settings() -> oracle.Settings:
    """The settings of the project as it is shipped."""
    seeds = projects.ROOT / "seeds"
    with (seeds / "channel_policies.csv").open(encoding="utf-8") as file:
        timeouts = {row["channel"]: int(row["timeout_minutes"]) for row in csv.DictReader(file)}
    with (seeds / "event_types.csv").open(encoding="utf-8") as file:
        boundaries = {
            (row["source"], row["event_type"]): row["boundary"] for row in csv.DictReader(file)
        }
    return oracle.Settings(timeout_minutes=timeouts, boundaries=boundaries)


def raw_rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The raw tables of a folder, every value as text."""
    raw: dict[str, list[dict[str, Any]]] = {}
    for table in projects.CONTRACT:
        files = sorted(folder.glob(f"{table}.*"))
        if not files:
            raw[table] = []
        elif files[0].suffix == ".csv":
            with files[0].open(encoding="utf-8", newline="") as file:
                raw[table] = [dict(row) for row in csv.DictReader(file)]
        else:
            cursor = duckdb.connect().execute(
                "select columns(*)::varchar from read_parquet(?)", [str(files[0])]
            )
            names = [column[0] for column in cursor.description or ()]
            raw[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return raw


@pytest.mark.parametrize("name", ["twitter_care", "gitter_rooms"])
def test_the_night_on_real_data_equals_the_oracle(name: str, tmp_path: Path) -> None:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the data set {name} is not beside the project")
    night = projects.nightly(tmp_path, "--source", "files", "--raw-path", str(folder))
    assert night.returncode == 0, night.stdout + night.stderr
    expected = oracle.compute({"files": raw_rows(folder)}, lookup_settings())
    comparison.assert_equals_oracle(tmp_path / "published" / "containment.duckdb", expected)
