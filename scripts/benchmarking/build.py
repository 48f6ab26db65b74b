"""The project itself: its dbt build, publication and daily marts, and its nights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarking import processes
from benchmarking.database import connect
from benchmarking.processes import Cost
from benchmarking.rivals import rules
from containment.build import dbt_results, dbt_run, scratch
from containment.build.dbt_results import NodeResult
from containment.common import sql, warehouse
from containment.common.clock import utc_now
from containment.common.places import DATABASE, MARTS, PROJECT, Home
from containment.publish import docs, publish
from containment.raw import in_folder, views
from containment.settings import lookups, source_yml

CONVERSATIONS = "conversations cut"
# What a night is made of: seconds by the clock, seconds of dbt's nodes added up (two run at a
# time), a count, bytes.
PARTS = (
    *("raw files checked", "dbt build with tests", "publication", "all else"),
    *("dbt's seeds and models, added up", "dbt's tests, added up"),
    CONVERSATIONS,
    *("warehouse, MiB", "published database, MiB", "parquet, MiB", "whole home, MiB"),
)
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

MESSAGES = """(
    select messages.*, segments.segment_number
    from marts.messages inner join marts.segments using (segment_id)
)"""


@dataclass(frozen=True)
class Nights:
    """A home in which scripts/nightly runs, and the folder of its raw files.

    `last_load`: of the rows of its last night. Where the machine's clock is behind it, the night
    would take them for rows from the future, so it is told otherwise.
    """

    home: Home
    raw: Path
    last_load: datetime

    def run(self) -> tuple[Cost, dict[str, float], dict[str, float]]:
        """Do one night, with tests and publication; also its parts and the seconds of each model.

        The parts are PARTS: some in seconds, some in bytes or counts.
        """
        self.home.folder.mkdir(parents=True, exist_ok=True)
        # The data are of another year; and of a hundred million messages a third publication is
        # more than many a disk has left.
        given: dict[str, object] = {"max_raw_age_hours": {}, "publications_kept": 2}
        if self.last_load > utc_now():
            given["not_after"] = self.last_load.isoformat()
        cost, output = processes.run(
            "from containment.commands.nightly import main; main()",
            *("--json", "--home", self.home.folder, "--vars", json.dumps(given)),
            *("--source", source_yml.CONTRACT, "--raw-path", self.raw),
            folder=self.home.folder,
        )
        record = json.loads(output.splitlines()[-1])
        results = dbt_results.read(self.home.dbt_results) or []
        return cost.leaving(self.home.folder), self._parts(cost, record, results), _models(results)

    def _parts(
        self, cost: Cost, record: Mapping[str, Any], results: Sequence[NodeResult]
    ) -> dict[str, float]:
        seconds = record["seconds"]
        timed = [seconds[part] for part in ("raw_check", "build", "publish")]
        tests = [result.seconds for result in results if result.kind == "test"]
        others = [result.seconds for result in results if result.kind != "test"]
        values = (
            *(*timed, cost.seconds - sum(timed), sum(others), sum(tests)),
            *(record["conversations_cut"]["total"], self.home.warehouse.stat().st_size),
            (self.home.published / DATABASE).stat().st_size,
            processes.size((self.home.published / publish.PARQUET).resolve()),
            processes.size(self.home.folder),
        )
        return dict(zip(PARTS, values, strict=True))


@dataclass(frozen=True)
class Builder:
    """A home of its own, and dbt's target folder, for builds without tests.

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
        return cost.leaving(self.home.warehouse), _models(self._results())

    def publish(self) -> Cost:
        """Publish what was built."""
        cost, _ = processes.call("build.publish_marts", self.home.folder, folder=self.home.folder)
        return cost.leaving(self.home.published)

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

    def _dbt(self, command: str, *arguments: str, place: Mapping[str, str] | None = None) -> Cost:
        cost, _ = processes.run(
            dbt_run.PROCESS,
            self._results_file,
            *("--log-path", self.home.dbt_logs, command, "--target", "duckdb"),
            *("--target-path", self.target, "--project-dir", PROJECT, "--profiles-dir", PROJECT),
            *("--vars", json.dumps({"sources": [source_yml.CONTRACT], "raw_path": "raw"})),
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


def _models(results: Sequence[NodeResult]) -> dict[str, float]:
    """The seconds of each model."""
    return {result.name: result.seconds for result in results if result.kind == "model"}


def days(home: Home) -> list[list[Any]]:
    """What a home has published, as rules.DAY says."""
    found: list[list[Any]]
    _, found = processes.call("build.read_days", home.folder, folder=home.folder)
    return found


def sums(home: Home) -> dict[str, list[Any]]:
    """The same of its four big marts, as rules.sums says."""
    found: dict[str, list[Any]]
    _, found = processes.call("build.sum_marts", home.folder, folder=home.folder)
    return found


# --- what runs in the processes that are started -------------------------------------------------


def make_views(raw: str, home: str) -> bool:
    """Make the warehouse of a home, with the views that the nightly lays on raw files.

    Give whether memory holds what is made of them.
    """
    with warehouse.opened(Home(Path(home)).warehouse) as connection:
        found = in_folder.inspect(Path(raw), lookups.load(PROJECT))
        views.write_views(found, connection)
        return scratch.fits(connection, [found])


def make_docs(home: str) -> None:
    """Make the docs, which are kept beside the project: a publication only copies them."""
    docs.write(Path(home) / publish.DOCS)


def publish_marts(home: str) -> None:
    """Publish the marts of a home."""
    publish.publish(Home(Path(home)), publish.new_name(Home(Path(home)).published), kept=2)


def make_daily_marts(home: str, codes: str) -> None:
    """Run compiled models, given by their names in a JSON file, into temporary tables."""
    with connect(Home(Path(home)).warehouse, read_only=True) as connection:
        for name, code in json.loads(Path(codes).read_text(encoding="utf-8")).items():
            connection.execute(f"create temp table {sql.name(name)} as {code}")


def read_days(home: str) -> list[tuple[Any, ...]]:
    """The days of the publication of a home."""
    with connect(Home(Path(home)).published / DATABASE, read_only=True) as connection:
        return connection.execute(DAYS).fetchall()


def sum_marts(home: str) -> dict[str, list[Any]]:
    """The sums of the publication of a home, in which a message has its segment's id."""
    marts = {mart: f"{MARTS}.{mart}" for mart in rules.MARTS}
    marts["messages"] = MESSAGES
    with connect(Home(Path(home)).published / DATABASE, read_only=True) as connection:
        return rules.sums(connection, marts)
