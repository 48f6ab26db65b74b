"""Ids of persons that leave the raw data only as salted hashes.

Some systems name a customer by a phone number. For the sources that the setting `hashed_ids` lists,
the columns that their `_<source>__sources.yml` marks (`config: {meta: {hashed: true}}`) are hashed
before anything is kept: the raw tables are copied with the hashes in place of the ids, so that
neither the warehouse, nor a publication, nor a rejected row, nor a log holds them. The salt is
known to the connection that copies, and to no statement: nothing that is kept holds it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from containment.common import sql
from containment.common.console import say
from containment.common.errors import Stop, one_line
from containment.common.places import PROJECT, Home
from containment.raw.views import SALT, RawData
from containment.settings import source_yml
from containment.settings.lookups import Lookups
from containment.settings.source_yml import Table

VARIABLE = "CONTAINMENT_ID_SALT"
FEWEST_CHARACTERS = 16  # of a salt: a guessed one lets all phone numbers be tried
LENGTH = 32  # of a hash, in hexadecimal digits: 128 bits


def hashed(raw: RawData, source: str, salt: str, words: Lookups, root: Path = PROJECT) -> RawData:
    """Take what was found of a source and a salt; give it with its ids as hashes, to be copied.

    Ids of the source's lookup of authors stay as they are: it names bots, and finds them by them.
    """
    known = _listed(words, source)
    tables = {table.view: table for table in source_yml.declared(root, source)}
    selects = {
        view: _select(select, tables[view], known) if view in tables else select
        for view, select in raw.selects.items()
    }
    return replace(raw, selects=selects, salt=salt)


def hashed_identities(raw: RawData, plain: Collection[str], salt: str) -> RawData:
    """Take what was found of the persons; give it with hashes for all customers but those of the
    sources in `plain`, whose ids stay as they are.

    The hashes are those that the customers of a source have in its own tables. A name that is
    missing or misspelt may stand for a source with hashed ids, so its customers are hashed too.
    """
    listed = ", ".join(map(sql.text, sorted(plain))) or "null"
    customer = f"case when lower(trim(source)) in ({listed}) then customer_id else {{}} end"
    marked = f"{customer.format(expression('customer_id'))} as customer_id"
    selects = {
        view: f"select * replace ({marked}) from ({select})" for view, select in raw.selects.items()
    }
    return replace(raw, selects=selects, salt=salt)


def expression(id_: str, known: tuple[str, ...] = ()) -> str:
    """Take an expression of an id as text, give that of its hash.

    One id gives one hash in every table: surrounding blanks and `.0` after a whole number are no
    part of it. No id stays none, and those that are `known` stay as they are.
    """
    whole = f"regexp_replace(trim({id_}), '^([+-]?[0-9]+)[.]0+$', '\\1')"
    kept = f"when {whole} in ({', '.join(map(sql.text, known))}) then {whole} " if known else ""
    digest = f"left(sha256(getvariable('{SALT}') || {whole}), {LENGTH})"
    return f"case when {whole} = '' then null {kept}else {digest} end"


def columns(table: Table) -> list[str]:
    """The columns of a table that hold ids of customers, authors and conversations."""
    return [column.name for column in table.columns.values() if column.hashed]


def salt(home: Home, environment: Mapping[str, str], *, says_so: bool = True) -> str:
    """Return the salt of a home's ids: the environment's, or the home's own, which is made when
    first needed. Raise Stop if there is no usable one.
    """
    given = environment.get(VARIABLE, "").strip()
    if given:
        if len(given) < FEWEST_CHARACTERS:
            raise Stop(f"{VARIABLE}: too short; give at least {FEWEST_CHARACTERS} characters")
        return given
    try:
        if not home.id_salt.is_file():
            _make(home.id_salt)
            if says_so:
                say(
                    f"ids are published as hashes: the salt is {home.id_salt}; back it up, for "
                    f"another salt changes every id ({VARIABLE} overrides it)"
                )
        kept = home.id_salt.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(f"{home.id_salt}: no salt ({one_line(error)}); set {VARIABLE}") from None
    if len(kept) < FEWEST_CHARACTERS:
        raise Stop(f"{home.id_salt}: holds no salt; restore it, or set {VARIABLE}")
    return kept


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    made = file.with_name(f".{file.name}")
    made.unlink(missing_ok=True)
    # Nobody else may read it, and a kill leaves either all of it or none.
    with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(f"{secrets.token_hex(32)}\n")
        stream.flush()
        os.fsync(stream.fileno())
    made.rename(file)


def _select(select: str, table: Table, known: tuple[str, ...]) -> str:
    marked = [f"{expression(sql.name(name), known)} as {sql.name(name)}" for name in columns(table)]
    return f"select * replace ({', '.join(marked)}) from ({select})" if marked else select


def _listed(words: Lookups, source: str) -> tuple[str, ...]:
    """The ids in the lookup of a source's authors, if it has one that names any."""
    content = words.contents.get(f"{source}/{source}_authors.csv")
    rows = [row.values for row in content.rows] if content else []
    ids = (row.get("author_id") or row.get("user_id") or "" for row in rows)
    return tuple(sorted({each.strip() for each in ids} - {"", "*"}))
