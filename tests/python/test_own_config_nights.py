"""Nights with a config/ that changes between them: each as if it had always been so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import faults
import projects
import pytest
import same_tables

Files = dict[str, str]

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
    done = projects.nightly(home, root=root)
    assert done.returncode == 0, done.stderr
    return done


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
    nights = ({}, ESCALATED_ENDS_NOTHING, LONG_CHATS, OTHER_LOOKUPS, {}, ESCALATED_ENDS_NOTHING)
    versions = []
    for number, config in enumerate(nights):
        night(root, tmp_path / "home", config)
        fresh = tmp_path / f"fresh_{number}"
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
    assert versions[0] == versions[3] == versions[4]
    assert versions[1] == versions[5]
    assert len(set(versions)) == 3
