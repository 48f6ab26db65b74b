"""Where extracted rows land: parquet files in a folder, written by dlt.

dlt also keeps the place from which the next run goes on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Before dlt is imported: it reports home otherwise, and logs what it meets.
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
os.environ.setdefault("LOAD__DELETE_COMPLETED_JOBS", "true")  # the files themselves are kept

import dlt
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.common.exceptions import DltException
from dlt.extract import DltSource

from containment.common.errors import Stop, one_line
from containment.extraction import WORK


def pipeline(system: str, folder: Path) -> dlt.Pipeline:
    """Take a system and the folder of all landed ones, give the pipeline into `folder`/system."""
    folder.mkdir(parents=True, exist_ok=True)
    return dlt.pipeline(
        pipeline_name=f"containment_{system}",
        pipelines_dir=str(folder / WORK),
        destination=dlt.destinations.filesystem(
            bucket_url=str(folder), layout="{table_name}/{load_id}.{file_id}.{ext}"
        ),
        dataset_name=system,
    )


def load(into: dlt.Pipeline, source: DltSource, *, full: bool) -> dict[str, int]:
    """Load a source and return the number of rows of each table.

    What an earlier run read but did not write is written first. `full` throws away what was loaded.
    """
    if full:
        into.abort_packages()
    elif into.has_pending_data:
        into.run()
    into.run(source, loader_file_format="parquet", refresh="drop_sources" if full else None)
    counts = into.last_trace.last_normalize_info.row_counts
    return {name: rows for name, rows in counts.items() if not name.startswith("_dlt")}


def secret(name: str, variable: str, example: str) -> str:
    """A secret from the environment or from dlt's secrets file; Stop where there is none."""
    value = dlt.secrets.get(name)
    if not value:
        raise Stop(f"{variable} is not set; put it into the environment, e.g. {example}")
    return str(value)


@contextmanager
def told_in_one_line(where: str, *secrets: str) -> Iterator[None]:
    """What goes wrong inside ends in one line that holds none of these secrets."""
    try:
        yield
    except Stop:
        raise
    except ConfigFieldMissingException as error:
        raise Stop(f"{where}: not set: {', '.join(error.fields)}") from None
    except (DltException, OSError, ValueError) as error:
        raise Stop(f"{where}: {_without(_reason(error), secrets)}") from None


def _reason(error: BaseException) -> str:
    """What the innermost error says: dlt wraps it several times."""
    cause: Any = error
    while cause.__cause__ is not None or getattr(cause, "exception", None) is not None:
        cause = cause.__cause__ or cause.exception
    return one_line(cause)


def _without(message: str, secrets: tuple[str, ...]) -> str:
    for each in secrets:
        message = message.replace(each, "***") if each else message
    return message
