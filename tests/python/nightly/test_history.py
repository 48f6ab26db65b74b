"""The history: what it keeps over nights that are published, fail, or are killed at any step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from containment.build import dbt_results
from containment.build.dbt_results import NodeResult
from containment.common import clock, warehouse
from containment.common.errors import DATA_FAILED, LOCKED, Stop
from containment.common.places import DATABASE, Home
from containment.publish import publish
from containment.raw import views
from containment.runs import history, last_publication
from containment.runs.run import COLUMNS, KILLED, PUBLISHED, Run

SCRIPTS = Path(history.__file__).resolve().parents[2]
ROOT = SCRIPTS.parent
DAY = date(2026, 1, 1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "it's home")
    made.warehouse_folder.mkdir(parents=True)
    return made


def build(home: Home, contained: int, changes: Mapping[str, str] | None = None) -> None:
    """What the build makes of the copies: a run log, tonight's figures of a day, what was cut."""
    figures = {f"current_{figure}": contained for figure in history.FIGURES}
    values = {"started_date": DAY, "restated_count": contained, **figures}
    columns = ", ".join(
        f"cast({'?' if name in values else 'null'} as {kind}) as {name}"
        for name, kind in history.TABLES[history.DAYS].items()
    )
    known = [values[name] for name in history.TABLES[history.DAYS] if name in values]
    with warehouse.opened(home.warehouse) as connection:
        for schema in ("marts", "intermediate"):
            connection.execute(f"create schema if not exists {schema}")
        connection.execute(
            "create or replace view marts.run_log as select *, 0.5 as containment_rate, "
            "0.5 as containment_rate_change from raw.night_runs"
        )
        connection.execute(
            "create or replace table intermediate.int_changed_conversations "
            "(source varchar, conversation_id varchar, change_reason varchar, number bigint)"
        )
        for conversation_id, reason in (changes or {}).items():
            connection.execute(
                "insert into intermediate.int_changed_conversations values ('s', ?, ?, 1)",
                [conversation_id, reason],
            )
        connection.execute(
            f"create or replace table marts.published_days as select {columns}", known
        )
    say_that_dbt_made("int_changed_conversations", home)


def say_that_dbt_made(model: str, home: Home) -> None:
    home.dbt_target.mkdir(exist_ok=True)
    dbt_results.write(home.dbt_results, [NodeResult("model", model, "success")])


def copy(home: Home) -> None:
    with warehouse.opened(home.warehouse) as connection:
        history.copy_to(connection, home)


def night(
    home: Home, contained: int = 1, changes: Mapping[str, str] | None = None, fails: bool = False
) -> Run:
    """A night in small, with the steps of the nightly in their order."""
    run = Run.begun()
    with history.recorded(home, run):
        copy(home)
        build(home, contained, changes)
        if fails:
            raise Stop("not published", DATA_FAILED, ["first", "second"])
        run.publication = publish.new_name(home.published)
        history.announce(home, run)
        run.end(PUBLISHED, 0)
        with warehouse.opened(home.warehouse) as connection:
            history.copy_run(connection, home, run)
        publish.publish(home, run.publication, 3)
        run.end(PUBLISHED, 0)
        history.published(home, run)
    return run


def failed_night(home: Home, **arguments: Any) -> None:
    with pytest.raises(Stop):
        night(home, fails=True, **arguments)


def read(home: Home, query: str) -> list[tuple]:
    with duckdb.connect(str(home.history), read_only=True) as connection:
        return connection.execute(query).fetchall()


def outcomes(home: Home) -> list[tuple]:
    return read(home, "select outcome, exit_code from runs order by run_id")


def days(home: Home) -> list[tuple]:
    return read(home, "select started_date, current_closed_sessions from published_days")


def changes(home: Home) -> set[tuple]:
    found = read(home, "select conversation_id, change_reason from unpublished_changes")
    assert len(found) == len(set(found))
    return set(found)


# --- what is kept --------------------------------------------------------------------------------


def test_the_tables_that_dbt_reads_have_the_columns_of_the_history(home: Home) -> None:
    text = (ROOT / "models" / "marts" / "_night__sources.yml").read_text(encoding="utf-8")
    [source] = yaml.safe_load(text)["sources"]
    declared = {
        table["name"]: {
            column["name"]: column["data_type"].replace("string", "varchar")
            for column in table["columns"]
        }
        for table in source["tables"]
    }
    copies = {copy: history.TABLES[name] for name, copy in history.COPIES.items()}
    assert declared == copies | last_publication.TABLES | views.NOTES


def test_a_published_night_is_kept_with_its_days(home: Home) -> None:
    run = night(home, contained=7)
    assert outcomes(home) == [("published", 0)]
    assert days(home) == [(DAY, 7)]
    [kept] = read(home, f"select {', '.join(COLUMNS)} from runs")
    assert dict(zip(COLUMNS, kept, strict=True)) == {name: getattr(run, name) for name in COLUMNS}


def test_a_run_is_complete_in_its_own_publication(home: Home) -> None:
    run = night(home)
    with duckdb.connect(str(home.published / "containment.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select run_id, outcome, exit_code, publication, publish_seconds, "
            "ended_at is not null, total_seconds is not null from marts.run_log"
        ).fetchall()
    assert found == [(run.run_id, "published", 0, run.publication, None, True, True)]


def test_a_failed_night_is_kept_and_changes_no_day(home: Home) -> None:
    night(home, contained=1)
    failed_night(home, contained=2)
    assert outcomes(home) == [("published", 0), ("failed", 1)]
    assert read(home, "select message, publication from runs where exit_code = 1") == [
        ("first (and 1 more)", None)
    ]
    assert days(home) == [(DAY, 1)]


def test_days_that_a_publication_does_not_hold_are_not_forgotten(home: Home) -> None:
    night(home)
    with duckdb.connect(str(home.history)) as connection:
        connection.execute("update published_days set started_date = date '2025-12-31'")
    night(home)
    assert {day for day, _ in days(home)} == {DAY, date(2025, 12, 31)}


def test_what_unpublished_nights_cut_is_kept_till_a_publication(home: Home) -> None:
    night(home, changes={"published": "new"})
    failed_night(home, changes={"a": "rows", "b": "new"})
    failed_night(home, changes={"a": "rows", "c": "vanished"})
    assert changes(home) == {("a", "rows"), ("b", "new")}
    copy(home)  # the next night begins
    assert changes(home) == {("a", "rows"), ("b", "new"), ("c", "vanished")}
    night(home, changes={"d": "rows"})
    assert changes(home) == set()
    copy(home)
    assert changes(home) == set()


@pytest.mark.parametrize("dbt_got", ["to another model", "nowhere"])
def test_a_night_that_never_cut_anew_adds_nothing(home: Home, dbt_got: str) -> None:
    night(home, changes={"published": "new"})
    failed_night(home, changes={"left from before": "new"})
    if dbt_got == "nowhere":
        home.dbt_results.unlink()
    else:
        say_that_dbt_made("int_settings", home)
    copy(home)
    assert changes(home) == set()


def test_a_night_whose_build_was_killed_may_have_cut(home: Home) -> None:
    night(home)
    done = in_process(
        home,
        """
        build = tests.build
        def built(*arguments):
            build(*arguments)
            home.dbt_results.unlink()
            die()
        tests.build = built
        tests.night(home, changes={"a": "rows"})
        """,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    night(home, changes={"b": "rows"})
    assert changes(home) == set()
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        copied = connection.execute(
            "select conversation_id from raw.night_unpublished_changes"
        ).fetchall()
    assert copied == [("a",)]


def test_a_night_whose_dbt_alone_was_killed_may_have_cut(home: Home) -> None:
    night(home)
    run = Run.begun()
    with pytest.raises(Stop), history.recorded(home, run):
        copy(home)
        build(home, 1, {"a": "rows"})
        home.dbt_results.unlink()
        run.outcome = KILLED  # as the nightly notes it
        raise Stop("not published")
    assert outcomes(home)[1:] == [("killed", 2)]
    copy(home)
    assert changes(home) == {("a", "rows")}


def test_an_older_history_gets_the_columns_that_it_lacks(home: Home) -> None:
    night(home)
    with duckdb.connect(str(home.history)) as connection:
        connection.execute("alter table runs drop column message")
    failed_night(home)
    assert read(home, "select message from runs order by run_id") == [
        (None,),
        ("first (and 1 more)",),
    ]


def test_older_clients_can_read_the_file(home: Home) -> None:
    night(home)
    header = home.history.read_bytes()[:20]
    assert int.from_bytes(header[12:20], "little") == 64


# --- runs that never held the lock ---------------------------------------------------------------


def refused() -> Run:
    run = Run.begun()
    run.end_by(Stop("held by process 1", LOCKED))
    return run


def test_a_refused_run_is_noted(home: Home) -> None:
    night(home)
    history.note(home, refused())
    assert outcomes(home) == [("published", 0), ("refused", 3)]


def test_a_refused_run_begins_no_history(home: Home) -> None:
    history.note(home, refused())
    assert not home.history.exists()


def test_a_refused_run_neither_waits_long_nor_complains(
    home: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    night(home)
    with held_by_another(home):
        history.note(home, refused())
    home.history.write_bytes(b"no database" * 1000)
    history.note(home, refused())
    assert home.history.read_bytes().startswith(b"no database")
    assert capfd.readouterr().err == ""


# --- killed --------------------------------------------------------------------------------------


def in_process(home: Home, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own; it knows this module as `tests`."""
    start = f"""
        import os, signal
        from pathlib import Path
        import test_history as tests
        from containment.publish import publish
        from containment.runs import history
        from containment.common.places import DATABASE, Home
        home = Home(Path({str(home.folder)!r}))
        def die(*_, **__):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(start) + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def held_by_another(home: Home) -> subprocess.Popen[str]:
    """A process that has the history open till the end of the block."""
    holder = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import duckdb, sys\n"
            "with duckdb.connect(sys.argv[1]):\n"
            "    print('open', flush=True)\n"
            "    sys.stdin.read()",
            str(home.history),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    return holder


@pytest.mark.parametrize(
    ("step", "counts_as"),
    [
        ("tests.build", "killed"),
        ("history.announce", "killed"),
        ("publish._copy", "killed"),
        ("publish.switch", "killed"),
        # Readers have it already: the next run takes it over.
        ("publish._remove_old", "published"),
        ("history._take_over", "published"),
    ],
)
def test_killed_at_any_step(home: Home, step: str, counts_as: str) -> None:
    night(home, contained=1)
    done = in_process(
        home, f"{step} = die\ntests.night(home, contained=2, changes={{'a': 'rows'}})"
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert outcomes(home)[1] == ("running", None)
    run = Run.begun()
    with history.recorded(home, run):
        found = outcomes(home)[1]
        assert found == (("published", 0) if counts_as == "published" else ("killed", None))
        assert days(home) == [(DAY, 2 if counts_as == "published" else 1)]
        copy(home)
        lost = counts_as == "killed" and step != "tests.build"
        assert changes(home) == ({("a", "rows")} if lost else set())
        run.end(PUBLISHED, 0)
        history.announce(home, run)


def test_killed_before_the_end_of_a_transaction(home: Home) -> None:
    night(home, contained=1)
    done = in_process(
        home,
        """
        take_over = history._take_over
        def taken_over(*arguments):
            take_over(*arguments)
            die()
        history._take_over = taken_over
        tests.night(home, contained=2)
        """,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert days(home) == [(DAY, 1)]
    night(home, contained=3)
    assert outcomes(home) == [("published", 0)] * 3
    assert days(home) == [(DAY, 3)]


def test_after_a_rollback_the_days_are_carried_on(home: Home) -> None:
    night(home, contained=1)
    night(home, contained=2)
    publish.switch(home.published, publish.names(home.published)[0])
    night(home, contained=3)
    assert outcomes(home) == [("published", 0)] * 3
    assert days(home) == [(DAY, 3)]


# --- when the file is not to be had --------------------------------------------------------------


DAMAGE = ["rubbish", "cut off", "a page", "one bit"]


def spoil(file: Path, kind: str) -> bytes:
    """Damage a file in one way, give what it holds then."""
    content = file.read_bytes()
    match kind:
        case "rubbish":
            content = b"no database" * 1000
        case "cut off":
            content = content[: len(content) // 3]
        case "a page":  # the header is whole
            content = content[:12288] + bytes(len(content) - 12288)
        case "one bit":
            content = content[:20000] + bytes([content[20000] ^ 4]) + content[20001:]
    file.write_bytes(content)
    return content


def aside(home: Home) -> list[Path]:
    return sorted(home.history.parent.glob("damaged-*.duckdb"))


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_set_aside_and_the_past_restored(
    home: Home, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    night(home, contained=1)
    night(home, contained=31)
    failed_night(home)
    before = read(home, "from published_days")
    content = spoil(home.history, kind)
    run = Run.begun()
    with history.recorded(home, run):
        assert read(home, "from published_days") == before
        # The failed run came after the last publication: nothing tells of it.
        assert outcomes(home) == [("published", 0), ("published", 0), ("running", None)]
        run.end(PUBLISHED, 0)
    [kept] = aside(home)
    assert kept.read_bytes() == content
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith(f"warning: {home.history}: damaged (") and kept.name in line
    newest = publish.names(home.published)[-1]
    assert line.endswith(
        f"2 runs and what was published of 1 days restored from the publication {newest}; "
        "runs after it are lost"
    )


def test_the_past_is_restored_from_an_older_publication_when_the_newest_is_damaged(
    home: Home,
) -> None:
    night(home, contained=1)
    night(home, contained=2)
    before = days(home)
    night(home, contained=3)
    spoil(home.history, "one bit")
    spoil(publish.versions(home.published) / publish.names(home.published)[-1] / DATABASE, "a page")
    with history.recorded(home, Run.begun()):
        assert days(home) == before
        assert outcomes(home)[:2] == [("published", 0), ("published", 0)]


def test_a_lost_file_is_restored(home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    night(home, contained=5)
    before = read(home, "from published_days")
    home.history.unlink()
    with history.recorded(home, Run.begun()):
        assert read(home, "from published_days") == before
    assert "1 runs and what was published of 1 days restored" in capfd.readouterr().err


@pytest.mark.parametrize("step", ["history._restore", "Path.rename"])
def test_killed_while_the_past_is_restored(home: Home, step: str) -> None:
    night(home, contained=5)
    before = read(home, "from published_days")
    spoil(home.history, "rubbish")
    done = in_process(home, f"{step} = die\ntests.night(home)")
    assert done.returncode == -signal.SIGKILL, done.stderr
    with history.recorded(home, Run.begun()):
        assert read(home, "from published_days") == before
    assert len(aside(home)) == 1


def test_without_a_publication_a_damaged_file_begins_anew(
    home: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    failed_night(home)
    spoil(home.history, "rubbish")
    failed_night(home)
    assert outcomes(home) == [("failed", 1)]
    assert capfd.readouterr().err.endswith("a new history begins, for nothing is published\n")


def test_a_sound_file_that_cannot_be_had_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    night(home)
    content = home.history.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise duckdb.IOException(f'Cannot open file "{home.history}": Too many open files')

    with monkeypatch.context() as patched:
        patched.setattr(history.duckdb, "connect", fail)
        with pytest.raises(Stop, match=r"cannot be written \(Too many open files\)"):
            history._begin(home, Run.begun())
    assert home.history.read_bytes() == content
    assert aside(home) == []


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_publication_of_a_killed_night_stops_no_later_one(
    home: Home, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    night(home, contained=1)
    done = in_process(home, "publish._remove_old = die\ntests.night(home, contained=2)")
    assert done.returncode == -signal.SIGKILL, done.stderr
    spoil(home.published / DATABASE, kind)
    night(home, contained=3)
    assert outcomes(home) == [("published", 0), ("killed", None), ("published", 0)]
    assert days(home) == [(DAY, 3)]
    assert "damaged (containment.duckdb is not as it was written)" in capfd.readouterr().err


def test_nights_keep_their_order_though_the_clock_is_set_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = night(home, contained=1)
    moment = clock.utc_now() - timedelta(days=400)
    monkeypatch.setattr(clock, "utc_now", lambda: moment)
    second = night(home, contained=2)
    third = night(home, contained=3)
    assert first.run_id < second.run_id < third.run_id
    assert second.started_at == moment
    names = [str(each.publication) for each in (first, second, third)]
    assert names == publish.names(home.published) == sorted(names)


def test_a_file_that_another_process_has_open_for_long_is_exit_3(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(home)
    monkeypatch.setattr(history, "SECONDS_TO_WAIT", 0)
    with held_by_another(home) as holder, pytest.raises(Stop) as stop:
        night(home)
    assert stop.value.exit_code == LOCKED
    assert f"process {holder.pid} has it open" in str(stop.value)
    assert outcomes(home) == [("published", 0)]
    assert not list(home.history.parent.glob("damaged*"))


def test_a_file_that_cannot_be_written_after_the_publication_costs_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise duckdb.IOException("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(history, "_take_over", fail)
        night(home, contained=5)
    assert "not written (No space left on device); the next run makes up for it" in (
        capfd.readouterr().err
    )
    failed_night(home)
    assert outcomes(home) == [("published", 0), ("failed", 1)]
    assert days(home) == [(DAY, 5)]
