"""dbt invocations that start at once, side by side, and that can be killed in the midst of work.

A process imports dbt and warms it up once; each invocation is a fork of it, in a process group of
its own. It ends after the invocation, so it never keeps a database file open. The first process
ends with the tests.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

LONGEST_SECONDS = 600
PARSED = "partial_parse.msgpack"  # dbt's name of what it has parsed
# pytest, because a fork imports the main module of the process that asks for it.
fork_server = multiprocessing.get_context("forkserver")
fork_server.set_forkserver_preload(["warm_dbt", "dbt.adapters.duckdb.impl", "pytest"])


@dataclass(frozen=True)
class Kill:
    """The moment of a kill -9: so many milliseconds after so many nodes were finished.

    after: the name of a node that must be among them.
    """

    nodes: int
    milliseconds: int = 0
    after: str = ""


@dataclass
class Invocation:
    """dbt at work, until `end`."""

    process: ForkServerProcess
    log: Path
    exit_code: int | None = field(default=None)

    def end(self) -> int:
        """Wait for the end; give 0, dbt's exit code, or minus the signal that killed it."""
        self.process.join(LONGEST_SECONDS)
        if self.process.is_alive():
            self.kill()
            raise TimeoutError(f"dbt was still at work after {LONGEST_SECONDS} s: {self.said()}")
        assert self.process.exitcode is not None
        self.exit_code = self.process.exitcode
        return self.exit_code

    def succeed(self) -> None:
        """Wait for the end, fail with what dbt said when it was no success."""
        assert self.end() == 0, f"dbt ended with {self.exit_code}\n{self.said()}"

    def kill(self) -> None:
        """kill -9 of the whole process group."""
        assert self.process.pid is not None
        with suppress(ProcessLookupError):  # not a group yet, or no more
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()

    def said(self) -> str:
        """The end of what dbt said."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-6000:]


def start(
    project: Path,
    home: Path,
    *arguments: str,
    target: Path | None = None,
    dbt_vars: Mapping[str, Any] | None = None,
    kill: Kill | None = None,
    parsed: Path | None = None,
) -> Invocation:
    """Start dbt on a project with the warehouse of a home.

    target: dbt's target folder, `home`/target without it. kill: kill -9 itself at that moment.
    parsed: a target folder in which the project was parsed with the same `sources`, the one setting
    that is asked for at parsing; with other vars dbt would parse it again.
    """
    (home / "warehouse").mkdir(parents=True, exist_ok=True)
    command = [
        *("--warn-error", "--no-use-colors", *arguments, "--project-dir", str(project)),
        *("--profiles-dir", str(project), "--target-path", str(target or home / "target")),
        *("--log-path", str(home / "logs"), "--log-level-file", "none"),
        *("--vars", json.dumps(dbt_vars or {}, sort_keys=True)),
    ]
    # The process that forks finds modules by this alone.
    with patch.dict(os.environ, PYTHONPATH=str(Path(__file__).parent)):
        forkserver.ensure_running()
    log = home / "dbt.txt"
    process = fork_server.Process(
        target=_invoke, args=(command, home, log, kill, parsed), daemon=True
    )
    process.start()
    return Invocation(process, log)


def parsed_in(
    folder: Path, project: Path, sources: Sequence[str], *, like: Path | None = None
) -> Path:
    """Give `folder`, in which the project was parsed with these sources; parse it there, if not.

    like: a folder in which other code was parsed with them; what is the same is not parsed again.
    """
    if not folder.exists():
        if like is not None and like.exists():
            folder.mkdir()
            shutil.copy(like / PARSED, folder / PARSED)
        start(
            project, folder.parent, "parse", target=folder, dbt_vars={"sources": [*sources]}
        ).succeed()
    return folder


def _invoke(
    command: Sequence[str], home: Path, log: Path, kill: Kill | None, parsed: Path | None
) -> None:
    """In the fork: run dbt, exit with its exit code."""
    os.setsid()
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    # dbt parses anew where profiles.yml reads another value than before: so every home is the same.
    os.chdir(home)
    os.environ.update(CONTAINMENT_HOME=".", DO_NOT_TRACK="1")
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack((parsed / PARSED).read_bytes()) if parsed else None
    callbacks = [_Killer(kill)] if kill else []
    outcome = dbtRunner(manifest, callbacks).invoke([*command])
    if outcome.exception is not None:
        print(outcome.exception, flush=True)
    # What dbt leaves to the end of the process, which a fork does not come to.
    DuckDBConnectionManager.close_all_connections()
    raise SystemExit(0 if outcome.success else 1)


class _Killer:
    """Counts the nodes that dbt has finished, and kills this process group when it is time."""

    def __init__(self, at: Kill) -> None:
        self.at = at
        self.finished = 0
        self.is_after = not at.after
        self.is_set = False
        self.lock = threading.Lock()

    def __call__(self, event: Any) -> None:
        with self.lock:
            if event.info.name == "NodeFinished":
                self.finished += 1
                self.is_after |= event.data.node_info.node_name == self.at.after
            at_work = self.finished > 0 or event.info.name == "NodeStart"
            if self.is_set or not (at_work and self.is_after and self.finished >= self.at.nodes):
                return
            self.is_set = True
        if self.at.milliseconds == 0:
            _kill_group()
        timer = threading.Timer(self.at.milliseconds / 1000, _kill_group)
        timer.daemon = True
        timer.start()


def _kill_group() -> None:
    os.killpg(0, signal.SIGKILL)
