"""Where the tables of a source come from: a folder of files, the warehouse, or another database."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containment.common.errors import Stop, holds_secret, one_line
from containment.common.places import absolute

KINDS = "{path: DIR}, {schema: NAME} or {database: FILE, schema: NAME}"
# postgres:dbname=chatwoot, md:support: what DuckDB attaches by a word before a colon.
ADDRESS = re.compile(r"[a-z_]{2,}:")


@dataclass(frozen=True)
class Folder:
    """Files: `<table>*.parquet` and so on in a folder (an absolute path)."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class Schema:
    """Tables in a schema: of the warehouse, or of a database that is attached for a moment.

    `database` is the absolute path of a DuckDB file, or an address that DuckDB's attach takes.
    """

    schema: str
    database: str | None = None

    def __str__(self) -> str:
        return f"{self.database or 'the warehouse'}, schema {self.schema}"


Place = Folder | Schema


def parse(source: str, value: Any, origin: str, start: Path) -> Place:
    """Return the place that `source_tables` gives a source; relative paths begin at `start`."""
    where = f"{origin}: source_tables of {source}"
    if isinstance(value, Mapping):
        match {**value}:
            case {"path": str(path), **rest} if path and not rest:
                return Folder(absolute(path, f"source_tables of {source}", start))
            case {"schema": str(schema), **rest} if schema and not rest:
                return Schema(schema)
            case {"database": str(database), "schema": str(schema), **rest} if schema and not rest:
                return Schema(schema, _database(where, database, start))
    # Without what stands there: it may hold a password.
    raise Stop(f"{where} names no place; write {KINDS}")


def _database(where: str, database: str, start: Path) -> str:
    if holds_secret(database):
        raise Stop(
            f"{where}: a database's address must hold no secret, for it is logged; give it in the "
            "environment (PGPASSWORD, motherduck_token ...) and leave it out here"
        )
    if ADDRESS.match(database):
        return database
    file = absolute(database, where, start)
    if not file.is_file():
        raise Stop(f"{where}: no database file {file}; check the path")
    return str(file)


def check_folder(folder: Path, setting: str = "raw_path") -> None:
    """Stop when the folder of the raw files, which `setting` names, cannot be listed."""
    said = str(folder)
    address = re.search(r"[a-z][a-z0-9+.-]+:/{1,2}[^/]", said)
    if address and not folder.exists():
        raise Stop(
            f"{setting} {address[0][:-1]}…: an address, but a run reads folders; copy the "
            "files to a folder first, or attach a database (source_tables)"
        )
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError:
        if any(char in said for char in "*?["):
            raise Stop(
                f"{setting} {folder}: a pattern; name the folder that holds the files"
            ) from None
        raise Stop(f"{setting} {folder}: no such folder; check the path") from None
    except NotADirectoryError:
        raise Stop(
            f"{setting} {folder}: not a folder; name the folder that holds the files"
        ) from None
    except OSError as error:
        raise Stop(f"{setting} {folder}: cannot be read ({one_line(error)})") from None
