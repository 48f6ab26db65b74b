"""What can befall a night: raw rows that change, a kill at a chosen moment, a full disk, damage.

Everything is seen from outside: scripts/nightly is started, ended and looked at as an operator
would.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import projects
import yaml

from containment.publish import docs

# Tables that tell of nights, not of raw rows: they differ between one night and many.
TOLD_BY_THE_NIGHT = {"run_log", "restatements", "published_days"}
COLUMNS_OF_THE_RUN = {"run_id", "run_at", "cut_at", "built_at", "not_after"}
# Findings that compare with the night before.
AGAINST_THE_LAST_TIME = "starts_with(finding, 'dropped_') or finding = 'headline_moved'"
START = datetime(2026, 3, 1, 9)
CONVERSATIONS = 60
BLOCK_BYTES, HEADER_BYTES = 262_144, 12_288  # of a DuckDB file


# --- raw rows that change from version to version ------------------------------------------------


def write_raw(folder: Path, version: int, kind: str = "csv") -> None:
    """Make `folder` hold exactly the raw files of a version; about every fifth conversation differs
    between two versions: new, gone, longer, corrected."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in raw_rows(version).items():
        for old in folder.glob(f"{table}.*"):
            old.unlink()
        write_table(folder / f"{table}.{kind}", table, rows)


def write_table(file: Path, table: str, rows: projects.Rows) -> None:
    """Write the rows of a raw table as csv, jsonl or parquet."""
    if file.suffix == ".jsonl":
        projects.write_jsonl(file, rows)
        return
    text = file.with_suffix(".csv")
    projects.write_csv(text, projects.CONTRACT[table], rows)
    if file.suffix == ".parquet":
        duckdb.sql(f"from read_csv('{text}', all_varchar = true)").write_parquet(str(file))
        text.unlink()


def raw_rows(version: int) -> dict[str, list[dict[str, Any]]]:
    """The raw tables of a version; the same ones each time."""
    raw: dict[str, list[dict[str, Any]]] = {"conversations": [], "messages": [], "events": []}
    for number in range(CONVERSATIONS):
        changes = [
            at for at in range(1, version + 1) if random.Random(f"{number} {at}").random() < 0.2
        ]
        chance = random.Random(f"{number} {changes[-1:]}")
        if chance.random() < 0.15:  # not there yet, or not any more
            continue
        _add_conversation(raw, f"c{number}", number, chance)
    return raw


def _add_conversation(
    raw: dict[str, list[dict[str, Any]]], name: str, number: int, chance: random.Random
) -> None:
    raw["conversations"].append(
        {
            "conversation_id": name,
            "channel": ("chat", "sms", "fax", "email")[number % 4],
            "brand": chance.choice(["A", "B"]),
            # Few customers, so that a changed conversation concerns the sessions of another one.
            "customer_id": f"k{number % 17}" if number % 5 else None,
            "loaded_at": _written(START + timedelta(days=30)),
        }
    )
    # The same start whatever else changes: first messages keep their ids.
    moment = START + timedelta(hours=random.Random(number).randrange(400))
    for step in range(chance.randrange(2, 12)):
        moment += timedelta(minutes=chance.choice([1, 2, 29, 31, 90, 2000]))
        shared = {"conversation_id": name, "loaded_at": _written(moment + timedelta(hours=3))}
        kind = chance.choices(["customer", "bot", "agent", "R", "E", "odd"], [5, 5, 2, 2, 1, 0.3])
        if kind[0] in ("R", "E"):
            word = {"R": "resolved", "E": "escalated"}[kind[0]]
            row = {"event_id": f"e{step}", "event_type": word, "occurred_at": _written(moment)}
            raw["events"].append({**shared, **row})
        else:
            row = {"message_id": f"m{step}", "author_type": kind[0], "sent_at": _written(moment)}
            raw["messages"].append({**shared, **row, "author_id": f"{kind[0]}-1"})
            if chance.random() < 0.1:
                raw["messages"].append({**shared, **row, "topic": "billing"})


def _written(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


# --- the project and its nights ------------------------------------------------------------------


def copy_lean_project(folder: Path, *, allow_fewer: bool = True) -> Path:
    """Copy the project with few of its tests and without docs, so that a night is short.

    Give the folder. allow_fewer: its raw tables may lose rows, which would rightly keep another
    night from publishing.
    """
    projects.copy_runnable_project(folder)
    shutil.rmtree(folder / "tests" / "unit")
    if allow_fewer:
        allow_fewer_rows(folder)
    files = [*(folder / "models").rglob("*.yml"), *(folder / "seeds").rglob("*.yml")]
    for file in [folder / "dbt_project.yml", *files]:
        described = yaml.safe_load(file.read_text(encoding="utf-8"))
        _strip(described)
        file.write_text(yaml.safe_dump(described, sort_keys=False), encoding="utf-8")
    keep_docs(folder)
    return folder


def keep_docs(project: Path) -> None:
    """Put a page in the place of a project's docs, which take as long to make as a night."""
    page = project / "target" / f"docs-{docs.code_hash(project)}.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text(docs.INSTEAD, encoding="utf-8")


def allow_fewer_rows(project: Path) -> None:
    """Let a copy of the project publish whatever share of its rows a raw table lost."""
    file = project / "dbt_project.yml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["vars"]["containment"]["max_row_drop_share"] = 1
    settings["vars"]["containment"]["accepted_findings"] = [
        *(f"{kind}_{table}" for kind in ("dropped", "unusable") for table in projects.CONTRACT),
        *("headline_moved", "messages_without_conversation"),
    ]
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def _strip(described: Any) -> None:
    if isinstance(described, dict):
        described.pop("data_tests", None)
    for part in described.values() if isinstance(described, dict) else described:
        if isinstance(part, dict | list):
            _strip(part)


@dataclass
class Night:
    """A scripts/nightly at work, whose words are collected while it runs."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    seen: threading.Condition = field(default_factory=threading.Condition)
    collector: threading.Thread | None = None

    @property
    def exit_code(self) -> int:
        """How it ended, once it has."""
        return self.process.wait()

    @property
    def errors(self) -> list[str]:
        """The lines in which it said why it could not go on."""
        return [line for line in self.lines if line.startswith("error: ")]

    def finish(self) -> Night:
        """Wait for its end and its last word."""
        assert self.collector is not None
        self.process.wait(600)
        self.collector.join(60)
        return self

    def wait_for(self, is_it: Callable[[str], bool], seconds: float = 120) -> bool:
        """Wait for a line; give whether it came before the night ended."""
        checked = 0
        end = time.monotonic() + seconds
        while True:
            with self.seen:
                while checked < len(self.lines):
                    checked += 1
                    if is_it(self.lines[checked - 1]):
                        return True
                if self.process.poll() is not None:
                    return False
                assert time.monotonic() < end, self.lines[-5:]
                self.seen.wait(0.02)

    def wait_until(self, holds: Callable[[], bool], seconds: float = 120) -> bool:
        """Wait until something holds; give whether it did before the night ended."""
        end = time.monotonic() + seconds
        while not holds():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < end, self.lines[-5:]
            time.sleep(0.002)
        return True

    def kill(self) -> None:
        """Kill the night and all that it started, as a power cut would."""
        kill(self.process)

    def kill_alone(self) -> list[int]:
        """Kill the night but not dbt; give what it had started."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGSTOP)  # it must not start anything after the look
        started = below(self.process.pid)
        _kill(self.process.pid)
        self.process.wait()
        return started

    def kill_dbt(self) -> list[int]:
        """Kill dbt but not the night; give what was killed."""
        started = below(self.process.pid)[:1]
        for pid in started:
            _kill(pid)
        return started

    def reached(self) -> str:
        """The part of the night that its last words tell of."""
        said = [line for line in self.lines if line.strip()]
        if any(line.startswith("published:") for line in said):
            return "after the publication"
        if any(line.startswith("build and test: ") and "dbt" not in line for line in said):
            return "publication"
        started = [line for line in said if " of " in line and " START " in line]
        if not started:
            is_begun = any(line.startswith("build and test: dbt") for line in said)
            return "dbt's start" if is_begun else "before dbt"
        # Two at a time are at work.
        return "tests" if any("START test" in line for line in started[-2:]) else "models"


def start(
    root: Path, home: Path, *arguments: str, limit_bytes: int | None = None, **environment: str
) -> Night:
    """Start a night; `limit_bytes`: no file may become larger (a quota)."""

    def limit() -> None:
        if limit_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    command = [sys.executable, str(root / "scripts" / "nightly"), "--home", str(home), *arguments]
    process = subprocess.Popen(
        command,
        env={**os.environ, "CONTAINMENT_VENV": sys.prefix, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=limit,
    )
    night = Night(process)

    def collect() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with night.seen:
                night.lines.append(line.rstrip("\n"))
                night.seen.notify_all()

    night.collector = threading.Thread(target=collect, daemon=True)
    night.collector.start()
    return night


def below(pid: int) -> list[int]:
    """The processes that a process started, and theirs."""
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    children = [int(word) for word in done.stdout.split()]
    return children + [each for child in children for each in below(child)]


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and all that it started, as a power cut would."""
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGSTOP)  # it must not start anything after the look
    started = below(process.pid)
    for pid in (process.pid, *started):
        _kill(pid)
    process.wait()
    for pid in started:
        wait_till_gone(pid)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def wait_till_gone(pid: int, seconds: float = 120) -> None:
    """Wait till a process that is no child of this one has ended."""
    end = time.monotonic() + seconds
    while is_alive(pid):
        assert time.monotonic() < end, f"process {pid} does not end"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    found = state(pid)
    return found != "" and not found.startswith("Z")


def state(pid: int) -> str:
    """What ps calls the state of a process; nothing where there is none."""
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


# --- what must hold ------------------------------------------------------------------------------


def published_marts(home: Path) -> dict[str, int] | None:
    """The rows of each published mart, None where nothing is published; fail when it is not whole:
    database and parquet must hold the same marts with the same rows, the report must be theirs."""
    current = home / "published" / "current"
    if not current.is_symlink():
        assert not (home / "published" / "containment.duckdb").exists()
        return None
    database = current / "containment.duckdb"
    assert f"Publication {os.readlink(current).split('/')[-1]}." in (
        current / "report.html"
    ).read_text(encoding="utf-8")
    with duckdb.connect(str(database), read_only=True) as connection:
        marts = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
        ]
        assert marts
        assert {file.stem for file in (current / "parquet").iterdir()} == set(marts)
        for mart in marts:
            parted = "/*" if (current / "parquet" / mart).is_dir() else ""
            files = f"read_parquet('{current}/parquet/{mart}{parted}.parquet')"
            table = f"marts.{mart}"
            for one, other in ((table, files), (files, table)):
                missing = connection.execute(f"from {one} except all from {other}").fetchall()
                assert not missing, f"{mart}: {missing[:3]}"
        return {
            mart: connection.execute(f"select count(*) from marts.{mart}").fetchall()[0][0]
            for mart in marts
        }


def differences(home: Path, fresh: Path, *, publications: bool = True) -> list[str]:
    """Compare two homes, warehouse and publication, row by row; give a line per table that differs,
    run by run tables and columns left out."""
    found = []
    files = ["warehouse/containment.duckdb"]
    if publications:
        files.append("published/containment.duckdb")
    for file in files:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{home / file}' as one (read_only)")
            connection.execute(f"attach '{fresh / file}' as other (read_only)")
            tables = {name: _tables(connection, name) for name in ("one", "other")}
            if set(tables["one"]) != set(tables["other"]):
                found.append(f"{file}: tables {set(tables['one']) ^ set(tables['other'])}")
            for table in sorted(set(tables["one"]) & set(tables["other"])):
                compared = sorted(tables["one"][table] - COLUMNS_OF_THE_RUN)
                columns = ", ".join(f'"{column}"' for column in compared)
                where = f"where not ({AGAINST_THE_LAST_TIME})" if "finding" in compared else ""
                query = (
                    f"select {{c}} from {{a}}.{{t}} {where} "
                    f"except all select {{c}} from {{b}}.{{t}} {where}"
                )
                missing, extra = (
                    connection.execute(query.format(c=columns, t=table, a=a, b=b)).fetchall()
                    for a, b in (("other", "one"), ("one", "other"))
                )
                if missing or extra:
                    found.append(
                        f"{file} {table}: {len(missing)} missing, {len(extra)} extra; "
                        f"missing {missing[:2]}, extra {extra[:2]}"
                    )
    return found


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> Mapping[str, set[str]]:
    rows = connection.execute(
        "select schema_name || '.' || table_name, list(column_name) from duckdb_columns() "
        f"where database_name = '{database}' and not internal "
        "and (schema_name = 'marts' or table_name like 'int\\_kept\\_%' escape '\\') group by all"
    ).fetchall()
    return {
        name: set(columns) for name, columns in rows if name.split(".")[1] not in TOLD_BY_THE_NIGHT
    }


# --- places that run out of room, or must not be written -----------------------------------------


def can_mount() -> bool:
    """Whether this user may mount a file system."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


@dataclass
class Disk:
    """A small disk of its own."""

    folder: Path

    def used_bytes(self) -> int:
        """Bytes that are taken."""
        found = os.statvfs(self.folder)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def resize(self, size_bytes: int) -> None:
        """Give the disk another size."""
        self._remount(f"size={size_bytes}")

    def read_only(self, is_so: bool) -> None:
        """Forbid or allow to write."""
        self._remount("ro" if is_so else "rw")

    def _remount(self, options: str) -> None:
        command = ["mount", "-o", f"remount,{options}", str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def small_disk(folder: Path, size_bytes: int = 500_000_000) -> Iterator[Disk | None]:
    """Mount a disk at a folder, take it away at the end; gives None where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
    if not can_mount() or subprocess.run(command, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


# --- damage --------------------------------------------------------------------------------------


def blocks_of(database: Path, table: str) -> list[int]:
    """The blocks of a database file in which the data of a table is."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            f"select distinct block_id from pragma_storage_info('{table}') where block_id >= 0"
        ).fetchall()
    return sorted(block for (block,) in rows)


def overwrite(file: Path, offset: int, content: bytes) -> None:
    """Put bytes over those of a file."""
    with file.open("r+b") as stream:
        stream.seek(offset)
        stream.write(content)


def copy_home(home: Path, to: Path) -> Path:
    """Copy a home, its links as links."""
    return Path(shutil.copytree(home, to, symlinks=True, dirs_exist_ok=True))
