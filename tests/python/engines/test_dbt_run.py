"""What is read from dbt's words, the rows that failed a test, and how its process ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import duckdb
import faults
import projects
import pytest

from containment.build import dbt_results, dbt_run, failing_rows
from containment.build.dbt_results import NodeResult
from containment.common import child, warehouse
from containment.common.errors import UNUSABLE
from containment.common.places import Home


def event(name: str, **data: object) -> str:
    return json.dumps({"info": {"name": name, "level": "info", "msg": "said"}, "data": data})


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (event("LogModelResult", total=9), ("info", "said", 9)),
        (event("LogTestResult", num_models=9), ("info", "said", 9)),
        (event("LogStartLine", total=9), ("info", "said", 0)),
        (event("LogModelResult"), ("info", "said", 0)),
        ("no event\n", ("", "no event", 0)),
        ("[1]\n", ("", "[1]", 0)),
        ('{"info": 1, "data": 2}', ("", '{"info": 1, "data": 2}', 0)),
    ],
)
def test_the_progress_of_a_build(line: str, meant: tuple[str, str, int]) -> None:
    assert dbt_run._event(line) == meant


def test_what_the_user_has_set_for_dbt_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DBT_WRITE_JSON", "DBT_LOG_LEVEL_FILE"):
        monkeypatch.delenv(name, raising=False)
    environment = dbt_run.environment(Home(tmp_path))
    assert (environment["DBT_WRITE_JSON"], environment["DBT_LOG_LEVEL_FILE"]) == ("false", "info")
    monkeypatch.setenv("DBT_WRITE_JSON", "true")
    assert dbt_run.environment(Home(tmp_path))["DBT_WRITE_JSON"] == "true"


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    results = [NodeResult("model", "sessions", "success", 0.5), NodeResult("test", "é", "fail")]
    file = tmp_path / "results.json"
    dbt_results.write(file, results)
    assert dbt_results.read(file) == results


@pytest.mark.parametrize("content", [None, "", "[", '{"a": 1}', '[{"a": 1}]', "[1]"])
def test_results_that_are_not_whole_are_none(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "results.json"
    if content is not None:
        file.write_text(content)
    assert dbt_results.read(file) is None


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "it's home")
    made.warehouse_folder.mkdir(parents=True)
    with warehouse.opened(made.warehouse) as connection:
        connection.execute("create schema marts; create table marts.sessions as from range(5)")
    return made


def kept(home: Home) -> dict[str, int]:
    with duckdb.connect(str(home.failing_rows), read_only=True) as connection:
        names = [row[0] for row in connection.execute("show tables").fetchall()]
        return {
            name: connection.execute(f'select count(*) from "{name}"').fetchall()[0][0]
            for name in names
        }


def test_failing_rows_are_kept_and_replaced_by_the_next_ones(home: Home) -> None:
    tests = {
        "first": 'with t as (select * from "containment"."marts"."sessions") select * from t',
        "not unique": "select * from marts.sessions where range > 2 -- why",
    }
    assert failing_rows.keep(home, tests) == dict.fromkeys(tests, "")
    assert kept(home) == {"first": 5, "not unique": 2}
    assert failing_rows.keep(home, {"other": "select 1 as one"}) == {"other": ""}
    assert kept(home) == {"other": 1}


def test_the_columns_and_checks_that_rows_failed_are_named(home: Home) -> None:
    rows = {
        "few": "('b not_null; '), ('a, b unique; b not_null; ')",
        "many": ", ".join(f"('{name} between; ')" for name in "gfedcba"),
        "none": "('')",
    }
    tests = {
        name: f"select * from (values {values}) as t (failed_checks)"
        for name, values in rows.items()
    }
    assert failing_rows.keep(home, tests) == {
        "few": "b not_null; a, b unique",
        "many": "a between; b between; c between; d between; e between; 2 more",
        "none": "",
    }


def test_a_query_that_fails_does_not_cost_the_others(home: Home) -> None:
    tests = {"broken": "select * from marts.gone", "good": "select 1 as one"}
    assert failing_rows.keep(home, tests) == {"good": ""}
    assert kept(home) == {"good": 1}


def test_a_file_that_cannot_be_written_costs_nothing(home: Home) -> None:
    home.failing_rows.mkdir()
    assert failing_rows.keep(home, {"good": "select 1 as one"}) == {}


def test_no_more_rows_than_a_person_can_use(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failing_rows, "MOST_ROWS", 3)
    failing_rows.keep(home, {"first": "from marts.sessions"})
    assert kept(home) == {"first": 3}


def test_no_failing_rows_are_left_where_nothing_failed(home: Home) -> None:
    assert failing_rows.keep(home, {}) == {}
    assert not home.failing_rows.exists()
    assert failing_rows.keep(home, {"earlier": "select 1 as one"}) == {"earlier": ""}
    assert failing_rows.keep(home, {}) == {}
    assert not home.failing_rows.exists()
    assert projects.rows(home.warehouse, "select count(*) as n from marts.sessions") == [{"n": 5}]


# --- the process ---------------------------------------------------------------------------------

# Does what a night does with processes, with something in the place of dbt that never ends by
# itself: it writes its number to a file. argv: the system, what starts it, a folder.
NIGHT = """
import sys
from pathlib import Path
from containment.build import dbt_run
from containment.common import child
from containment.publish import docs
from containment.common.places import Home

system, starts, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
command = child.command
child.command = lambda *args: [
    f"import sys; sys.platform = {system!r}; {word}" if "end_with" in word else word
    for word in command(*args)
]
endless = (
    "import os, time; "
    "print(os.getpid(), file=open('number', 'w'), flush=True); "
    "time.sleep(600)"
)
dbt_run.PROCESS = docs.CODE = endless
if starts == "build":
    dbt_run.build(folder, Home(folder), "duckdb", {})
else:
    docs.write(folder / "docs.html", folder)
"""


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize(
    ("system", "starts"), [(sys.platform, "build"), (sys.platform, "docs"), ("other", "build")]
)
def test_dbt_ends_with_a_night_that_is_killed(
    tmp_path: Path, system: str, starts: str, stopped: bool
) -> None:
    if stopped and system != "linux":
        pytest.skip("a process that is stopped cannot watch another one")
    (tmp_path / "dbt_project.yml").write_text("")
    (tmp_path / "tmp").mkdir()
    night = subprocess.Popen(
        [sys.executable, "-c", NIGHT, system, starts, str(tmp_path)],
        env={
            **os.environ,
            "PYTHONPATH": str(projects.ROOT / "scripts"),
            "TMPDIR": str(tmp_path / "tmp"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    number = tmp_path / "number"
    while not (number.exists() and number.read_text().endswith("\n")):
        assert night.poll() is None, "nothing was started"
        time.sleep(0.01)
    dbt = int(number.read_text())
    try:
        if stopped:
            os.kill(dbt, signal.SIGSTOP)
            while not faults.state(dbt).startswith("T"):
                time.sleep(0.01)
        night.kill()
        night.wait()
        faults.wait_till_gone(dbt, seconds=30)
    finally:
        with suppress(ProcessLookupError):
            os.kill(dbt, signal.SIGKILL)
    assert list((tmp_path / "tmp").iterdir()) == [], "nobody ever takes that away"


@pytest.mark.parametrize("system", [sys.platform, "other"])
def test_a_child_whose_parent_has_ended_before_it_looks_does_nothing(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", os.getppid)  # one that is not the child's parent
    python, option, code = child.command("import time; time.sleep(5); print('at work')")
    code = f"import sys; sys.platform = {system!r}; {code}"
    done = subprocess.run([python, option, code], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGKILL, "dbt: killed; start again. If nobody did it, memory ran out"),
        (signal.SIGTERM, "dbt: ended by a signal (Terminated); start again"),
    ],
)
def test_a_killed_dbt_is_one_line(
    home: Home, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    code = f"import os; print('3 of 9 START', flush=True); os.kill(os.getpid(), {int(number)})"
    monkeypatch.setattr(dbt_run, "PROCESS", code)
    outcome = dbt_run.build(home.folder, home, "duckdb", {})
    assert outcome.exit_code == UNUSABLE and outcome.is_killed
    [line] = outcome.failures
    assert line.startswith(said)
