"""The project itself: its dbt build, publication and daily marts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containment import (
    dbt_results,
    dbt_run,
    docs,
    lookups,
    publish,
    raw_files,
    raw_tables,
    raw_views,
    scratch,
    sql,
    warehouse,
)
from containment.benchmark import processes
from containment.benchmark.database import connect
from containment.benchmark.processes import Cost
from containment.dbt_results import NodeResult
from containment.places import PROJECT, Home

DAILY_MARTS = ("containment_daily",)
# As rules.DAY says.
DAYS = """
select
    strftime(started_date, '%Y-%m-%d') as started_date,
    channel,
    cast(sum(closed_sessions) as bigint) as closed,
    cast(sum(contained_sessions) as bigint),
    cast(sum(escalated_sessions) as bigint),
    cast(sum(resolved_sessions) as bigint),
    cast(sum(timed_out_sessions) as bigint)
from marts.containment_daily
group by started_date, channel
having closed > 0
order by started_date, channel
"""


@dataclass(frozen=True)
class Builder:
    """A home of its own, and dbt's target folder.

    dbt is told the same paths whatever it builds: it parses the project once, as on a user's first
    night, and finds that again on every later one.
    """

    home: Home
    target: Path

    def begin(self) -> None:
        """Empty the home; parse the project and make its docs where that has not been done."""
        shutil.rmtree(self.home.folder, ignore_errors=True)
        self.home.warehouse_folder.mkdir(parents=True)
        if not self.target.exists():
            self._dbt("parse")
            processes.call("build.make_docs", self.home.folder, folder=self.home.folder)

    def build(self, raw: Path) -> tuple[Cost, Mapping[str, float]]:
        """Build all from a raw folder, without tests; also the seconds of each model."""
        _, in_memory = processes.call("build.make_views", raw, self.home.folder, folder=raw)
        with scratch.placed(self.home, in_memory=in_memory) as place:
            cost = self._dbt("build", "--exclude-resource-type", "test", "unit_test", place=place)
        return cost, {
            result.name: result.seconds for result in self._results() if result.kind == "model"
        }

    def publish(self) -> Cost:
        """Publish what was built."""
        cost, _ = processes.call("build.publish_marts", self.home.folder, folder=self.home.folder)
        return cost

    def tidy_up(self) -> Cost:
        """Give back the room of deleted rows, as the nightly does after its publication."""
        cost, _ = processes.call("build.tidy_up", self.home.folder, folder=self.home.folder)
        return cost

    def daily_marts(self) -> Cost:
        """Make the daily marts again, nothing else."""
        codes = {
            result.name: result.query for result in self._results() if result.name in DAILY_MARTS
        }
        file = self.home.folder / "daily_marts.json"
        file.write_text(json.dumps(codes), encoding="utf-8")
        cost, _ = processes.call(
            "build.make_daily_marts", self.home.folder, file, folder=self.home.folder
        )
        return cost

    def days(self) -> list[list[Any]]:
        """What was built, as rules.DAY says."""
        _, found = processes.call("build.read_days", self.home.folder, folder=self.home.folder)
        return found

    def _dbt(self, command: str, *arguments: str, place: Mapping[str, str] | None = None) -> Cost:
        cost, _ = processes.run(
            dbt_run.PROCESS,
            self._results_file,
            *("--log-path", self.home.dbt_logs, command, "--target", "duckdb"),
            *("--target-path", self.target, "--project-dir", PROJECT, "--profiles-dir", PROJECT),
            *("--vars", json.dumps({"sources": [raw_tables.CONTRACT], "raw_path": "raw"})),
            *arguments,
            folder=self.home.folder,
            environment={
                "CONTAINMENT_HOME": ".",
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                **dbt_run.defaults(),
                **(place or {}),
            },
        )
        return cost

    @property
    def _results_file(self) -> Path:
        return self.target / self.home.dbt_results.name

    def _results(self) -> list[NodeResult]:
        return dbt_results.read(self._results_file) or []


# --- what runs in the processes that are started -------------------------------------------------


def make_views(raw: str, home: str) -> bool:
    """Make the warehouse of a home, with the views that the nightly lays on raw files.

    Give whether memory holds what is made of them.
    """
    with warehouse.opened(Home(Path(home)).warehouse) as connection:
        found = raw_files.inspect(Path(raw), lookups.load(PROJECT))
        raw_views.write_views(found, connection)
        return scratch.fits(connection, [found])


def make_docs(home: str) -> None:
    """Make the docs, which are kept beside the project: a publication only copies them."""
    docs.write(Path(home) / publish.DOCS)


def publish_marts(home: str) -> None:
    """Publish the marts of a home."""
    publish.publish(Home(Path(home)), publish.new_name(Home(Path(home)).published), kept=2)


def tidy_up(home: str) -> None:
    """Tidy up the warehouse of a home."""
    warehouse.tidy_up(Home(Path(home)).warehouse)


def make_daily_marts(home: str, codes: str) -> None:
    """Run compiled models, given by their names in a JSON file, into temporary tables."""
    with connect(Home(Path(home)).warehouse, read_only=True) as connection:
        for name, code in json.loads(Path(codes).read_text(encoding="utf-8")).items():
            connection.execute(f"create temp table {sql.name(name)} as {code}")


def read_days(home: str) -> list[tuple[Any, ...]]:
    """The days of the build of a home."""
    with connect(Home(Path(home)).warehouse, read_only=True) as connection:
        return connection.execute(DAYS).fetchall()
