"""Two engines, one result: every mart on Apache Spark is DuckDB's, row for row."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest
import same_tables
import spark_builds
import test_conformance
import test_oracle
from hypothesis import Phase, given, settings

from containment.raw import in_folder, views
from containment.settings import lookups
from containment.settings.source_yml import IDENTITIES

pytestmark = pytest.mark.heavy

DATA = projects.ROOT.parent / "shared" / "data"
REAL = ("twitter_care", "gitter_rooms")
MODELS_ONLY = ("build", "--exclude-resource-type", "unit_test", "test")
EXAMPLES = 100
# What one engine could read otherwise than the other.
TIMES = (
    *(
        "2026",
        "2026-03",
        "09:00",
        "T09:00:00",
        "now",
        "today",
        "epoch day",
        "infinity",
        "1772960400",
    ),
    *("2026-3-8", "2026/03/08", "2026/3/8 9:05", "2026-03-08 09:00", "2026-03-08T9:00:00Z"),
    *("2026-03-08T09:00:00.1", "2026-03-08T09:00:00.123456789Z", "2026-03-08T09:00:00.9999999"),
    *("2026-03-08T09:00:00,5", "2026-03-08T09:00:00.", "2026-03-08T09", "2026-03-08T09:00:00z"),
    *("2026-03-08 09:00:00-07", "2026-03-08 09:00:00+0530", "2026-03-08T09:00:00 +05:30"),
    *("2026-03-08 09:00:00 UTC", "2026-03-08 02:30:00 America/New_York", "2026-03-08T09:00:00UTC"),
    *("2026-03-08 23:59:60", "2026-02-29", "2026-13-01", "0000-01-01", "12026-01-01", "-001-01-01"),
    *(" 2026-03-08 09:00:00 ", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
)
WORDS = (
    "t",
    "YES",
    "on",
    "off",
    "0",
    "n",
    "10",
    " True",
    "\u00a0no\u2003",
    "\u3000",
    "\t",
    "\u00e9",
)
# Three days that were published before, and were told otherwise then.
EARLIER_NIGHTS = """
    create schema raw;
    create table raw.night_runs as
    select '1' as run_id, timestamp '2026-09-03 02:00:00' as started_at,
        timestamp '2026-09-03 02:01:00' as ended_at, timestamp '2026-09-03 02:00:00' as as_of,
        timestamp '2026-09-03 02:00:00' as not_after, '{"sample.messages":9}' as rows_used_by_table,
        'old' as rules_version, 'sample' as sources, null::varchar as raw_path,
        10::bigint as rows_read, '{"sample.messages":10}' as rows_by_table,
        3::bigint as conversations_cut, 3::bigint as conversations_new,
        0::bigint as conversations_changed, 0::bigint as conversations_rules,
        0::bigint as conversations_vanished, 'full' as checks, 3::bigint as closed_sessions,
        1::bigint as open_sessions, 2::bigint as contained_sessions,
        0.25::double as raw_check_seconds, 30.5::double as build_seconds,
        1.75::double as publish_seconds, 32.5::double as total_seconds, 0::bigint as exit_code,
        'published' as outcome, null::varchar as message, '2026-09-03' as publication
    union all
    select '2', timestamp '2026-09-04 02:00:00', null, null, null, null, null, 'sample', null,
        null, null, null, null, null, null, null, null, null, null, null,
        null, null, null, null, null, 'running', null, null;
    create table raw.night_published_days as
    select started_date, '1' as first_run_id, true as is_over_when_first_published,
        1::bigint as first_closed_sessions, 0::bigint as first_open_sessions,
        0::bigint as first_contained_sessions, null::bigint as previous_closed_sessions,
        null::bigint as previous_open_sessions, null::bigint as previous_contained_sessions,
        1::bigint as current_closed_sessions, 0::bigint as current_open_sessions,
        0::bigint as current_contained_sessions, 0::bigint as restated_count,
        null::varchar as last_changed_run_id, false as is_changed_by_late_rows,
        false as is_changed_by_rules, false as is_changed_by_time,
        false as is_changed_by_unfinished_day
    from (values (date '2026-08-01'), (date '2026-09-01'), (date '2026-09-02'))
        as days (started_date);
    create table raw.night_last_used_rows as
    select 'sample' as source, 'messages' as table_name, 1000000::bigint as rows_used;
    create table raw.night_last_days as
    select date '2026-09-01' as started_date, 'old' as rules_version,
        timestamp '2026-09-03 02:00:00' as as_of, 100::bigint as closed_sessions,
        1::bigint as contained_sessions;
    create table raw.night_unpublished_changes as
    select 'sample' as source, 'case-01' as conversation_id, 'rows' as change_reason;
"""
# Half of the examples' customers are one person in both sources.
PERSONS = f"""
    create schema raw;
    create table raw.identities_identities as
    select source, number || ' 1' as customer_id, 'person ' || number as person_id
    from range({EXAMPLES // 2}) as numbers (number)
    cross join (values ('{projects.SEEDED_SOURCE}'), ('{projects.FILES_SOURCE}')) as two (source);
"""


class DataSet:
    """Raw rows and settings, built on DuckDB at once, and on Spark together with all others."""

    def __init__(self, name: str, folder: Path, project: Path = projects.ROOT) -> None:
        self.name = name
        self.folder = folder / name
        self.project = project
        self.home = self.folder / "duckdb"
        self.duckdb = self.home / "warehouse" / "containment.duckdb"
        self.spark = self.folder / "spark.duckdb"
        self.marts = self.folder / "marts"
        self.duckdb.parent.mkdir(parents=True)

    def build_on_duckdb(
        self, *arguments: str, raw_path: Path | None = None, before: str = "", **dbt_vars: Any
    ) -> spark_builds.Build:
        """Build on DuckDB; give the same build for Spark, with the same raw tables."""
        raw: dict[str, str] = {}
        with duckdb.connect(str(self.duckdb)) as connection:
            connection.execute(before)
            if raw_path is not None:
                words = lookups.load(self.project)
                views.write_views(in_folder.inspect(raw_path, words), connection)
            for (table,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'raw'"
            ).fetchall():
                raw[f"raw.{table}"] = path = str(self.folder / f"{table}.parquet")
                connection.execute(f"copy ({_as_on_spark(connection, table)}) to '{path}'")
        projects.dbt(self.project, self.home, *MODELS_ONLY, **dbt_vars)
        arguments = arguments or MODELS_ONLY
        return spark_builds.Build(str(self.project), str(self.marts), arguments, raw, dbt_vars)

    def differences(self, only: str | None = None) -> list[str]:
        """What differs between the marts of the two engines, or in one of them."""
        with duckdb.connect(str(self.spark)) as connection:
            connection.execute("set TimeZone = 'UTC'; create schema marts")
            for mart in sorted(self.marts.iterdir()):
                files = f"'{mart}/*.parquet'"
                # Spark's timestamp is a moment, which parquet says; the marts hold it in UTC.
                connection.execute(
                    f"create table marts.{mart.name} as "
                    f"select * from read_parquet({files}) where false"
                )
                for column, data_type, *_ in connection.execute(
                    f"describe marts.{mart.name}"
                ).fetchall():
                    if data_type == "TIMESTAMP WITH TIME ZONE":
                        connection.execute(
                            f"alter table marts.{mart.name} alter {column} type timestamp"
                        )
                connection.execute(f"insert into marts.{mart.name} from read_parquet({files})")
        found = same_tables.differences(self.duckdb, self.spark, with_runs=True)
        return [
            f"{self.name}: {difference}"
            for difference in found
            if only is None or difference.table == f"marts.{only}"
        ]


def _as_on_spark(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """A raw table as Spark has it: a night's times are moments, those of files as they come."""
    listed = ", ".join(
        f"{column}::timestamptz as {column}"
        if data_type == "TIMESTAMP" and table.startswith("night_")
        else column
        for column, data_type, *_ in connection.execute(f"describe raw.{table}").fetchall()
    )
    return f"select {listed} from raw.{table}"


def many_raw_tables() -> dict[str, list[dict[str, Any]]]:
    """The raw tables of many examples in one, each with conversations and customers of its own."""
    together: dict[str, list[dict[str, Any]]] = {table: [] for table in projects.CONTRACT}

    @settings(settings.get_profile("few"), max_examples=EXAMPLES, phases=[Phase.generate])
    @given(test_oracle.raw_tables(projects.FILES_SOURCE))
    def collect(raw: dict[str, list[dict[str, Any]]]) -> None:
        example = next(numbers)
        for table, rows in raw.items():
            for row in rows:
                for key in ("conversation_id", "customer_id"):
                    if row.get(key):
                        row[key] = f"{example} {row[key]}"
            together[table].extend(rows)

    numbers = iter(range(10 * EXAMPLES))
    collect()
    return together


def odd_messages() -> list[dict[str, Any]]:
    """Messages with times, words and ids that the engines could read in two ways."""
    usual = dict.fromkeys(projects.CONTRACT["messages"]) | {
        "conversation_id": "odd",
        "author_type": "bot",
        "sent_at": "2026-03-08T09:00:00Z",
    }
    return [
        *({**usual, "message_id": f"sent {time}", "sent_at": time} for time in TIMES),
        *({**usual, "message_id": f"loaded {time}", "loaded_at": time} for time in TIMES),
        *({**usual, "message_id": f"public {word}", "is_public": word} for word in WORDS),
        *({**usual, "message_id": word, "author_type": f"{word}bot"} for word in WORDS),
        {
            **usual,
            "message_id": "\\ \" ' / \u2028 \u0001 \u001f % {{ }} \n",
            "author_type": "owner",
        },
    ]


def generated(folder: Path) -> tuple[DataSet, spark_builds.Build]:
    """Rows made by hypothesis, one source as seeds, the other as files; other settings."""
    project = projects.copy_project(folder / "project")
    projects.write_lookups(
        project / "seeds",
        test_oracle.TIMEOUT_MINUTES,
        test_oracle.BOUNDARIES,
        [asdict(price) for price in test_oracle.PRICES],
        claim_outcomes=test_oracle.CLAIM_OUTCOMES,
    )
    raw = many_raw_tables()
    # Not as seeds: on Spark dbt itself reads those, and takes a tab for nothing.
    odd = {"messages": odd_messages()}
    for table, columns in projects.SEEDED.items():
        seed = project / "seeds" / "sample" / f"sample_{table}.csv"
        projects.write_csv(seed, columns, raw[table])
        file = folder / "raw" / f"{table}.jsonl"
        projects.write_jsonl(file, [*raw[table], *odd.get(table, [])])
    data_set = DataSet("generated", folder, project)
    build = data_set.build_on_duckdb(
        before=PERSONS,
        raw_path=folder / "raw",
        sources=[projects.SEEDED_SOURCE, projects.FILES_SOURCE],
        session_scope="session",
        courtesy_minutes=5,
        infer_takeovers=[projects.SEEDED_SOURCE, projects.FILES_SOURCE],
        reporting_timezone="America/New_York",
    )
    return data_set, build


def conformance_pack(folder: Path) -> tuple[DataSet, spark_builds.Build]:
    """The worked cases, which DuckDB's build of the same rows is tested to give."""
    project = projects.copy_project(folder / "conformance" / "project")
    test_conformance.deliver(project, folder / "conformance")
    data_set = DataSet("pack", folder, project)
    persons = folder / "conformance" / IDENTITIES / f"{IDENTITIES}.jsonl"
    build = data_set.build_on_duckdb(
        before="create schema raw; create table raw.identities_identities as "
        f"select source, customer_id, person_id from read_json('{persons}')",
        raw_path=folder / "conformance" / "raw",
        **test_conformance.SETTINGS,
    )
    return data_set, build


@pytest.mark.parametrize("left_out", projects.few_now(["unit_test test", "unit_test", ""], 1))
def test_every_mart_is_the_same_on_duckdb_and_on_spark(tmp_path: Path, left_out: str) -> None:
    """One test, for one Spark session.

    The data tests and unit tests of the sample take longer than all else there, and find little
    that the comparison of rows does not: by hand. The
    environment's SPARK_MART: only this mart and what it is made of, on the sample.
    """
    only = os.environ.get("SPARK_MART")
    sample = DataSet("sample", tmp_path)
    selected = ("--select", f"+{only}", "--indirect-selection", "cautious") if only else ()
    for kind in left_out.split():
        selected += ("--exclude-resource-type", kind)
    attributes = ["language", "variant"]
    built = sample.build_on_duckdb("build", *selected, before=EARLIER_NIGHTS, attributes=attributes)
    builds = {sample: built}
    for name in () if only else REAL:
        if (DATA / name).is_dir():
            data_set = DataSet(name, tmp_path)
            sources = [projects.FILES_SOURCE]
            build = data_set.build_on_duckdb(raw_path=DATA / name, sources=sources)
            builds[data_set] = replace(build, has_many_rows=True)
    for made in () if only else (generated, conformance_pack):
        data_set, build = made(tmp_path)
        builds[data_set] = build
    spark_builds.run([*builds.values()], tmp_path)
    found = [line for data_set in builds for line in data_set.differences(only)]
    assert not found, "\n".join(found)
