"""Two roads to one number: metric = mart, and scripts/query = MetricFlow."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import projects
import pytest

from containment.common.errors import Stop
from containment.query import metrics

OF_DEMAND = [name for name, metric in metrics.load().items() if metric.model.mart == "segments"]
OF_CLAIMS = [name for name, each in metrics.load().items() if each.model.mart == "claims_audited"]
OF_SESSIONS = [name for name in metrics.load() if name not in (*OF_DEMAND, *OF_CLAIMS)]
COUNTS = [name for name in OF_SESSIONS if not name.startswith("median_")]
# A metric's name that is not the mart's, where a metric of the sessions has that one.
IN_DEMAND = {"bot_involved_contacts": "bot_involved_sessions"}
IN_DEMAND |= {"automated_contacts": "automated_sessions"}
BY = {"day": "started_date", "source": "source", "brand": "brand", "channel": "channel"}
BY |= {"bot_id": "bot_id"}
MEDIANS = {
    "median_duration_seconds": "duration_seconds",
    "median_first_bot_reply_seconds": "first_bot_reply_seconds",
    "median_handoff_wait_seconds": "handoff_wait_seconds",
}
# How MetricFlow says what this project's commands say in short.
GROUPINGS = {
    "": "",
    "day": "metric_time__day",
    "week,channel": "metric_time__week,session__channel",
    "bot_id": "session__bot_id",
    "brand,is_human_involved": "session__brand,session__is_human_involved",
}
OTHERS = (
    ("demand", OF_DEMAND, "week,channel", "metric_time__week,segment__channel"),
    ("claims", OF_CLAIMS, "month,verdict", "metric_time__month,claim__verdict"),
)
MF = """
import json, sys
from dbt_metricflow.cli.main import cli
for arguments in json.load(sys.stdin):
    cli(arguments, standalone_mode=False)
"""


@pytest.fixture(scope="module")
def published(sample: Path) -> Path:
    return sample / "published" / "containment.duckdb"


def asked(database: Path, names: list[str], by: list[str], where: str | None = None) -> list[dict]:
    return projects.rows(database, metrics.sql(metrics.load(), names, by, where))


# --- metric = mart -------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [*BY, "day,channel,brand,bot_id"])
def test_every_count_and_rate_is_that_of_the_daily_mart(published: Path, by: str) -> None:
    dimensions = by.split(",")
    columns = ", ".join(f"{BY[name]} as {name}" for name in dimensions)
    counts = [name for name in COUNTS if metrics.load()[name].kind == "simple"]
    sums = ", ".join(f"sum({name}) as {name}" for name in counts)
    summed = f"select {columns}, {sums} from marts.containment_daily group by all"
    expected = projects.rows(published, f"{summed} order by {by}")
    for row in expected:
        row |= rates(row)
    found = asked(published, COUNTS, dimensions)
    assert same(found, expected)
    assert len(found) > (0 if by == "source" else 2)


def rates(counts: Mapping[str, Any]) -> dict[str, float | None]:
    """The rates of rule 8, written down once more."""

    def over(part: str, whole: str) -> float | None:
        return counts[part] / counts[whole] if counts[whole] else None

    rate, n = over("contained_sessions", "closed_sessions"), counts["closed_sessions"]
    z = 1.959963984540054  # of a normal distribution, 95 % lie within
    ends: list[float | None] = [None, None]
    if rate is not None:
        reach = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        ends = [(rate + z * z / (2 * n) + side * reach) / (1 + z * z / n) for side in (-1, 1)]
        ends = [min(1.0, max(0.0, float(end or 0))) for end in ends]
    return {
        "containment_rate": rate,
        "containment_rate_low": ends[0],
        "containment_rate_high": ends[1],
        "escalation_rate": over("escalated_sessions", "closed_sessions"),
        "resolution_rate": over("resolved_sessions", "closed_sessions"),
        "timeout_rate": over("timed_out_sessions", "closed_sessions"),
        "bot_containment_rate": over("bot_contained_sessions", "bot_involved_sessions"),
        "automation_rate": over("automated_sessions", "closed_sessions"),
        "durable_containment_rate_24h": over("durable_24h_sessions", "matured_24h_sessions"),
        "durable_containment_rate_7d": over("durable_7d_sessions", "matured_7d_sessions"),
        "known_customer_rate_24h": over("known_customer_24h_sessions", "matured_24h_sessions"),
        "known_customer_rate_7d": over("known_customer_7d_sessions", "matured_7d_sessions"),
        "response_rate": over("rated_sessions", "closed_sessions"),
        "csat_score": over("csat_score_sum", "rated_sessions"),
        "contained_csat_score": over("contained_csat_score_sum", "rated_contained_sessions"),
        "escalated_csat_score": over("escalated_csat_score_sum", "rated_escalated_sessions"),
    }


def test_a_day_of_the_daily_mart_has_the_rates_of_the_metrics(published: Path) -> None:
    by = ["day", "source", "brand", "channel", "bot_id"]
    found = asked(published, COUNTS, by)
    columns = ", ".join([*(f"{BY[name]} as {name}" for name in by), *COUNTS])
    expected = projects.rows(
        published, f"select {columns} from marts.containment_daily order by {', '.join(by)}"
    )
    assert same(found, expected)


@pytest.mark.parametrize("by", ["day", "source", "brand", "channel", "day,source,brand,channel"])
def test_every_count_and_rate_of_demand_is_that_of_its_mart(published: Path, by: str) -> None:
    columns = ", ".join(f"{BY[name]} as {name}" for name in by.split(","))
    counts = [name for name in OF_DEMAND if "_rate" not in name]
    sums = ", ".join(f"sum({IN_DEMAND.get(name, name)}) as {name}" for name in counts)
    expected = projects.rows(
        published, f"select {columns}, {sums} from marts.demand group by all order by {by}"
    )
    for row in expected:
        row["coverage_rate"] = row["bot_involved_contacts"] / row["contacts"]
        closed = row["closed_contacts"]
        row["automation_rate_of_demand"] = row["automated_contacts"] / closed if closed else None
    # Segments of other kinds may be alone on a day.
    found = [row for row in asked(published, OF_DEMAND, by.split(",")) if row["contacts"]]
    assert same(found, expected)
    assert min(row["coverage_rate"] for row in expected) < 1


def test_the_coverage_of_a_week_is_that_of_the_trend(published: Path) -> None:
    names = ["contacts", "bot_involved_contacts", "coverage_rate"]
    expected = projects.rows(
        published,
        f"select period_start_date as week, {', '.join(names)} from marts.containment_trend "
        "where period_kind = 'week' and contacts > 0 order by week",
    )
    assert same(asked(published, names, ["week"]), expected)


@pytest.mark.parametrize("by", ["source", "currency", "verdict", "source,currency"])
def test_every_count_and_amount_of_claims_is_that_of_its_mart(published: Path, by: str) -> None:
    expected = projects.rows(
        published,
        f"select {by}, count(*) filter (verdict <> 'no claim') as claims, "
        "count(*) filter (verdict in ('agreed', 'claimed twice', 'not ours')) as claims_judged, "
        "count(*) filter (verdict = 'agreed') as claims_agreed, "
        "sum(amount) filter (verdict <> 'no claim') as amount_claimed, "
        "sum(amount) filter (verdict = 'agreed') as amount_agreed, "
        "claims_agreed / nullif(claims_judged, 0) as claim_agreement_rate "
        f"from marts.claims_audited group by {by} order by {by}",
    )
    assert same(asked(published, OF_CLAIMS, by.split(",")), expected)


def test_metrics_of_sessions_and_of_demand_are_two_questions() -> None:
    with pytest.raises(Stop, match="contacts is made of segments, containment_rate of sessions"):
        metrics.sql(metrics.load(), ["containment_rate", "contacts"])


def test_the_medians_are_those_of_the_sessions(published: Path) -> None:
    medians = ", ".join(f"median({column}) as {name}" for name, column in MEDIANS.items())
    for column in ("channel", "brand"):
        expected = projects.rows(
            published,
            f"select {column}, {medians} from marts.sessions group by all order by {column}",
        )
        assert same(asked(published, list(MEDIANS), [column]), expected)


def test_every_metric_says_what_it_is() -> None:
    for metric in metrics.load().values():
        assert metric.label
        assert metric.description.endswith(".")


# --- how they are asked --------------------------------------------------------------------------


def test_a_condition_is_about_dimensions(published: Path) -> None:
    found = asked(published, ["closed_sessions"], [], "channel = 'chat' and week >= '2026-09-28'")
    (expected,) = projects.rows(
        published,
        "select count(*) as closed_sessions from marts.sessions where channel = 'chat' "
        "and started_date >= '2026-09-28' and outcome <> 'open'",
    )
    assert found == [expected]


def test_both_ways_to_say_a_dimension_give_the_same(published: Path) -> None:
    short = asked(published, ["containment_rate"], ["week", "bot_id"])
    long = asked(published, ["containment_rate"], ["metric_time__week", "session__bot_id"])
    assert list(long[0]) == ["metric_time__week", "session__bot_id", "containment_rate"]
    assert [[*row.values()] for row in short] == [[*row.values()] for row in long]


@pytest.mark.parametrize(
    ("name", "by", "said"),
    [
        ("containment_rat", "week", "no metric 'containment_rat'; did you mean 'containment_rate'"),
        ("containment_rate", "chanel", "no dimension 'chanel'; did you mean 'channel'"),
    ],
)
def test_a_word_that_is_not_known_has_its_neighbour(name: str, by: str, said: str) -> None:
    with pytest.raises(Stop, match="scripts/query --list") as stop:
        metrics.sql(metrics.load(), [name], [by])
    assert str(stop.value).startswith(said)


# --- MetricFlow ----------------------------------------------------------------------------------


@pytest.fixture
def metric_flow(sample: Path, tmp_path: Path) -> dict[str, list[dict]]:
    """What `mf` says, on the warehouse of the sample: every metric by every grouping."""
    project = projects.copy_project(tmp_path / "project")
    warehouse = project / "warehouse" / "containment.duckdb"
    warehouse.parent.mkdir()
    shutil.copy(sample / "warehouse" / "containment.duckdb", warehouse)
    environment = {
        **os.environ,
        "CONTAINMENT_HOME": str(project),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    parse = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--warn-error", "parse"]
    keys = [*GROUPINGS, *(f"{kind},{by}" for kind, _, by, _ in OTHERS), "saved"]
    files = {by: project / f"{number}.csv" for number, by in enumerate(keys)}
    asked = [["validate-configs"]]
    asked += [
        ["query", "--metrics", ",".join(OF_SESSIONS), *grouping(by), "--csv", str(files[by])]
        for by in GROUPINGS
    ]
    asked += [
        [
            *("query", "--metrics", ",".join(names), "--group-by", long),
            *("--csv", str(files[f"{kind},{by}"])),
        ]
        for kind, names, by, long in OTHERS
    ]
    asked += [["query", "--saved-query", "containment_by_day", "--csv", str(files["saved"])]]
    for command, given in ((parse, ""), ([sys.executable, "-c", MF], json.dumps(asked))):
        done = subprocess.run(
            command, cwd=project, env=environment, input=given, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.count("ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0") >= 2, done.stdout
    return {by: list(csv.DictReader(file.open())) for by, file in files.items()}


@pytest.mark.heavy
def test_metric_flow_gives_the_same(metric_flow: dict[str, list[dict]], published: Path) -> None:
    """One test, so that MetricFlow starts once however many processes share the tests."""
    questions = [(by, by, said, OF_SESSIONS) for by, said in GROUPINGS.items()]
    questions += [(f"{kind},{by}", by, said, names) for kind, names, by, said in OTHERS]
    for file, by, said, names in questions:
        dimensions = said.split(",") if by else []
        found = asked(published, names, dimensions)
        assert len(found) == len(metric_flow[file]) > (1 if by else 0)
        expected = {key(row, dimensions): row for row in metric_flow[file]}
        for row in found:
            for name in names:
                value = expected[key(row, dimensions)][name]
                assert close(row[name], None if value == "" else float(value)), (row, name, value)
    (days,) = projects.rows(
        published, "select count(distinct started_date) as days from marts.containment_daily"
    )
    assert len(metric_flow["saved"]) == days["days"]


def grouping(by: str) -> list[str]:
    return ["--group-by", GROUPINGS[by]] if by else []


def key(row: Mapping[str, Any], dimensions: list[str]) -> tuple[str, ...]:
    """A row's dimensions as text; MetricFlow writes a day with its hour, Python a truth large."""
    return tuple(str(row[name]).removesuffix(" 00:00:00").lower() for name in dimensions)


def same(found: list[dict], expected: list[dict]) -> bool:
    assert [list(row) for row in found] == [list(expected[0])] * len(expected)
    for one, other in zip(found, expected, strict=True):
        for name, value in one.items():
            assert close(value, other[name]), (name, one, other)
    return True


def close(one: Any, other: Any) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return one == other
