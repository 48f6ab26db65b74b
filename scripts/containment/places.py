"""Where a run keeps its things: everything it writes lies under one home folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


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
    def published(self) -> Path:
        return self.folder / "published"
