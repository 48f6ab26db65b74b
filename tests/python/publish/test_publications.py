"""scripts/publications and scripts/rollback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from containment.common import clock, warehouse
from containment.common.clock import name_after, utc_now
from containment.common.places import Home
from containment.publish import checksums, publish
from containment.runs import run_lock

SCRIPTS = Path(publish.__file__).resolve().parents[2]


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
                create or replace table marts.segments
                    (segment_kind text, is_bot_involved boolean, customer_message_count bigint);
                create or replace table marts.settings as
                    select timestamp '2026-10-0{number} 02:00:00' as as_of;
                """
            )
        publish.publish(made, publish.new_name(made.published), 3)
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
    assert done.stdout == (f"rolled back from {third} to {second}; the next run publishes anew\n")
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


# --- damage --------------------------------------------------------------------------------------


def flip(file: Path, place: float = 0.5, bit: int = 2) -> None:
    """Turn one bit over, so far into a file."""
    content = bytearray(file.read_bytes())
    content[int(len(content) * place)] ^= 1 << bit
    file.write_bytes(content)


def folders(home: Home) -> list[Path]:
    return [publish.versions(home.published) / name for name in publish.names(home.published)]


def test_the_sums_are_those_of_the_command(home: Home) -> None:
    for folder in folders(home):
        command = ["sha256sum", "--check", "--strict", "--quiet", checksums.FILE]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        lines = (folder / checksums.FILE).read_text().splitlines()
        listed = {line.split("  ")[1] for line in lines}
        there = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
        assert listed == there - {checksums.FILE}


def test_sound_publications_are_said_to_be(home: Home) -> None:
    done = command(home, "publications", "--verify")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split()[-2:] == ["files", "headline"]
    assert done.stdout.count("  sound  ") == 3
    found = json.loads(command(home, "publications", "--verify", "--json").stdout)
    assert [(each["is_sound"], each["damage"]) for each in found] == [(True, [])] * 3


@pytest.mark.parametrize(
    "name",
    ["containment.duckdb", "report.html", "docs.html", "parquet/sessions.parquet", "SHA256SUMS"],
)
@pytest.mark.parametrize("place", [0.02, 0.5, 0.99])
def test_one_bit_is_found(home: Home, name: str, place: float) -> None:
    flip(folders(home)[1] / name, place)
    damage = [publish.damage(home.published, each) for each in publish.names(home.published)]
    assert [bool(each) for each in damage] == [False, True, False]


def test_what_is_damaged_is_named(home: Home) -> None:
    first, second, third = folders(home)
    flip(first / "parquet" / "sessions.parquet")
    (second / "report.html").unlink()
    (third / checksums.FILE).unlink()  # an earlier one has it, so it was there
    done = command(home, "publications", "--verify")
    assert done.returncode == 1
    newest, middle, oldest = done.stdout.splitlines()[1:]
    assert "  SHA256SUMS is missing  " in newest
    assert "  report.html is missing  " in middle
    assert "  parquet/sessions.parquet is not as it was written  " in oldest
    assert done.stderr == (
        f"error: damaged: {third.name}, {second.name}, {first.name}; "
        "let the next run publish anew\n"
    )
    assert f"{third.name} is damaged" in refusal(command(home, "rollback", third.name), 1)


def test_one_of_an_older_version_has_no_sums_and_is_not_damaged(home: Home) -> None:
    first, _, third = folders(home)
    (first / checksums.FILE).unlink()
    done = command(home, "publications", "--verify")
    assert done.returncode == 0
    assert "  no checksums  " in done.stdout.splitlines()[-1]
    flip(third / "report.html")
    assert command(home, "rollback", first.name).returncode == 0


def test_the_only_sound_publication_is_kept(home: Home) -> None:
    first, second, third = folders(home)
    flip(second / "report.html")
    flip(third / "report.html")
    publish.publish(home, publish.new_name(home.published), 3)
    assert publish.names(home.published)[:-1] == [first.name, second.name, third.name]
    publish.publish(home, publish.new_name(home.published), 3)  # the new one is sound as well
    assert first.name not in publish.names(home.published)


def test_no_way_back_to_a_damaged_one(home: Home) -> None:
    first, second, _ = folders(home)
    flip(second / "parquet" / "sessions.parquet")
    for arguments in ([], [second.name]):
        line = refusal(command(home, "rollback", *arguments), 1)
        assert line == (
            f"error: {second.name} is damaged (parquet/sessions.parquet is not as it was written); "
            f"the next sound one is scripts/rollback {first.name}"
        )
    assert seen(home) == 3
    flip(first / "report.html")
    assert refusal(command(home, "rollback"), 1).endswith("no other one is sound")
    sums = folders(home)[2] / checksums.FILE
    sums.write_bytes(sums.read_bytes().replace(b"\n", b"\x0b", 1))
    assert publish.damage(home.published, sums.parent.name) == ["SHA256SUMS is not whole"]


def test_the_way_back_needs_no_clock(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    last = publish.names(home.published)[-1]
    earlier = utc_now() - timedelta(days=400)
    monkeypatch.setattr(clock, "utc_now", lambda: earlier)
    publish.publish(home, publish.new_name(home.published), 3)
    done = command(home, "rollback")
    assert done.stdout.endswith(f" to {last}; the next run publishes anew\n"), done.stderr


@pytest.mark.parametrize("name", ["", "20991231T000000.000000Z", "99991231T235959.999999Z", "odd"])
def test_a_later_name_sorts_after_any(name: str) -> None:
    assert name_after(name or None) > (name if name.startswith("20") else "2")


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.9])
def test_a_query_on_a_damaged_file_is_one_line(home: Home, place: float) -> None:
    file = home.published / "containment.duckdb"
    content = file.read_bytes()
    start = int(len(content) * place)
    file.write_bytes(content[:start] + bytes(4096) + content[start + 4096 :])
    done = command(home, "query", "select count(*), max(outcome) from sessions")
    if done.returncode:  # else what was spoiled holds nothing
        line = refusal(done, 2)
        assert line.endswith("damaged; scripts/publications --verify names those that are sound")
    assert place or done.returncode


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
def test_without_a_stream_to_write_to(home: Home, streams: str) -> None:
    shell = ["sh", "-c", f'"$0" "$@" {streams}', sys.executable, str(SCRIPTS / "rollback")]
    environment = {**os.environ, "CONTAINMENT_VENV": sys.prefix}
    done = subprocess.run(
        [*shell, "--home", str(home.folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert seen(home) == 2
    assert "rolled back from" in home.nightly_log.read_text()
