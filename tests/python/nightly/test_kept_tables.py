"""What is cut again, and why, when rows, rules, tables or sources change: through plain dbt."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dbt_processes
import duckdb
import faults
import projects
import pytest

from containment.publish import docs
from containment.raw import in_folder, views
from containment.settings.lookups import Lookups

pytestmark = pytest.mark.heavy
# The simulated nights (test_nights.py) show it too.
SIMULATED = pytest.mark.long
SAMPLE, FILES = projects.SEEDED_SOURCE, projects.FILES_SOURCE


class Kept:
    """A project over two small sources, and one home; both can be set back to the first build."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.project, self.home = folder, folder / "project", folder / "home"
        self.copy_project()
        faults.write_raw(folder / "raw", 1, "jsonl")
        self.build()
        faults.copy_home(self.home, folder / "first")

    def copy_project(self) -> None:
        if self.project.exists():
            shutil.rmtree(self.project)
        faults.copy_lean_project(self.project)
        for table, rows in faults.raw_rows(0).items():
            seed = self.project / "seeds" / "sample" / f"sample_{table}.csv"
            projects.write_csv(seed, projects.SEEDED[table], rows)

    def begin(self) -> None:
        self.copy_project()
        shutil.rmtree(self.home)
        faults.copy_home(self.folder / "first", self.home)

    @property
    def database(self) -> Path:
        return self.home / "warehouse" / "containment.duckdb"

    def dbt(self, *arguments: str, **dbt_vars: Any) -> None:
        self.database.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.database)) as connection:
            found = in_folder.inspect(self.folder / "raw", Lookups(frozenset(), frozenset()))
            views.write_views(found, connection)
        dbt_vars = {"sources": [SAMPLE, FILES], **dbt_vars}
        parsed = self.parsed_for(dbt_vars["sources"])
        dbt_processes.start(
            self.project, self.home, *arguments, dbt_vars=dbt_vars, parsed=parsed
        ).succeed()

    def parsed_for(self, sources: list[str]) -> Path:
        """The folder in which the code of now was parsed with these sources."""
        folder = self.folder / "-".join(["parsed", *sources, docs.code_hash(self.project)])
        return dbt_processes.parsed_in(folder, self.project, sources)

    def build(self, *arguments: str, **dbt_vars: Any) -> Counter[tuple[str, str]]:
        """Build all, give how many conversations of each source were cut and why."""
        self.dbt("build", *arguments, **dbt_vars)
        changed = projects.rows(
            self.database,
            "select source, change_reason from intermediate.int_changed_conversations",
        )
        return Counter((row["source"], row["change_reason"]) for row in changed)

    def all_of(self, reason: str, *sources: str) -> Counter[tuple[str, str]]:
        """How many there are to cut of some sources, of both when none is named."""
        states = projects.rows(self.database, "select source from intermediate.int_kept_states")
        counts = Counter(row["source"] for row in states)
        return Counter({(source, reason): counts[source] for source in sources or counts})

    def change(self, file: str, old: str, new: str) -> None:
        path = self.project / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def assert_as_if_fresh(self, **dbt_vars: Any) -> None:
        """The warehouse holds what a build from nothing holds."""
        kept = self.home.rename(self.folder / "kept")
        try:
            self.build(**dbt_vars)
            fresh = self.home.rename(self.folder / "fresh")
        finally:
            kept.rename(self.home)
        try:
            assert faults.differences(self.home, fresh, publications=False) == []
        finally:
            shutil.rmtree(fresh)

    def execute(self, statement: str) -> None:
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def kept(made: Kept) -> Kept:
    made.begin()
    return made


@SIMULATED
def test_what_is_as_it_was_is_not_cut_again(kept: Kept) -> None:
    assert kept.build() == Counter()
    # A view of a mart, a time zone and another moment: no rule of the cut.
    kept.change("models/marts/sessions.sql", "with\n", "-- other words\nwith\n")
    assert kept.build() == Counter()
    others = {"reporting_timezone": "Asia/Kolkata", "as_of": "2026-04-01 00:00:00"}
    assert kept.build(**others) == Counter()
    kept.assert_as_if_fresh(**others)


@SIMULATED
def test_full_refresh_cuts_all_as_new(kept: Kept) -> None:
    assert kept.build("--full-refresh") == kept.all_of("new")
    kept.assert_as_if_fresh()


@pytest.mark.parametrize(
    "table", projects.few_now(["messages", "states", "segments", "timeouts", "findings"], 1)
)
def test_without_one_of_the_kept_tables_all_is_cut_again(kept: Kept, table: str) -> None:
    kept.execute(f"drop table intermediate.int_kept_{table}")
    assert kept.build() == kept.all_of("new")
    kept.assert_as_if_fresh()


@SIMULATED
@pytest.mark.parametrize(
    ("file", "old", "new"),
    projects.few_now(
        [
            ("macros/sources/text.sql", "case when", "case /* if */ when"),
            ("models/intermediate/3_cut/int_segment_kinds.sql", "with\n", "-- other words\nwith\n"),
            ("models/staging/stg_messages.sql", "with\n", "-- other words\nwith\n"),
            (
                "models/intermediate/4_kept/int_kept_messages.sql",
                "with\n",
                "-- other words\nwith\n",
            ),
        ],
        1,
    ),
)
def test_changed_code_cuts_all_again(kept: Kept, file: str, old: str, new: str) -> None:
    kept.change(file, old, new)
    assert kept.build() == kept.all_of("rules")
    assert kept.build() == Counter()


def test_changed_code_of_one_source_cuts_that_source_again(kept: Kept) -> None:
    kept.change("models/staging/files/stg_files__messages.sql", "select\n", "-- words\nselect\n")
    assert kept.build() == kept.all_of("rules", FILES)


@SIMULATED
@pytest.mark.parametrize(
    "changed",
    projects.few_now(
        [
            {"after_escalation": "session"},
            {"session_scope": "session"},
            {"courtesy_minutes": 5},
            {"infer_takeovers": ["files", "sample"]},
        ],
        1,
    ),
)
def test_a_changed_setting_cuts_all_again(kept: Kept, changed: dict[str, Any]) -> None:
    assert kept.build(**changed) == kept.all_of("rules")
    kept.assert_as_if_fresh(**changed)
    assert kept.build() == kept.all_of("rules")
    assert faults.differences(kept.home, kept.folder / "first", publications=False) == []


@SIMULATED
def test_a_changed_timeout_cuts_the_conversations_of_that_channel(kept: Kept) -> None:
    kept.change("seeds/channel_policies.csv", "chat,30", "chat,29")
    found = kept.build()
    chats = projects.rows(
        kept.database,
        "select count(*) as n from intermediate.int_kept_conversations where channel = 'chat'",
    )
    assert found.total() == chats[0]["n"] > 0
    assert {reason for _, reason in found} == {"rules"}
    channels = projects.rows(
        kept.database,
        "select distinct channel from intermediate.int_changed_conversations "
        "inner join intermediate.int_kept_conversations using (source, conversation_id)",
    )
    assert channels == [{"channel": "chat"}]
    kept.assert_as_if_fresh()


@SIMULATED
def test_a_changed_mapping_cuts_the_conversations_with_such_an_event(kept: Kept) -> None:
    kept.change("seeds/event_types.csv", "*,escalated,escalated", "*,escalated,none")
    found = kept.build()
    with_event = projects.rows(
        kept.database,
        "select count(distinct (source, conversation_id)) as n from staging.stg_events "
        "where event_type = 'escalated'",
    )
    assert found.total() == with_event[0]["n"] > 0
    assert {reason for _, reason in found} == {"rules"}
    kept.assert_as_if_fresh()


@SIMULATED
def test_a_source_that_is_switched_off_takes_its_rows_along_and_brings_them_back(
    kept: Kept,
) -> None:
    its_all = kept.all_of("vanished", FILES)
    assert kept.build(sources=[SAMPLE]) == its_all
    left = "select distinct source from intermediate.int_kept_{}"
    for table in ("states", "segments", "sessions", "messages", "conversations", "findings"):
        assert projects.rows(kept.database, left.format(table)) == [{"source": SAMPLE}], table
    kept.assert_as_if_fresh(sources=[SAMPLE])
    assert kept.build() == kept.all_of("new", FILES)
    assert faults.differences(kept.home, kept.folder / "first", publications=False) == []


SELECTED = ["int_kept_states", "int_kept_segments", "int_kept_messages"]


@pytest.mark.parametrize("model", projects.few_now(SELECTED, 1))
@pytest.mark.parametrize("full", [False, True], ids=["as it is", "full refresh"])
def test_one_kept_model_alone_changes_nothing(kept: Kept, model: str, full: bool) -> None:
    kept.dbt("run", "-s", model, *(["--full-refresh"] if full else []))
    assert faults.differences(kept.home, kept.folder / "first", publications=False) == []
    assert kept.build() == Counter()


def cut_nothing(kept: Kept) -> None:
    assert kept.build() == Counter()


def cut_some(kept: Kept) -> None:
    kept.change("seeds/channel_policies.csv", "chat,30", "chat,29")
    assert kept.build()


@pytest.mark.parametrize("last_build", projects.few_now([cut_nothing, cut_some], 1))
@pytest.mark.parametrize(
    "dropped",
    projects.few_now(["int_kept_findings", "int_kept_segments", "int_kept_states"], 1),
)
def test_one_kept_model_alone_is_refused_when_its_list_is_older_than_the_states(
    kept: Kept, last_build: Callable[[Kept], None], dropped: str
) -> None:
    last_build(kept)
    kept.execute(f"drop table intermediate.{dropped}")
    with pytest.raises(AssertionError, match="run int_changed_conversations first"):
        kept.dbt("run", "-s", "int_kept_segments")
    assert kept.build() == kept.all_of("new")
    kept.assert_as_if_fresh()
