"""The record of one run: a row in the history and in marts.run_log, and the --json object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import duckdb

from containment.build import findings
from containment.build.findings import Finding
from containment.common import clock as machine
from containment.common import sql
from containment.common.clock import Clock
from containment.common.errors import LOCKED, UNUSABLE, how_it_ended, masked, where_raised

RUNNING, PUBLISHED, FAILED = "running", "published", "failed"
FULL, CHANGED = "full", "changed"  # checks: of all rows, or of what was cut
REFUSED, KILLED = "refused", "killed"

# How a column of the history is typed; `| None` says nothing to DuckDB.
TYPES = {"str": "varchar", "int": "bigint", "float": "double", "datetime": "timestamp"}


@dataclass
class Run:
    """What is known of a run so far; every field is a column of the history."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None = None
    as_of: datetime | None = None
    not_after: datetime | None = None
    rules_version: str | None = None
    sources: str | None = None
    raw_path: str | None = None
    rows_read: int | None = None
    rows_by_table: str | None = None  # {"files.messages": 2350, ...}
    rows_used_by_table: str | None = None  # the same, of those that are used
    conversations_cut: int | None = None
    conversations_new: int | None = None
    conversations_changed: int | None = None
    conversations_rules: int | None = None
    conversations_vanished: int | None = None
    checks: str | None = None  # FULL or CHANGED
    closed_sessions: int | None = None
    open_sessions: int | None = None
    contained_sessions: int | None = None
    raw_check_seconds: float | None = None
    build_seconds: float | None = None
    publish_seconds: float | None = None
    total_seconds: float | None = None
    exit_code: int | None = None
    outcome: str = RUNNING
    message: str | None = None
    publication: str | None = None
    clock: Clock = field(default_factory=Clock, init=False, repr=False, compare=False)
    findings: list[Finding] = field(default_factory=list, init=False, repr=False, compare=False)

    @staticmethod
    def begun() -> Run:
        """The run that begins now; its name sorts by its start."""
        now = machine.utc_now()
        return Run(run_id=now.strftime(machine.NAME), started_at=now)

    def end(self, outcome: str, exit_code: int, message: str | None = None) -> None:
        """It ends now, in this way."""
        self.ended_at = machine.utc_now()
        self.total_seconds = self.clock.seconds
        self.outcome, self.exit_code = outcome, exit_code
        self.message = None if message is None else masked(message)

    def end_by(self, error: BaseException) -> None:
        """It is ended by this error; what was killed stays so."""
        unforeseen = UNUSABLE if isinstance(error, BrokenPipeError) else 1
        known = how_it_ended(error)
        exit_code, lines = known or (unforeseen, (f"unexpected error: {where_raised(error)}",))
        more = f" (and {len(lines) - 2} more)" if len(lines) > 2 else ""
        is_killed = exit_code > 128 or self.outcome == KILLED
        outcome = KILLED if is_killed else REFUSED if exit_code == LOCKED else FAILED
        self.publication = None
        self.end(outcome, exit_code, lines[0] + more)

    def read_figures(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take what was built from the warehouse: rows, conversations cut, sessions, rules."""
        self.as_of, self.not_after, self.rules_version = sql.one(
            connection,
            "select max(as_of), max(not_after), cast(max(rules_version) as varchar) "
            "from marts.settings",
        )
        rows = connection.execute(
            "select source || '.' || table_name, rows_read, rows_used "
            "from marts.row_reconciliation order by 1"
        ).fetchall()
        self.rows_by_table = json.dumps({table: read for table, read, _ in rows})
        self.rows_used_by_table = json.dumps({table: used for table, _, used in rows})
        self.rows_read = sum(read for _, read, _ in rows)
        cut = dict(
            connection.execute(
                "select change_reason, count(*) from intermediate.int_changed_conversations "
                "group by change_reason"
            ).fetchall()
        )
        self.conversations_cut = sum(cut.values())
        self.conversations_new = cut.get("new", 0)
        self.conversations_changed = cut.get("rows", 0)
        self.conversations_rules = cut.get("rules", 0)
        self.conversations_vanished = cut.get("vanished", 0)
        if self.checks == CHANGED:
            (is_one_left,) = sql.one(
                connection,
                "select exists (from intermediate.int_kept_states anti join "
                "intermediate.int_changed_conversations using (source, conversation_id))",
            )
            self.checks = CHANGED if is_one_left else FULL
        self.contained_sessions, self.closed_sessions, self.open_sessions = sql.one(
            connection,
            "select count(*) filter (where is_contained), "
            "count(*) filter (where outcome <> 'open'), count(*) filter (where outcome = 'open') "
            "from marts.sessions",
        )

    def cut_line(self) -> str:
        """What was cut tonight, and why, for the user."""
        if not self.conversations_cut:
            return "nothing changed: no conversation cut again"
        parts = [
            f"{count:,} {why}"
            for count, why in (
                (self.conversations_new, "new"),
                (self.conversations_changed, "with changed rows"),
                (self.conversations_rules, "by the rules"),
                (self.conversations_vanished, "vanished"),
            )
            if count
        ]
        many = (
            f"{self.conversations_cut:,} conversation{'' if self.conversations_cut == 1 else 's'}"
        )
        if self.conversations_rules:
            mixed = f" ({', '.join(parts)})" if len(parts) > 1 else ""
            return f"rules changed: {many} cut again{mixed}"
        return f"cut again: {many} ({', '.join(parts)})"

    def as_json(self, headline: Mapping[str, Any] | None) -> str:
        """One object for programs."""
        return json.dumps(
            {
                "exit_code": self.exit_code,
                "outcome": self.outcome,
                "message": self.message,
                "run_id": self.run_id,
                "started_at": _utc(self.started_at),
                "ended_at": _utc(self.ended_at),
                "as_of": _utc(self.as_of),
                "not_after": _utc(self.not_after),
                "rules_version": self.rules_version,
                "sources": self.sources,
                "rows_read": self.rows_read,
                "rows_by_table": json.loads(self.rows_by_table or "null"),
                "conversations_cut": {
                    "total": self.conversations_cut,
                    "new": self.conversations_new,
                    "changed": self.conversations_changed,
                    "rules": self.conversations_rules,
                    "vanished": self.conversations_vanished,
                },
                "checks": self.checks,
                "headline": headline,
                "findings": findings.as_json(self.findings),
                "seconds": {
                    "raw_check": self.raw_check_seconds,
                    "build": self.build_seconds,
                    "publish": self.publish_seconds,
                    "total": self.total_seconds,
                },
                "publication": self.publication if self.outcome == PUBLISHED else None,
            }
        )


COLUMNS = {
    each.name: TYPES[str(each.type).removesuffix(" | None")]
    for each in fields(Run)
    if each.name not in ("clock", "findings")
}


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.isoformat()}Z"
