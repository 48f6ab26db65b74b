"""The processes in which tests run dbt end when they should, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dbt_processes
import projects
import pytest
from dbt_processes import Kill

PROJECT = {
    "dbt_project.yml": "{name: small, version: 1.0.0, config-version: 2, profile: small}",
    "profiles.yml": (
        "small: {target: here, outputs: {here: {type: duckdb, threads: 1, "
        "path: \"{{ env_var('CONTAINMENT_HOME') }}/warehouse/small.duckdb\"}}}"
    ),
    "models/one.sql": "{{ config(materialized='table') }} select 1 as a",
    "models/two.sql": "{{ config(materialized='table') }} select * from {{ ref('one') }}",
    # Long, but not for ever.
    "models/three.sql": "select count(*) as a from range(1000000000) as x, {{ ref('two') }}",
    "models/three.yml": "{version: 2, models: [{name: three, config: {materialized: table}}]}",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


def is_alive(process_id: int) -> bool:
    """Whether a process is there, and no zombie."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True
    ).stdout.strip()
    return state != "" and not state.startswith("Z")


def test_a_finished_invocation_leaves_the_file_free_and_whole(
    project: Path, tmp_path: Path
) -> None:
    dbt_processes.start(project, tmp_path, "build", "--select", "one").succeed()
    warehouse = tmp_path / "warehouse"
    assert projects.rows(warehouse / "small.duckdb", "select a from main.one") == [{"a": 1}]
    assert [path.name for path in warehouse.iterdir()] == ["small.duckdb"]


def exit_0_when_warm() -> None:
    raise SystemExit(0 if "warm_dbt" in sys.modules else 1)


def test_an_invocation_is_a_fork_of_a_process_that_is_warm(project: Path, tmp_path: Path) -> None:
    # An import that fails there is passed over in silence; every test would only be slower.
    dbt_processes.start(project, tmp_path, "parse").succeed()
    fork = dbt_processes.fork_server.Process(target=exit_0_when_warm)
    fork.start()
    fork.join()
    assert fork.exitcode == 0


def test_a_failed_invocation_says_why(project: Path, tmp_path: Path) -> None:
    (project / "models" / "one.sql").write_text("select nothing")
    with pytest.raises(AssertionError, match=r"ended with 1(.|\n)*nothing"):
        dbt_processes.start(project, tmp_path, "build", "--select", "one").succeed()


def test_a_killed_invocation_is_killed_at_its_moment(project: Path, tmp_path: Path) -> None:
    invocation = dbt_processes.start(project, tmp_path, "build", kill=Kill(2))
    assert invocation.end() == -signal.SIGKILL
    tables = "select table_name from duckdb_tables() order by all"
    found = projects.rows(tmp_path / "warehouse" / "small.duckdb", tables)
    assert [row["table_name"] for row in found] == ["one", "two"]


@pytest.mark.heavy
def test_nothing_is_left_when_the_tests_are_killed(project: Path, tmp_path: Path) -> None:
    script = (
        "import dbt_processes, pathlib, time\n"
        f"project, home = map(pathlib.Path, {(str(project), str(tmp_path))!r})\n"
        "at_work = dbt_processes.start(project, home, 'build')\n"
        "from multiprocessing.forkserver import _forkserver\n"
        "print(at_work.process.pid, _forkserver._forkserver_pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    paths = os.pathsep.join(map(str, (projects.ROOT / "tests/python", projects.ROOT / "scripts")))
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        left = [int(word) for word in tests.stdout.readline().split()]
        assert len(left) == 2 and all(map(is_alive, left))
        tests.kill()
    for _ in range(600):
        if not any(map(is_alive, left)):
            break
        time.sleep(0.2)
    assert not any(map(is_alive, left))
