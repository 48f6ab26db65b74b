"""scripts/check-raw: a look at raw data before the first night."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import projects
import pytest

from containment.commands import raw_template
from containment.common.errors import UNUSABLE, Stop
from containment.settings import source_yml

SECRETS = ("4111 1111", "jane@secret.example", "Jane")
MESSAGES = [
    "message_id,conversation_id,author_type,sent_at,text,created",
    "1,c1,customer,2026-01-01T10:00:00Z,my card is 4111 1111,x",
    "2,c1,bot,2026-01-01T10:00:05Z,Hello Jane,x",
    "3,c1,robot,2026-01-01T10:00:06Z,,x",
    "4,,bot,2026-01-01T10:00:07Z,jane@secret.example,x",
    '5,"c\x1b[31m2",bot,soon,jane@secret.example,x',
]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/check-raw."""
    return subprocess.run(
        [sys.executable, str(projects.ROOT / "scripts" / "check-raw"), *arguments],
        env={**os.environ, "CONTAINMENT_VENV": sys.prefix},
        text=True,
        capture_output=True,
    )


def write(folder: Path, messages: list[str]) -> Path:
    """Write raw files with these messages; give their folder."""
    folder.mkdir(exist_ok=True)
    (folder / "messages.csv").write_text("\n".join(messages) + "\n")
    (folder / "conversations.csv").write_text("conversation_id,channel\nc1,kiosk\nc2,chat\n")
    (folder / "events.csv").write_text(
        "event_id,conversation_id,event_type,occurred_at\n"
        '1,c1,"Asked, for help",2026-01-01T10:00:07Z\n2,c1,closed,2026-01-02T10:00:08Z\n'
    )
    return folder


def lines_after(title: str, output: str) -> list[str]:
    """The lines under a title, until the next empty one."""
    lines = output.splitlines()
    start = lines.index(title) + 1
    return lines[start : lines.index("", start)]


def test_a_look_says_what_a_night_would_make_of_the_data(tmp_path: Path) -> None:
    raw = write(tmp_path / "raw", MESSAGES)
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "event_types.csv").write_text(
        "source,event_type,boundary\nfiles,closed,none\n"
    )
    done = check("--source", "files", "--raw-path", str(raw), "--home", str(home))
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    for secret in (*SECRETS, "\x1b"):
        assert secret not in said + done.stderr
    assert [path.name for path in home.iterdir()] == ["config"]

    assert lines_after("messages (messages.csv): 5 rows", said)[-1] == "not read: text, created"
    assert "ratings: not there, and not required" in said
    assert lines_after("event types:", said)[1:] == [
        "files   asked, for help  unknown: ends nothing     1",
        "files   closed           none                      1",
    ]
    paste = "to paste into config/event_types.csv, with resolved, escalated or none at the end:"
    assert list(csv.reader(lines_after(paste, said))) == [
        ["source", "event_type", "boundary"],
        ["files", "asked, for help", ""],
    ]
    assert lines_after("channels:", said)[1:] == [
        "kiosk    unknown: 60            1",
        "chat     30                     1",
    ]
    assert "kiosk," in said
    assert "files   robot: unknown, rejected     1" in said
    rejected = [" ".join(line.split()) for line in lines_after("rows that cannot be used:", said)]
    assert rejected[1:] == [
        "files messages missing_id - / 4 1",
        "files messages unknown_author_type c1 / 3 1",
        "files messages unreadable_time c\\x1b[31m2 / 5 1",
    ]
    assert "files events         2026-01-01 10:00  2026-01-02 10:00     2         0" in said


def test_no_message_that_can_be_used_is_no_input(tmp_path: Path) -> None:
    many = [f"{number},c1,name {number},2026-01-01T10:00:00Z,,x" for number in range(11)]
    raw = write(tmp_path / "raw", [MESSAGES[0], *many])
    done = check("--source", "files", "--raw-path", str(raw), "--home", str(tmp_path))
    assert done.returncode == UNUSABLE
    assert done.stderr.splitlines()[-1] == (
        "error: files: none of 11 messages can be used (mostly unknown_author_type); see above"
    )
    # So many words are no list: they could be names.
    assert "11 unknown ones, rejected" in done.stdout and "name 1" not in done.stdout


def test_tables_in_the_warehouse_of_the_home_are_read_there(tmp_path: Path) -> None:
    raw = write(tmp_path / "raw", MESSAGES)
    (tmp_path / "warehouse").mkdir()
    database = tmp_path / "warehouse" / "containment.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema landed")
        for table in ("conversations", "messages", "events"):
            connection.execute(f"create table landed.{table} as from '{raw / table}.csv'")
    before = database.read_bytes()
    tables = "{source_tables: {files: {schema: landed}}}"
    done = check("--source", "files", "--home", str(tmp_path), "--vars", tables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"messages ({database}, schema landed): 5 rows" in done.stdout
    assert database.read_bytes() == before


def test_ids_that_are_hashed_stay_out_of_a_look(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "events.csv").write_text(
        "id,sender_id,type_name,timestamp,data\n1,+4915100,user,1767261600.0,{}\n"
        "2,+4915100,bot,soon,{}\n"
    )
    done = check("--source", "rasa", "--raw-path", str(raw), "--home", str(tmp_path / "home"))
    assert "rasa messages" in done.stdout, done.stderr
    assert "4915100" not in done.stdout + done.stderr
    # The salt is gone with the look: nothing is to be kept.
    assert "salt" not in done.stdout + done.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "nothing to look at; name a source, e.g. --source files --raw-path DIR"),
        (("--source", "file"), "--source: no source 'file'; did you mean 'files'?"),
        (("--source", "files", "--raw-path", "/gone"), "raw_path /gone: no such folder"),
        (("--config", "/gone"), "/gone: no such folder; check --config"),
        (("--raw", "x"), "No such option"),
        (
            ("--template", "x", "--source", "sample"),
            "--template: no source 'sample' reads raw tables",
        ),
        (
            ("--template", "x", "--source", "zendesc"),
            "--template: no source 'zendesc' reads raw tables; did you mean 'zendesk'?",
        ),
    ],
)
def test_what_cannot_be_looked_at_is_said_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], line: str
) -> None:
    done = check(*arguments, "--home", str(tmp_path))
    assert done.returncode == UNUSABLE
    assert done.stderr.startswith(f"error: {line}") and done.stderr.count("\n") == 1, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", ["files", "zendesk", "rasa"])
def test_a_template_has_the_tables_and_columns_that_are_read(tmp_path: Path, source: str) -> None:
    folder = tmp_path / "new" / "raw"
    lines = list(raw_template.write([source], folder))
    assert len(lines) == len(list(folder.iterdir())) + 1
    for table in source_yml.declared(projects.ROOT, source):
        header = (folder / f"{table.name}.csv").read_text()
        assert header == ",".join(table.reads) + "\n"
    with pytest.raises(Stop, match="exists already; choose another folder"):
        list(raw_template.write([source], folder))


def test_a_template_writes_nothing_where_one_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").symlink_to("gone")
    with pytest.raises(Stop, match=r"ratings\.csv: exists already"):
        list(raw_template.write([], tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["ratings.csv"]


def test_templates_of_two_sources_at_once(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="one at a time"):
        list(raw_template.write(["files", "rasa"], tmp_path))
