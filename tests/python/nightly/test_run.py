"""The record of a run: how it ended, what it says of what was cut, its JSON; its log file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from containment.common import console
from containment.common.errors import DATA_FAILED, LOCKED, Stop
from containment.runs.run import Run

SCRIPTS = Path(console.__file__).resolve().parents[2]
CUT = """
create schema marts; create schema intermediate;
create table marts.settings as
select timestamp '2026-01-05 02:00:00' as as_of, timestamp '2026-01-06' as not_after,
    'ab12' as rules_version;
create table marts.row_reconciliation as
from (values ('s', 'messages', 20, 19), ('s', 'events', 3, 2))
    as t (source, table_name, rows_read, rows_used);
create table marts.sessions as
from (values ('resolved', true), ('escalated', false), ('open', null)) as t (outcome, is_contained);
create table intermediate.int_changed_conversations
    (source text, conversation_id text, change_reason text);
create table intermediate.int_kept_states (source text, conversation_id text);
"""


def run_that_cut(*reasons: str) -> Run:
    run = Run.begun()
    with duckdb.connect() as connection:
        connection.execute(CUT)
        for reason in reasons:
            connection.execute(
                "insert into intermediate.int_changed_conversations (change_reason) values (?)",
                [reason],
            )
        run.read_figures(connection)
    return run


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ([], "nothing changed: no conversation cut again"),
        (["new"], "cut again: 1 conversation (1 new)"),
        (
            ["new", "rows", "vanished", "rows"],
            "cut again: 4 conversations (1 new, 2 with changed rows, 1 vanished)",
        ),
        (["rules"] * 1200, "rules changed: 1,200 conversations cut again"),
        (
            ["rules", "new"],
            "rules changed: 2 conversations cut again (1 new, 1 by the rules)",
        ),
    ],
)
def test_what_was_cut_is_said(reasons: list[str], said: str) -> None:
    assert run_that_cut(*reasons).cut_line() == said


def test_the_figures_of_a_build() -> None:
    run = run_that_cut("new", "rows")
    assert (run.closed_sessions, run.open_sessions, run.contained_sessions) == (2, 1, 1)
    assert (run.rows_read, run.rules_version) == (23, "ab12")
    found = json.loads(run.as_json(None))
    assert found["rows_by_table"] == {"s.events": 3, "s.messages": 20}
    assert found["as_of"] == "2026-01-05T02:00:00Z"
    assert found["not_after"] == "2026-01-06T00:00:00Z"
    assert found["findings"] == []
    assert json.loads(str(run.rows_used_by_table)) == {"s.events": 2, "s.messages": 19}
    assert found["conversations_cut"] == {
        "total": 2,
        "new": 1,
        "changed": 1,
        "rules": 0,
        "vanished": 0,
    }


@pytest.mark.parametrize(
    ("error", "outcome", "exit_code", "message"),
    [
        (Stop("wrong"), "failed", 2, "wrong"),
        (Stop("not published", DATA_FAILED, ["a"]), "failed", 1, "a"),
        (Stop("not published", DATA_FAILED, ["a", "b", "c"]), "failed", 1, "a (and 2 more)"),
        (Stop("held", LOCKED), "refused", 3, "held"),
        (PermissionError(13, "Permission denied", "/x"), "failed", 2, None),
        (ZeroDivisionError("division by zero"), "failed", 1, "unexpected error: ZeroDivisionError"),
    ],
    ids=str,
)
def test_how_a_run_ended(
    error: Exception, outcome: str, exit_code: int, message: str | None
) -> None:
    run = Run.begun()
    run.publication = "announced"
    run.end_by(error)
    message = message or "/x: Permission denied; check it and start again"
    assert (run.outcome, run.exit_code, run.message) == (outcome, exit_code, message)
    assert run.publication is None and run.ended_at is not None
    assert json.loads(run.as_json(None))["outcome"] == outcome


# --- the log file --------------------------------------------------------------------------------


def say(path: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code after the log was begun."""
    return subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys\nfrom pathlib import Path\nfrom containment.common import console\n"
            f"console.log_to(Path(sys.argv[1]))\n{code}",
            str(path),
        ],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_line_goes_to_the_log_too(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "nightly.log"
    done = say(
        log, "console.say('one'); console.say(''); console.warn('two'); console.fail('3 %s')"
    )
    assert (done.stdout, done.stderr) == ("one\n\n", "warning: two\nerror: 3 %s\n")
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (.*)"
    lines = [re.fullmatch(form, line) for line in log.read_text().splitlines()]
    assert [line and line[1] for line in lines] == ["one", "warning: two", "error: 3 %s"]


def test_the_log_is_rotated(tmp_path: Path) -> None:
    log = tmp_path / "nightly.log"
    say(log, "for i in range(3_600): console.say(str(i % 10) * 1_900)")
    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + console.LOG_FILES
    assert all(0 < file.stat().st_size <= console.LOG_BYTES for file in files)


@pytest.mark.parametrize("kind", ["a file in the way", "a full disk"])
def test_a_log_that_cannot_be_written_ends_nothing(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "logs" / "nightly.log"
    if kind == "a file in the way":
        log.parent.write_text("")
        expected = f"warning: {log}: cannot be written (Not a directory); this run leaves no log\n"
        if not log.parent.is_dir():
            expected = expected.replace("Not a directory", "File exists")
    else:
        full = Path("/dev/full")
        if not full.exists():
            pytest.skip("this system has no full device")
        log.parent.mkdir()
        log.symlink_to(full)
        expected = ""
    done = say(log, "console.say('one'); console.say('two')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\ntwo\n", expected)


def test_with_stdout_kept_free_every_line_goes_to_stderr(tmp_path: Path) -> None:
    done = say(tmp_path / "log", "console.keep_stdout_free(); console.say('one')")
    assert (done.stdout, done.stderr) == ("", "one\n")


def test_there_is_no_bar_without_a_terminal(tmp_path: Path) -> None:
    code = "bar = console.Progress('build'); bar.step(2); bar.close(); print('tqdm' in sys.modules)"
    done = say(tmp_path / "log", code)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_there_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Terminal:
        encoding = "utf-8"

        def __init__(self) -> None:
            self.text = ""

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            self.text += text
            return len(text)

        def flush(self) -> None:
            pass

    terminal = Terminal()
    monkeypatch.setattr(console.sys, "stderr", terminal)
    bar = console.Progress("build")
    for _ in range(3):
        bar.step(3)
    bar.close()
    assert "build" in terminal.text and "/3" in terminal.text
