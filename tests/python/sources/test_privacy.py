"""What customers wrote, who they are, and secrets: no byte that a night leaves holds any of it.

Markers stand in texts, subjects, names, addresses, phone numbers and secrets of every source, also
in rows and lines that cannot be used; all files are searched, and inside databases every value.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import faults
import projects
import pytest
import source_fixtures
import yaml

from containment.common import duckdb_words, sql
from containment.common.errors import holds_secret, masked, one_line, where_raised
from containment.common.places import Home
from containment.settings import source_yml

SECRET = "keep-this-secret"  # in all texts, names and addresses of the fixtures
MARK = "MARKED-7f3a"  # in everything that is added here
PHONE = "+49 170 5550199"
MAIL = f"{MARK}@mail.example.org"
MARKERS = (SECRET, MARK, PHONE, "5550199", "mail.example.org")
PRIVATE = {
    "private_text": f'{MARK}: "call me", {PHONE}',
    "subject_line": f"{MARK}, urgent",
    "full_name": f"{MARK} Doe",
    "e_mail": MAIL,
    "phone_number": PHONE,
    "api_token": f"token-{MARK}",
}
TEXT = f"{MARK}, please call {PHONE} or {MAIL}"
AT, LATE, FUTURE = "2026-03-01T10:00:00Z", "2026-03-05T10:00:00Z", "2199-01-01T00:00:00Z"
# A raw row for each reason, its words a customer's, as when the columns are out of step.
REJECTED: dict[str, dict[str, dict[str, Any]]] = {
    "conversations": {
        "missing_id": {"channel": TEXT, "brand": TEXT, "exclusion_reason": TEXT},
        "time_in_future": {"conversation_id": "c2", "created_at": FUTURE, "brand": TEXT},
    },
    "messages": {
        "missing_id": {"conversation_id": "c1", "sent_at": TEXT, "topic": TEXT},
        "missing_time": {"message_id": "r1", "author_type": TEXT, "topic": TEXT},
        "unreadable_time": {"message_id": "r2", "author_type": TEXT, "sent_at": TEXT},
        "unknown_author_type": {"message_id": "r3", "author_type": TEXT, "sent_at": AT},
        "unreadable_is_public": {"message_id": "r4", "is_public": TEXT, "sent_at": AT},
        "time_in_future": {"message_id": "r5", "sent_at": FUTURE, "topic": TEXT},
        "time_after_load": {"message_id": "r6", "sent_at": LATE, "loaded_at": AT, "topic": TEXT},
    },
    "events": {
        "missing_id": {"conversation_id": "c1", "event_type": TEXT, "reason": TEXT},
        "missing_time": {"event_id": "r1", "event_type": TEXT, "actor_type": TEXT},
        "unreadable_time": {"event_id": "r2", "event_type": TEXT, "occurred_at": TEXT},
        "missing_event_type": {"event_id": "r3", "occurred_at": AT, "reason": TEXT},
        "time_in_future": {"event_id": "r4", "event_type": TEXT, "occurred_at": FUTURE},
        "time_after_load": {
            "event_id": "r5",
            "event_type": TEXT,
            "occurred_at": LATE,
            "loaded_at": AT,
            "reason": TEXT,
        },
    },
    "ratings": {
        "missing_id": {"conversation_id": "c1", "score": TEXT},
        "missing_time": {"rating_id": "r1", "score": TEXT},
        "unreadable_time": {"rating_id": "r2", "score": 5, "rated_at": TEXT},
        "missing_score": {"rating_id": "r3", "rated_at": AT, "max_score": 5},
        "unreadable_score": {"rating_id": "r4", "rated_at": AT, "score": TEXT},
        "unusable_max_score": {"rating_id": "r5", "rated_at": AT, "score": 1, "max_score": TEXT},
        "score_out_of_range": {"rating_id": "r6", "rated_at": AT, "score": 9, "max_score": 5},
        "time_in_future": {"rating_id": "r7", "rated_at": FUTURE, "score": 1},
        "time_after_load": {"rating_id": "r8", "rated_at": LATE, "loaded_at": AT, "score": 1},
    },
    "claims": {
        "missing_id": {"conversation_id": "c1", "outcome": TEXT},
        "missing_time": {"claim_id": "r1", "outcome": TEXT},
        "unreadable_time": {"claim_id": "r2", "outcome": TEXT, "claimed_at": TEXT},
        "missing_outcome": {"claim_id": "r3", "claimed_at": AT, "currency": TEXT},
        "unreadable_amount": {"claim_id": "r4", "claimed_at": AT, "outcome": TEXT, "amount": TEXT},
        "time_in_future": {"claim_id": "r5", "claimed_at": FUTURE, "outcome": TEXT},
        "time_after_load": {"claim_id": "r6", "claimed_at": LATE, "loaded_at": AT, "outcome": "a"},
    },
}
BY_BOT = {"author_type": "bot", "author_id": "b"}
ACCEPTED = [f"{kind}_{table}" for kind in ("unusable", "dropped") for table in projects.CONTRACT]


def with_private_columns(fixture: Any, source: str) -> Any:
    """A fixture whose tables have markers in columns that nobody reads, and broken rows."""
    tables = {
        table: [{**row, **PRIVATE} for row in rows] for table, rows in fixture.tables().items()
    }
    read = {table.name: table for table in source_yml.declared(projects.ROOT, source)}
    for table, rows in tables.items():
        if not rows or table not in read:
            continue
        key = next(iter(rows[0]))
        rows.append({**rows[0], key: None})  # no id
        for name, value in rows[0].items():
            is_json = isinstance(value, str) and value[:1] in "{["
            if is_json and f"{name} varchar" in " ".join(fixture.SCHEMA[table].split()):
                rows.append({**rows[0], name: value[: len(value) // 2] + TEXT})  # cut off
    schema = {
        table: f"{columns}, " + ", ".join(f"{name} varchar" for name in PRIVATE)
        for table, columns in fixture.SCHEMA.items()
    }
    return SimpleNamespace(
        SCHEMA=schema, tables=lambda: tables, LANDED=getattr(fixture, "LANDED", "parquet")
    )


def write_contract(folder: Path) -> None:
    """Raw tables as files: a sound conversation, a rejected row for each reason, broken lines."""
    folder.mkdir()
    sound = {
        "conversations": [{"conversation_id": "c1", "channel": "chat", "created_at": AT}],
        "messages": [
            {"message_id": f"m{number}", "author_type": who, "sent_at": AT}
            for number, who in enumerate(("customer", "bot"))
        ],
        "events": [{"event_id": "e1", "event_type": "resolved", "occurred_at": AT}],
        "ratings": [{"rating_id": "s1", "score": 5, "rated_at": AT}],
        "claims": [{"claim_id": "k1", "outcome": "resolved", "claimed_at": AT}],
    }
    for table, rows in REJECTED.items():
        defaults = {**({"conversation_id": "c1"} if table != "conversations" else {})}
        if table == "messages":
            defaults["author_type"] = "customer"
        filled = [
            {**(defaults if reason != "missing_id" else {}), **row} for reason, row in rows.items()
        ]
        sounds = [{**defaults, **row} for row in sound[table]]
        columns = (*projects.CONTRACT[table], *PRIVATE)
        file = folder / f"{table}.csv"
        projects.write_csv(file, columns, [{**row, **PRIVATE} for row in (*sounds, *filled)])
        # A file of its own, for the night keeps a copy of what it can read of a damaged one: the
        # columns of the contract, as they came.
        broken = folder / f"{table}_broken.csv"
        projects.write_csv(broken, columns, [{**row, **PRIVATE} for row in sounds])
        with broken.open("ab") as stream:
            stream.write(f'"{TEXT}","{MAIL}"\n'.encode())  # too few values
            stream.write(",".join([f"{MARK} \xff"] * len(columns)).encode("latin-1") + b"\n")
            stream.write(f'"{TEXT}\n'.encode())  # a quote that stays open
    lines = [
        json.dumps(
            {"message_id": "j1", "conversation_id": "c1", "author_type": "bot", "sent_at": AT}
        ),
        f'{{"message_id": "j2", "message_id": "{MAIL}", "body": "{MARK}"}}',  # a key twice
        f'{{"message_id": "j3", "body": "{MARK}',  # cut off
        f'[["{TEXT}"]]',
        TEXT,
    ]
    (folder / "messages_more.jsonl").write_text("\n".join(lines) + "\n")


def hits(folder: Path, but: Sequence[Path] = ()) -> tuple[list[str], int]:
    """Search every byte of a folder, and every value of its databases and parquet files; give what
    holds a marker, and how many bytes were searched."""
    found, searched = [], 0
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or any(each in path.parents for each in but):
            continue
        content = path.read_bytes()
        texts: Iterator[str] | list[str] = []
        if path.suffix in (".duckdb", ".parquet"):
            texts = values(path)
        searched += len(content)
        found += [f"{path}: {mark}" for mark in MARKERS if mark.encode() in content]
        for text in texts:
            searched += len(text)
            found += [f"{path}: {mark} in a value" for mark in MARKERS if mark in text]
    return found, searched


def values(path: Path) -> Iterator[str]:
    """Every row of every table of a database, or of a parquet file, as text."""
    with duckdb.connect() as connection:
        if path.suffix == ".parquet":
            relations = [f"read_parquet({sql.path(path)})"]
        else:
            connection.execute(f"attach {sql.text(str(path))} as searched (read_only)")
            relations = [
                f"searched.{sql.name(schema)}.{sql.name(table)}"
                for schema, table in connection.execute(
                    "select schema_name, table_name from duckdb_tables() "
                    "where database_name = 'searched'"
                ).fetchall()
            ]
        for relation in relations:
            for (row,) in connection.execute(
                f"select cast(r as varchar) from {relation} r"
            ).fetchall():
                yield row


@dataclass(frozen=True)
class Place:
    """A copy of the project, raw data of every source with markers in them, and a home."""

    folder: Path
    places: dict[str, dict[str, str]]

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def night(self) -> subprocess.CompletedProcess[str]:
        """Do a night over every source, with secrets in the environment."""
        given = {
            "sources": ["sample", "files", *self.places],
            "source_tables": {**self.places, "files": {"path": str(self.folder / "raw" / "files")}},
            "accepted_findings": ACCEPTED,
            "hashed_ids": ["rasa"],
        }
        secrets = {"CONTAINMENT_ID_SALT": f"salt {MARK} {MARK}", "PGPASSWORD": MARK}
        command = str(self.project / "scripts" / "nightly")
        return subprocess.run(
            [sys.executable, command, "--home", str(self.home), "--vars", json.dumps(given)],
            env={**os.environ, "CONTAINMENT_VENV": sys.prefix, **secrets},
            text=True,
            capture_output=True,
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("privacy")
    project = projects.copy_runnable_project(folder / "project")
    faults.keep_docs(project)
    places = {}
    for source, fixture in source_fixtures.FIXTURES.items():
        source_fixtures.add_lookups(project, fixture)
        marked = with_private_columns(fixture, source)
        places[source] = dict(source_fixtures.land(source, marked, folder / "raw" / source))
    write_contract(folder / "raw" / "files")
    return Place(folder, places)


@pytest.mark.heavy
def test_no_byte_of_a_night_holds_what_a_customer_wrote(place: Place) -> None:
    done, home, folder = place.night(), place.home, place.folder
    assert done.returncode == 0, done.stderr[-3000:]
    found, searched = hits(home)
    sources = len(source_fixtures.FIXTURES) + 2
    print(f"\n{sources} sources, {searched:,} bytes searched, {len(found)} hits")
    assert searched > 10_000_000
    assert found == []
    for mark in MARKERS:
        assert mark.lower() not in (done.stdout + done.stderr).lower()
    raw, _ = hits(folder / "raw")
    assert {each.split("/")[len((folder / "raw").parts)] for each in raw} == {  # they were there
        "files",
        *source_fixtures.FIXTURES,
    }
    rejected = projects.rows(
        home / "published" / "containment.duckdb",
        "select table_name, reason from marts.rejected_rows where source = 'files'",
    )
    reasons = {(row["table_name"], row["reason"]) for row in rejected}
    assert reasons >= {(table, reason) for table, rows in REJECTED.items() for reason in rows}
    assert {reason for _, reason in reasons} >= {"key_twice", "not_utf8"}


@pytest.mark.heavy
def test_no_failing_row_holds_what_a_customer_wrote(place: Place) -> None:
    """As if every row of each model over a system's raw tables failed a test."""
    models = [
        path.stem
        for source in place.places
        for path in (place.project / "models" / "staging" / source).glob("*.sql")
    ]
    for model in models:
        query = f"select * from {{{{ ref('{model}') }}}}\n"
        (place.project / "tests" / f"all_of_{model}.sql").write_text(query)
    done = place.night()
    for model in models:
        (place.project / "tests" / f"all_of_{model}.sql").unlink()
    assert done.returncode == 1, done.stderr[-3000:]
    with duckdb.connect(str(Home(place.home).failing_rows), read_only=True) as connection:
        kept = connection.execute("select table_name from duckdb_tables()").fetchall()
    assert len(kept) > len(models) // 2
    assert hits(place.home)[0] == []


# --- what libraries say of a failure -------------------------------------------------------------

FAILURES = {
    "select cast('{m}' as int)": "a value cannot be converted (to INT32)",
    "select cast(x as int) from t": "a value cannot be converted (to INT32, column x)",
    "select '{m}'::timestamp": "a value cannot be converted",
    "select '{m}'::uuid": "a value cannot be converted (to UUID)",
    "select strptime('{m}', '%Y')": "a value is not of the format",
    "select json_transform_strict('[\"{m}\"]', '[\"INT\"]')": "a value cannot be converted",
    "select '{{{m}'::json": "no valid JSON (byte 1)",
    "select regexp_matches('a', '[{m}')": "DuckDB cannot do it (Invalid Input error)",
    "select error('{m}')": "DuckDB cannot do it (Invalid Input error)",
    "insert into t values ('{m}')": "two rows of one key",
    "insert into t values (null)": "no value in t.x",
    "select nothing from t": 'Referenced column "nothing" not found in FROM clause!',
    "selct '{m}'": 'syntax error at or near "selct"',
    "select * from nowhere": "Table with name nowhere does not exist!",
    "select (select unnest(['{m}', 'b']))": "a subquery gives more than one row",
    "from read_csv('{f}/r.csv', columns = {{'a': 'int', 'b': 'varchar'}}, auto_detect = false, "
    "header = true)": ("3 values in 2 columns (line 2, {f}/r.csv)"),
    "from read_csv('{f}/u.csv')": "not UTF-8 text (line 2, {f}/u.csv)",
    "from read_json('{f}/twice.json')": (
        "a key appears twice in a JSON object (line 1, {f}/twice.json)"
    ),
    "from read_json('{f}/cut.json', format = 'newline_delimited')": (
        "no valid JSON (line 2, byte 16, {f}/cut.json)"
    ),
    "from read_parquet('{f}/p.parquet')": "no whole parquet file",
    "from read_csv('{f}/none.csv')": "no such file",
    "copy t to '{f}/none/t.csv'": "No such file or directory",
    "attach '{f}/p.parquet' as p (type duckdb)": "a damaged database file",
}


@pytest.mark.parametrize("query", FAILURES)
def test_what_duckdb_says_is_put_into_words_without_a_value(tmp_path: Path, query: str) -> None:
    (tmp_path / "r.csv").write_text(f"a,b\n1,{MARK},3,4,5\n")
    (tmp_path / "u.csv").write_bytes(f"a,b\n1,{MARK}\xff\n".encode("latin-1"))
    (tmp_path / "twice.json").write_text(f'{{"a": 1, "a": "{MARK} {MAIL}"}}\n')
    (tmp_path / "cut.json").write_text(f'{{"{MARK}"\n{MARK}\n')
    (tmp_path / "p.parquet").write_text(MARK * 200)
    with duckdb.connect() as connection:
        connection.execute("create table t (x varchar primary key)")
        connection.execute(f"insert into t values ('{MARK}')")
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(query.format(m=MARK, f=tmp_path)).fetchall()
    said = one_line(caught.value)
    assert said == FAILURES[query].format(f=tmp_path)
    assert MARK not in said


def test_an_error_that_nobody_foresaw_tells_its_kind_and_its_place() -> None:
    try:
        duckdb_words.of(None)  # type: ignore[arg-type]
    except Exception as error:
        assert where_raised(error).startswith("TypeError in duckdb_words.py line ")
    assert where_raised(ValueError(MARK)) == "ValueError"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("https://h.example/raw?sig=MARK&se=2026", "https://h.example/raw?sig=***&se=2026"),
        ("https://h.example/raw?a=1&key=MARK", "https://h.example/raw?a=1&key=***"),
        ("https://h.example/raw?token=MARK", "https://h.example/raw?token=***"),
        ("s3://b/x?X-Amz-Signature=MARK&b=1", "s3://b/x?X-Amz-Signature=***&b=1"),
        ("https://MARK@h.example/raw: no", "https://***@h.example/raw: no"),
        ("postgres://me:MARK@db/x", "postgres://***@db/x"),
        ("postgres:host=db pwd=MARK user=me", "postgres:host=db pwd=*** user=me"),
        ("postgres:passphrase='MARK two' x=1", "postgres:passphrase=*** x=1"),
        ("AccountKey=MARK;Endpoint=x", "AccountKey=***;Endpoint=x"),
        ("{'api_key': 'MARK', 'a': 1}", "{'api_key': ***, 'a': 1}"),
        ("Authorization: Bearer MARK", "Authorization: Bearer ***"),
        ("{db_password: MARK}", "{db_password: ***}"),
        ("host=x pw=MARK user=me", "host=x pw=*** user=me"),
        ("//me:MARK@host/x: no", "//me:***@host/x: no"),
        ("as_of is 'Bearer MARK'; write", "as_of is 'Bearer ***'; write"),
        ("/etc/passwd: not a folder", "/etc/passwd: not a folder"),
        ("/tmp/none?key=MARK: a pattern", "/tmp/none?key=***: a pattern"),
        ("DB_CREDENTIALS: not a database address", "DB_CREDENTIALS: not a database address"),
        ("set PGPASSWORD or motherduck_token", "set PGPASSWORD or motherduck_token"),
        ("two rows of one key: c1", "two rows of one key: c1"),
    ],
)
def test_a_secret_in_an_address_is_masked(line: str, shown: str) -> None:
    assert masked(line) == shown
    assert holds_secret(line) == ("MARK" in line)


@pytest.mark.parametrize("text", [f"a: *{MARK}", f"a: !{MARK} x", f"a: !!python/x:{MARK} y"])
def test_a_password_without_quotes_is_not_said(text: str) -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.safe_load(text)
    assert MARK not in one_line(caught.value)


def test_a_user_s_name_is_no_secret() -> None:
    assert not holds_secret("postgres://reader@db.example/x")


@pytest.mark.heavy
def test_a_night_that_fails_leaves_nothing_of_what_it_read(tmp_path: Path) -> None:
    project = faults.copy_lean_project(tmp_path / "project")
    model = project / "models" / "marts" / "brand_numbers.sql"
    model.with_suffix(".yml").write_text(
        "models:\n  - name: brand_numbers\n    columns:\n"
        "      - name: brand_number\n        data_type: integer\n"
    )
    model.write_text(
        f"select cast(concat(brand, '{MARK[:3]}', '{MARK[3:]}') as integer) as brand_number "
        "from {{ ref('sessions') }}\n"
    )
    faults.keep_docs(project)
    home = tmp_path / "home"
    night = projects.nightly(home, root=project)
    assert night.returncode == 2
    [said] = [line for line in night.stderr.splitlines() if "brand_numbers" in line]
    assert said.endswith(": a value cannot be converted (to INT32)")
    full = projects.nightly(home, "--verbose", root=project)
    assert MARK in full.stdout  # on the terminal alone
    assert MARK not in night.stdout + night.stderr
    found, _ = hits(home)
    assert found == []


def test_a_signed_address_is_in_no_log(tmp_path: Path) -> None:
    address = f"https://{MARK}@h.example/raw?sig={MARK}&key={MARK}"
    night = projects.nightly(tmp_path, "--source", "files", "--raw-path", address)
    assert night.returncode == 2
    assert MARK not in night.stdout + night.stderr
    assert hits(tmp_path)[0] == []
