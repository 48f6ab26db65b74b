"""Where a run keeps its things: everything it writes lies under one home folder."""

from __future__ import annotations

import os
from pathlib import Path

from containment.common.errors import Stop
from containment.common.shown import LONGEST, cut, printable

PROJECT = Path(__file__).resolve().parents[3]
MARTS = "marts"  # the schema that is published
DATABASE = "containment.duckdb"  # the warehouse's file, and each publication's
LONGEST_PATH = 4_096  # bytes: what the system takes


def absolute(typed: str, setting: str, start: Path | None = None) -> Path:
    """Return a typed path as an absolute one, from `start` or the current folder.

    Raise Stop, which names the setting, if no file can have it.
    """
    try:
        # What the system would hand over as bytes DuckDB could not open.
        is_path = "\0" not in typed and len(typed.encode()) < LONGEST_PATH
    except UnicodeEncodeError:
        is_path = False
    expanded = os.path.expanduser(typed) if is_path else typed
    # A user that there is not: the folder of that name would be made where you stand.
    if not is_path or expanded.startswith("~"):
        raise Stop(f"{setting} {cut(printable(typed[:LONGEST]), LONGEST)}: not a path; check it")
    return Path(os.path.abspath((start or Path()) / expanded))


class Home:
    """The paths under the home folder (an absolute path)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse_folder = build = folder / "warehouse"
        self.warehouse = build / DATABASE
        self.scratch = build / "scratch.duckdb"
        self.raw_copies = build / "raw"
        self.dbt_project = build / "project"
        self.lock = build / ".lock"
        self.failing_rows = build / "failing_rows.duckdb"
        self.dbt_target = build / "target"
        self.parsed = self.dbt_target / "partial_parse.msgpack"  # dbt's own name
        self.dbt_results = self.dbt_target / "results.json"
        self.dbt_logs = folder / "logs"
        self.nightly_log = self.dbt_logs / "nightly.log"
        self.history = folder / "history" / "history.duckdb"
        self.id_salt = folder / "history" / "id_salt"
        self.published = folder / "published"
