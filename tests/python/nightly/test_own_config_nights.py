"""Nights with a config/ that changes between them: each as if it had always been so."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import faults
import projects
import pytest
import same_tables

Files = dict[str, str]

NOT_AFTER = "2026-11-20T00:00:00Z"  # otherwise each night's own start

POLICIES = "channel,timeout_minutes\n"
TYPES = "source,event_type,boundary\n"
ESCALATED_ENDS_NOTHING: Files = {
    "settings.yml": "courtesy_minutes: 5\n",
    "channel_policies.csv": POLICIES + "chat,5\n",
    "event_types.csv": TYPES + "*,escalated,none\nsample,handoff,none\n",
    "business_hours.csv": "brand,iso_weekday,opens_at,closes_at\n*,1,09:00,17:00\n",
}
LONG_CHATS: Files = {"channel_policies.csv": POLICIES + "chat,600\n"}
OTHER_LOOKUPS: Files = {"business_hours.csv": "brand,iso_weekday,opens_at,closes_at\n"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose nights are short."""
    return faults.copy_lean_project(tmp_path_factory.mktemp("lean") / "project")


def night(root: Path, home: Path, config: Files) -> subprocess.CompletedProcess[str]:
    """One night over the sample, with these files in config/."""
    shutil.rmtree(home / "config", ignore_errors=True)
    for name, content in config.items():
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / name).write_text(content)
    done = projects.nightly(home, "--vars", f"{{not_after: {NOT_AFTER}}}", root=root)
    assert done.returncode == 0, done.stderr
    return done


def begin(fresh: Path, home: Path) -> None:
    """Give a fresh home what dbt has parsed in another one: it is no data, and takes long."""
    parsed = Path("warehouse", "target", "partial_parse.msgpack")
    (fresh / parsed).parent.mkdir(parents=True)
    shutil.copy(home / parsed, fresh / parsed)


def warehouse(home: Path) -> Path:
    return home / "warehouse" / "containment.duckdb"


def test_a_changed_row_cuts_only_the_conversations_that_it_concerns(
    root: Path, tmp_path: Path
) -> None:
    night(root, tmp_path, {})
    before = (root / "seeds" / "channel_policies.csv").read_bytes()
    again = night(root, tmp_path, {"channel_policies.csv": POLICIES + "email,60\n"})
    assert (
        "settings: sample; as of the newest load; days in UTC; with config/channel_policies.csv"
        in (again.stdout)
    )
    cut = projects.rows(
        warehouse(tmp_path),
        "select count(*) as cut, count_if(channel = 'email') as emails, any_value(change_reason) "
        "as reason from intermediate.int_changed_conversations "
        "left join marts.conversations using (source, conversation_id)",
    )[0]
    assert cut["cut"] == cut["emails"] > 0 and cut["reason"] == "rules"
    assert (root / "seeds" / "channel_policies.csv").read_bytes() == before


@pytest.mark.heavy
def test_every_night_equals_a_fresh_build_with_the_same_config(root: Path, tmp_path: Path) -> None:
    nights = ({}, ESCALATED_ENDS_NOTHING, OTHER_LOOKUPS, LONG_CHATS)
    versions = []
    for number, config in enumerate(nights):
        night(root, tmp_path / "home", config)
        fresh = tmp_path / f"fresh_{number}"
        begin(fresh, tmp_path / "home")
        night(root, fresh, config)
        kept = projects.rows(
            warehouse(fresh),
            "select schema_name, table_name from duckdb_tables() "
            "where table_name like 'int\\_kept\\_%' escape '\\'",
        )
        assert kept
        names = [tuple(row.values()) for row in kept]
        same_tables.assert_same(warehouse(fresh), warehouse(tmp_path / "home"), names)
        [settings] = projects.rows(warehouse(fresh), "from marts.settings")
        versions.append(settings["rules_version"])
    # A file without a row changes nothing; all else is another set of rules.
    assert versions[0] == versions[2]
    assert len(set(versions)) == 3


FINDINGS = (
    f"from marts.data_quality where not ({faults.AGAINST_THE_LAST_TIME}) order by source, finding"
)
RAW = {
    "conversations.csv": "conversation_id,channel,customer_id,exclusion_reason\n"
    + "".join(
        f"{n},chat,{'n/a' if n % 3 else n}.0,{'n/a' if n % 5 == 0 else ''}\n" for n in range(12)
    ),
    "messages.csv": "message_id,conversation_id,author_type,sent_at,thema\n"
    + "".join(
        f"{n}a,{n},customer,2026-10-2{n % 9} 02:30,billing\n"
        f"{n}b, {n}.0,bot,{at},NULL\n"
        f"{n}c,{n},agent,2026-10-2{n % 9}T02:4{n % 9}:00+02:00,n/a\n"
        for n, at in enumerate(("2026-10-25 02:31", "25.10.2026 02:31", "1792895460") * 4)
    ),
    "events.csv": "event_id,conversation_id,event_type,occurred_at\n"
    "1,1,escalated,2026-10-25T02:50:00Z\n2,2,resolved,25.10.2026 02:50\n3,3,resolved,soon\n",
}
FORMAT = "%d.%m.%Y %H:%M"
RAW_SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"raw_timezone": "Europe/Berlin"},
    {"raw_time_format": FORMAT},
    {"raw_time_format": {"files": [FORMAT]}, "raw_timezone": {"files": "America/New_York"}},
    {"raw_epoch": "seconds"},
    {"null_words": ["n/a"]},
    {"raw_columns": {"files": {"messages": {"topic": "thema"}}}},
    {"infer_takeovers": ["files"]},
    {"hashed_ids": ["files"]},
    {"not_after": "2026-10-23T00:00:00Z"},
    {},
)


SOME = [RAW_SETTINGS[number] for number in (0, 3, 8, 10)]


@pytest.mark.heavy
@pytest.mark.parametrize("changes", projects.few_now([SOME, [*RAW_SETTINGS]], 1), ids=len)
def test_a_setting_of_raw_values_holds_as_if_it_had_always_been_so(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: list[dict[str, Any]]
) -> None:
    monkeypatch.setenv("CONTAINMENT_ID_SALT", "one salt for all homes")
    raw = tmp_path / "raw"
    raw.mkdir()
    for name, content in RAW.items():
        (raw / name).write_text(content)
    options = ("--source", "files", "--raw-path", str(raw))
    results = set()
    for number, settings in enumerate(changes):
        for home in (tmp_path / "home", tmp_path / f"fresh_{number}"):
            if home.name != "home":
                begin(home, tmp_path / "home")
            (home / "config").mkdir(parents=True, exist_ok=True)
            (home / "config" / "settings.yml").write_text(
                json.dumps({"not_after": NOT_AFTER} | settings)
            )
            done = projects.nightly(home, *options, root=root)
            assert done.returncode == 0, done.stderr
        fresh = warehouse(tmp_path / f"fresh_{number}")
        kept = projects.rows(
            fresh,
            "select schema_name, table_name from duckdb_tables() "
            "where table_name like 'int\\_kept\\_%' escape '\\'",
        )
        names = [tuple(row.values()) for row in kept]
        here = warehouse(tmp_path / "home")
        found = same_tables.differences(fresh, here, names)
        assert [str(each) for each in found if each.table != "marts.data_quality"] == []
        assert projects.rows(fresh, FINDINGS) == projects.rows(here, FINDINGS)
        found = projects.rows(fresh, "from marts.segments order by all")
        results.add(str(found) + str(projects.rows(fresh, "from marts.rejected_rows order by all")))
    # Each of them moves something; without one all is as in the beginning.
    assert len(results) == len(changes) - 1
