"""Where a run keeps its things: everything it writes lies under one home folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from containment.errors import Stop
from containment.shown import LONGEST, cut, printable

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_PATH = 4_096  # bytes: what the system takes


def absolute(typed: str, setting: str, start: Path | None = None) -> Path:
    """Take a path as it was typed and what it was typed for, give it as an absolute one.

    A relative path begins at `start`, by default where you stand. Stop when no file can have it.
    """
    try:
        # What the system would hand over as bytes DuckDB could not open.
        is_path = "\0" not in typed and len(typed.encode()) < LONGEST_PATH
    except UnicodeEncodeError:
        is_path = False
    expanded = os.path.expanduser(typed) if is_path else typed
    # A user that there is not: the folder of that name would be made where you stand.
    if not is_path or expanded.startswith("~"):
        raise Stop(f"{setting} {cut(printable(typed[:LONGEST]), LONGEST)}: no path; check it")
    return Path(os.path.abspath((start or Path()) / expanded))


@dataclass(frozen=True)
class Home:
    """The paths under the home folder (an absolute path)."""

    folder: Path

    @property
    def warehouse_folder(self) -> Path:
        return self.folder / "warehouse"

    @property
    def warehouse(self) -> Path:
        return self.warehouse_folder / "containment.duckdb"

    @property
    def scratch(self) -> Path:
        return self.warehouse_folder / "scratch.duckdb"

    @property
    def raw_copies(self) -> Path:
        return self.warehouse_folder / "raw"

    @property
    def dbt_project(self) -> Path:
        return self.warehouse_folder / "project"

    @property
    def lock(self) -> Path:
        return self.warehouse_folder / ".lock"

    @property
    def dbt_target(self) -> Path:
        return self.warehouse_folder / "target"

    @property
    def parsed(self) -> Path:
        return self.dbt_target / "partial_parse.msgpack"  # dbt's own name

    @property
    def dbt_results(self) -> Path:
        return self.dbt_target / "results.json"

    @property
    def dbt_logs(self) -> Path:
        return self.folder / "logs"

    @property
    def nightly_log(self) -> Path:
        return self.folder / "logs" / "nightly.log"

    @property
    def failing_rows(self) -> Path:
        return self.warehouse_folder / "failing_rows.duckdb"

    @property
    def history(self) -> Path:
        return self.folder / "history" / "history.duckdb"

    @property
    def id_salt(self) -> Path:
        return self.folder / "history" / "id_salt"

    @property
    def published(self) -> Path:
        return self.folder / "published"
