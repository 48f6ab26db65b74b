"""What the build found wrong with the raw data, in words: marts.data_quality beyond its limits."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from containment.common.errors import DATA_FAILED, UNUSABLE, Stop, nearest
from containment.common.shown import quoted, shown

WARN, REFUSE = "warn", "refuse"
ALL_SOURCES = "*"
MOST_ROWS = 20  # that are printed to be pasted

# What is said of each finding, and what to do about it. {n} of {of} are {share}.
UNUSABLE_ROWS = (
    "{n} of {of} rows of {table} cannot be used, {share}{why}",
    "mend them, or set what reads them; rejected_rows has each",
)
DROPPED_ROWS = (
    "{n} rows of {table} are used no more, {share} of the {of} of the last publication",
    "load them",
)
WORDS: dict[str, tuple[str, str]] = {
    **{
        f"{kind}_{table}": words
        for table in ("conversations", "messages", "events", "ratings", "claims", "identities")
        for kind, words in (("unusable", UNUSABLE_ROWS), ("dropped", DROPPED_ROWS))
    },
    **{
        f"rejected_{table}": (
            f"{{n}} of {{of}} {table[:-1]} rows cannot be used, {{share}}{{why}}",
            "mend or map them; rejected_rows has each",
        )
        for table in ("conversations", "messages")
    },
    "rejected_claims": (
        "{n} of {of} claim rows cannot be used, {share}{why}, and the bill misses them",
        "mend them; rejected_rows has each",
    ),
    "rejected_events": (
        "{n} of {of} event rows cannot be used, {share}{why}, and an escalation may be among them",
        "mend them; rejected_rows has each",
    ),
    "rows_from_the_future": (
        "{n} of {of} rows name a time from the future, and are rejected",
        "mend their times; rejected_rows has each",
    ),
    "unreadable_transcripts": (
        "{n} transcripts cannot be read, and each may hold a handoff",
        "export them again in full; rejected_rows has each",
    ),
    "messages_without_conversation": (
        "{n} of {of} messages, {share}, are of conversations without a row",
        "compare the ids of both tables, and load what is missing",
    ),
    "headline_moved": (
        "the containment rate of the days that were over at the last publication moved by {share}, "
        "to {n} of {of}, under the same rules",
        "find out which rows changed",
    ),
    "mixed_offsets": (
        "{n} of {of} times, {share}, differ from the rest: with an offset or without",
        "set the time zone of those without one (raw_timezone)",
    ),
    "events_of_unmapped_type": (
        "{n} of {of} events, {share}, are of a type that no lookup names, and end nothing",
        "map them",
    ),
    "conversations_of_channel_without_policy": (
        "{n} of {of} conversations, {share}, are of a channel that no lookup names, and take the "
        "timeout of *",
        "name it in config/channel_policies.csv",
    ),
    "claims_of_unmapped_outcome": (
        "{n} of {of} claims, {share}, have an outcome that no lookup names, and claim nothing",
        "map it",
    ),
    "claims_of_unknown_conversation": (
        "{n} of {of} claims, {share}, are of conversations that are not loaded",
        "compare the ids of both tables, and load what is missing",
    ),
    "no_events": (
        "no event row was read, so no session can end by an escalation that is recorded",
        "load the events",
    ),
    "no_escalations": (
        "none of {of} closed sessions is escalated, though there are events",
        "look at how the lookup event_types maps them",
    ),
    "every_session_contained": (
        "all of {of} closed sessions are contained",
        "see whether escalations are recorded, and mapped in config/event_types.csv",
    ),
    "no_session_contained": (
        "none of {of} closed sessions is contained",
        "see which event escalates each, and how the lookup event_types maps it",
    ),
    "contained_sessions_with_a_persons_message": (
        "{n} of {of} sessions without an escalation, {share}, hold a person's message",
        "see whether handoffs are recorded; infer_takeovers counts such messages as handoffs",
    ),
    "terminal_events_before_first_activity": (
        "{n} of {of} events that resolve or escalate, {share}, come before the first message, and "
        "end nothing",
        "compare the clocks of both tables",
    ),
    "excluded_segments": (
        "{n} of {of} segments, {share}, are excluded",
        "see which exclusion_reason they have",
    ),
    "conversations_the_bot_never_answered": (
        "{n} of {of} conversations, {share}, were answered by nobody",
        "see whether the bot was down",
    ),
    "identities_of_unknown_source": (
        "{n} of {of} customers in identities, {share}, are of a source that is not on",
        "compare its column source with the setting sources",
    ),
    "customers_of_several_persons": (
        "{n} of {of} customers in identities, {share}, are several persons; the least person_id "
        "counts",
        "keep one row for each customer",
    ),
    "sample_ratio_mismatch": (
        "the arms of the experiment ({n} conversations) differ in size more than chance explains",
        "find out what keeps customers out of an arm before you compare them",
    ),
    "sessions_far_from_the_rest": (
        "{n} of {of} sessions{why}, far from the rest: counted, not drawn",
        "mend their times if they are wrong",
    ),
}
ANY_WORDS = ("{n} of {of}, {share}: {name}", "the description of data_quality says what it means")
REJECTED = (
    "select string_agg(reason || ' ' || rows, ', ' order by rows desc, reason) from ("
    "select reason, count(*) as rows from marts.rejected_rows "
    "where source = $source and table_name = $table group by reason)"
)
FAR = (
    "select min(started_date) || ' to ' || max(started_date) from marts.sessions "
    "where source = $source and (started_date < (select min(calendar_date) from marts.dates) "
    "or started_date > (select max(calendar_date) from marts.dates))"
)


@dataclass(frozen=True)
class Finding:
    """A finding beyond its limit. `line` says in one line what it is and what to do."""

    source: str
    finding: str
    row_count: int
    base_count: int
    share: float
    limit: float
    action: str
    line: str

    @property
    def is_refusal(self) -> bool:
        """Whether nothing may be published."""
        return self.action == REFUSE

    @property
    def in_short(self) -> str:
        """The finding with its count, for the run log."""
        return f"{self.finding} ({self.source}: {self.row_count:,} of {self.base_count:,})"


def exceeded(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Take a connection to a warehouse or publication, give what it warns of; refusals first."""
    rows = connection.execute(
        'select source, finding, row_count, base_count, share, "limit", action '
        "from marts.data_quality where is_exceeded and action in (?, ?) "
        "order by action = ? desc, source, finding",
        [WARN, REFUSE, REFUSE],
    ).fetchall()
    return [Finding(*(*row, _line(connection, *row[:5]))) for row in rows]


def refuse(found: Sequence[Finding]) -> None:
    """Stop when one of the findings is a refusal; of several the line names each in short."""
    refusals = [each for each in found if each.is_refusal]
    if not refusals:
        return
    accept = " ".join(f"--accept {name}" for name in dict.fromkeys(f.finding for f in refusals))
    if len(refusals) == 1:
        said = f"{refusals[0].line} ({refusals[0].finding}, limit {percent(refusals[0].limit)})"
    else:
        short = (f"{each.in_short}, limit {percent(each.limit)}" for each in refusals)
        said = f"{'; '.join(short)}; see the warnings above"
    raise Stop(f"not published: {said}; or accept it for one run: {accept}", DATA_FAILED)


def summary(found: Sequence[Finding], accepted: Collection[str]) -> str | None:
    """What the run log says of a night that was published all the same; None where nothing is."""
    parts = [
        f"{said} {', '.join(each.in_short for each in each_kind)}"
        for said, each_kind in (
            ("accepted", [each for each in found if each.finding in accepted]),
            ("warned of", [each for each in found if each.finding not in accepted]),
        )
        if each_kind
    ]
    return "; ".join(parts) or None


def check_accepted(names: Collection[str], known: Collection[str]) -> None:
    """Stop when a finding that is to be accepted is none."""
    for name in names:
        if name not in known:
            near = nearest(name, sorted(known))
            raise Stop(
                f"--accept: no finding {quoted(name)}{near} "
                "(findings with a limit: seeds/quality_limits.csv)",
                UNUSABLE,
            )


def rows_to_paste(
    connection: duckdb.DuckDBPyConnection, found: Collection[Finding]
) -> Iterator[str]:
    """The rows that lookups lack, as they can be pasted there; of warehouses alone."""
    names = {each.finding for each in found}
    for finding, title, query, row in PASTED:
        if finding in names:
            try:
                missing = connection.execute(query).fetchall()
            except duckdb.Error:
                continue  # the raw tables cannot be had any more: the finding itself is told
            counts = ", ".join(
                f"{shown(words[-1])} {count:,}" for *words, count in missing[:MOST_ROWS]
            )
            more = len(missing) - MOST_ROWS
            yield f"rows for {title}; seen: {counts}{f' and {more:,} more' if more > 0 else ''}"
            for *words, _ in missing[:MOST_ROWS]:
                yield _csv([*map(shown, words), row])


PASTED = (
    (
        "events_of_unmapped_type",
        "config/event_types.csv (none: ends nothing; else resolved or escalated)",
        "select source, event_type, count(*) from intermediate.int_mapped_events "
        "where boundary is null and reject_reason is null group by all order by 3 desc, 1, 2",
        "none",
    ),
    (
        "claims_of_unmapped_outcome",
        "config/claim_outcomes.csv (true: claims a success)",
        "select source, outcome, count(*) from intermediate.int_claims where is_claim is null "
        "group by all order by 3 desc, 1, 2",
        "false",
    ),
    (
        "conversations_of_channel_without_policy",
        "config/channel_policies.csv (minutes of silence that end a session)",
        "select channel, count(*) from intermediate.int_kept_conversations as kept "
        "where channel <> 'unknown' and not exists (select 1 from raw.channel_policies as policies "
        "where policies.channel = kept.channel) group by all order by 2 desc, 1",
        "60",
    ),
)


def percent(share: float) -> str:
    """A share in percent, with one decimal where it has one."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def as_json(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """The findings for programs."""
    names = ("source", "finding", "row_count", "base_count", "share", "limit", "action", "line")
    return [{name: getattr(each, name) for name in names} for each in found]


def _line(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    finding: str,
    row_count: int,
    base_count: int,
    share: float,
) -> str:
    what, way_on = WORDS.get(finding, ANY_WORDS)
    table = finding.rpartition("_")[2]
    amount = f"{100 * share:.1f} points" if finding == "headline_moved" else percent(share)
    values = {
        "n": f"{row_count:,}",
        "of": f"{base_count:,}",
        "share": amount,
        "table": table,
        "name": finding.replace("_", " "),
        "why": "",
    }
    if "{why}" in what:
        values["why"] = _why(connection, finding, source, table)
    said = f"{what.format(**values)}; {way_on}"
    return said if source == ALL_SOURCES else f"{source}: {said}"


def _why(connection: duckdb.DuckDBPyConnection, finding: str, source: str, table: str) -> str:
    """The reasons of rejected rows, or the days of far sessions: what makes a count a lead."""
    named: dict[str, str] = {"source": source}
    form: Callable[[str], str]
    if finding == "sessions_far_from_the_rest":
        query, form = FAR, " lie at {}".format
    else:
        query, form = REJECTED, " ({})".format
        named["table"] = table
    row = connection.execute(query, named).fetchone()
    return form(row[0]) if row and row[0] else ""


def _csv(values: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()
