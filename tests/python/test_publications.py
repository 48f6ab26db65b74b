"""scripts/publications and scripts/rollback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from containment import publish, run_lock, warehouse
from containment.places import Home

SCRIPTS = Path(publish.__file__).resolve().parents[1]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with three publications; the number of the one is the number of its sessions."""
    made = Home(tmp_path / "it's home")
    made.warehouse_folder.mkdir(parents=True)
    for number in (1, 2, 3):
        with warehouse.opened(made.warehouse) as connection:
            connection.execute(
                f"""
                create schema if not exists marts;
                create or replace table marts.sessions as
                    select 'resolved' as outcome, true as is_contained from range({number});
                create or replace table marts.segments (segment_kind text);
                create or replace table marts.settings as
                    select timestamp '2026-10-0{number} 02:00:00' as as_of;
                """
            )
        publish.publish(made, publish.new_name(), 3)
    return made


def command(home: Home, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPTS / script), "--home", str(home.folder), *arguments],
        env={**os.environ, "CONTAINMENT_VENV": sys.prefix},
        capture_output=True,
        text=True,
        check=False,
    )


def seen(home: Home) -> int:
    """The number of the publication that readers see, in both forms."""
    file = str(home.published / "parquet" / "sessions.parquet")
    with duckdb.connect(str(home.published / "containment.duckdb"), read_only=True) as connection:
        both = connection.execute(
            "select (select count(*) from marts.sessions), (select count(*) from read_parquet(?))",
            [file],
        ).fetchone()
    assert both is not None and both[0] == both[1]
    return both[0]


def refusal(done: subprocess.CompletedProcess[str], exit_code: int) -> str:
    assert (done.returncode, done.stdout) == (exit_code, "")
    [line] = done.stderr.splitlines()
    return line


def test_the_list(home: Home) -> None:
    names = publish.names(home.published)
    lines = command(home, "publications").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["publication", *reversed(names)]
    assert [" current " in line for line in lines] == [False, True, False, False]
    assert "Containment 100.0 % (3 of 3 closed sessions;" in lines[1]
    assert lines[1].endswith("as of 2026-10-03 02:00 UTC")


def test_the_list_for_programs(home: Home) -> None:
    found = json.loads(command(home, "publications", "--json").stdout)
    assert [each["name"] for each in found] == publish.names(home.published)[::-1]
    assert [each["is_current"] for each in found] == [True, False, False]
    assert [each["as_of"] for each in found] == [f"2026-10-0{n}T02:00:00Z" for n in (3, 2, 1)]
    assert found[0]["published_at"].startswith(found[0]["name"][:4])
    assert found[0]["headline"].startswith("Containment 100.0 %")


def test_the_list_of_a_home_without_any(tmp_path: Path) -> None:
    empty = Home(tmp_path)
    assert (
        command(empty, "publications").stdout == f"{empty.published}: nothing is published here\n"
    )
    assert command(empty, "publications", "--json").stdout == "[]\n"
    assert refusal(command(empty, "rollback"), 2).startswith(f"error: {empty.published}: nothing")
    assert not empty.warehouse_folder.exists()


def test_a_publication_that_cannot_be_read_is_listed(home: Home) -> None:
    broken = publish.versions(home.published) / publish.names(home.published)[0]
    (broken / "containment.duckdb").unlink()
    [line] = [
        line for line in command(home, "publications").stdout.splitlines() if "no headl" in line
    ]
    assert line.startswith(broken.name)


def test_step_by_step_back(home: Home) -> None:
    first, second, third = publish.names(home.published)
    done = command(home, "rollback")
    assert done.returncode == 0
    assert done.stdout == (f"rolled back from {third} to {second}; the next night publishes anew\n")
    assert seen(home) == 2
    assert command(home, "rollback").returncode == 0
    assert seen(home) == 1
    assert "no publication before the current one" in refusal(command(home, "rollback"), 2)
    assert seen(home) == 1
    assert publish.names(home.published) == [first, second, third]


def test_to_a_name_and_forth_again(home: Home) -> None:
    first, _, third = publish.names(home.published)
    assert command(home, "rollback", first).returncode == 0
    assert seen(home) == 1
    assert command(home, "rollback", third).returncode == 0
    assert seen(home) == 3
    again = command(home, "rollback", third)
    assert (again.returncode, again.stdout) == (0, f"{third} is current already; nothing to do\n")


def test_a_name_that_is_not_there(home: Home) -> None:
    name = publish.names(home.published)[1]
    line = refusal(command(home, "rollback", name[:-2]), 2)
    assert line.startswith(f"error: no publication '{name[:-2]}'; did you mean '2")
    assert seen(home) == 3


def test_not_while_a_night_is_at_work(home: Home) -> None:
    with run_lock.held(home.lock):
        assert f"process {os.getpid()}" in refusal(command(home, "rollback"), 3)
    assert seen(home) == 3


def test_what_was_rolled_back_is_in_the_log(home: Home) -> None:
    command(home, "rollback")
    assert "rolled back from" in home.nightly_log.read_text()


@pytest.mark.parametrize("script", ["publications", "rollback"])
def test_help(home: Home, script: str) -> None:
    done = command(home, script, "--help")
    assert done.returncode == 0
    assert "Exit codes" in done.stdout and "--home DIR" in done.stdout
