"""Several builds of the project on Apache Spark, one after the other in one Spark session.

A process of its own: python spark_builds.py PLAN, where PLAN is what `write_plan` wrote. The tables
live in memory and end with it; the marts of each build are left as parquet.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SCHEMAS = ("raw", "staging", "intermediate", "marts")
LONGEST_SECONDS = 1500
# No catalog on the disk, two cores, little memory.
SESSION = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
    " -XX:+UseSerialGC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.log.level": "ERROR",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
# Compiled plans save a third of the time over many rows; others are many queries over few rows.
CODEGEN = {
    False: {"spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.sql.codegen.wholeStage": "false"},
    True: {"spark.sql.codegen.factoryMode": "FALLBACK", "spark.sql.codegen.wholeStage": "true"},
}


@dataclass(frozen=True)
class Build:
    """One build. `raw`: a parquet file for each table that is there before it, by schema.table."""

    project: str
    marts: str  # the folder for the marts, a folder of parquet files each
    arguments: Sequence[str]
    raw: Mapping[str, str] = field(default_factory=dict)
    dbt_vars: Mapping[str, Any] = field(default_factory=dict)
    has_many_rows: bool = False


def run(builds: Sequence[Build], folder: Path) -> None:
    """Run the builds in a process; fail with what dbt said where one fails."""
    plan = folder / "plan.json"
    plan.write_text(json.dumps([asdict(build) for build in builds]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, __file__, str(plan)],
        cwd=folder,
        env={**os.environ, "CONTAINMENT_HOME": str(folder), "DO_NOT_TRACK": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]


def _main(plan: Path) -> None:
    from pyspark.sql import SparkSession

    folder = plan.parent
    # It would write the whole plan of every query that fails, which dbt says in a line.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    session = SparkSession.builder.master("local[2]")
    for name, value in {**SESSION, "spark.sql.warehouse.dir": str(folder / "tables")}.items():
        session = session.config(name, value)
    spark = session.getOrCreate()
    for build in json.loads(plan.read_text(encoding="utf-8")):
        _build(spark, Build(**build), folder)


def _build(spark: Any, build: Build, folder: Path) -> None:
    from dbt.cli.main import dbtRunner

    for name, value in CODEGEN[build.has_many_rows].items():
        spark.conf.set(name, value)
    for schema in SCHEMAS:
        spark.sql(f"drop schema if exists {schema} cascade")
        spark.sql(f"create schema {schema}")
    shutil.rmtree(folder / "target", ignore_errors=True)
    for table, path in build.raw.items():
        spark.sql(f"create table {table} using parquet location '{path}'")
    outcome = dbtRunner().invoke(
        [
            *("--quiet", "--warn-error", "--no-use-colors", *build.arguments, "--target", "spark"),
            *("--project-dir", build.project, "--profiles-dir", build.project),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
            *("--vars", json.dumps(build.dbt_vars)),
        ]
    )
    if not outcome.success:
        raise SystemExit(f"dbt build failed: {outcome.exception or ''}")
    for row in spark.sql("show tables in marts").collect():
        if not row.isTemporary:
            mart = spark.table(f"marts.{row.tableName}").coalesce(1)
            mart.write.parquet(f"{build.marts}/{row.tableName}")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
