"""The benchmark runs to its end; how long anything takes is not tested."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from containment import benchmark

ROOT = Path(benchmark.__file__).resolve().parents[2]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "benchmark"), *arguments],
        env=os.environ | {"CONTAINMENT_VENV": sys.prefix} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_small_benchmark(tmp_path: Path) -> None:
    keep = tmp_path / "it's [kept]"
    done = run("--messages", "20000", "--runs", "1", "--keep", str(keep))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    for step in ("floor", "full build", "night, 1/365 new", "night, nothing new"):
        assert re.search(rf"^{step}( +[\d.,]+){{6}}$", done.stdout, re.MULTILINE), step
    # The floor has no session kinds, so it counts more; neither may come out empty.
    for name in ("floor", "build"):
        assert re.search(
            rf"^{name}: contained [\d.]+ %, [\d,]+ of [1-9]", done.stdout, re.MULTILINE
        )
    assert (
        run("--keep", str(keep)).stderr == f"error: --keep {keep}: not empty; name a new folder\n"
    )


def test_raw_files_are_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        benchmark.make_raw(8_008)
    monkeypatch.chdir(tmp_path)
    for table, rows in (("messages", 8_008), ("conversations", 800), ("events", 1_001)):
        with duckdb.connect() as connection:
            for query, expected in (
                (f"select count(*) from 'one/{table}.parquet'", [(rows,)]),
                (f"from 'one/{table}.parquet' except all from 'two/{table}.parquet'", []),
                (f"from 'two/{table}.parquet' except all from 'one/{table}.parquet'", []),
            ):
                assert connection.execute(query).fetchall() == expected
