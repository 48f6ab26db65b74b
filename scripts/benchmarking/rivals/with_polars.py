"""The rules of the build's core in Polars: lazy frames, on its streaming engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from polars import col

from benchmarking.rivals import rules

MESSAGE, ESCALATED, RESOLVED = 0, 1, 2  # rule 2's order at the same time
AUTHORS = ("customer", "bot", "agent")
IS_SESSION = col("segment_kind") == "session"


def run(folder: str) -> list[tuple[Any, ...]]:
    """Write the sessions to the folder, give the days as rules.DAY says."""
    conversations = _conversations()
    segments = _segments(_cut(_timeline(conversations))).collect(engine="streaming")
    judged = _judged(segments.lazy(), conversations, _as_of())
    sessions = judged.filter(IS_SESSION).collect(engine="streaming")
    sessions.select(rules.SESSION).write_parquet(Path(folder) / rules.SESSIONS)
    return _days(sessions)


def rebuild(folder: str) -> None:
    """Write the four big marts to the folder, with rules.MARTS' columns."""
    conversations = _conversations()
    cut = _cut(_timeline(conversations)).collect(engine="streaming")
    segments = _segments(cut.lazy()).collect(engine="streaming").lazy()
    judged = _judged(segments, conversations, _as_of()).collect(engine="streaming")
    marts = _marts(cut.lazy(), judged.lazy(), conversations)
    for mart, frame in marts.items():
        frame.select(list(rules.MARTS[mart])).sink_parquet(Path(folder) / f"{mart}.parquet")


def _conversations() -> pl.LazyFrame:
    """Each with a number, which is sorted and joined faster than its id."""
    policies, other = rules.timeouts()
    return (
        pl.scan_parquet("conversations*.parquet")
        .select("conversation_id", "channel", "exclusion_reason", "created_at")
        .with_row_index("conversation")
        .with_columns(
            col("channel").fill_null(rules.UNKNOWN),
            col("channel")
            .replace_strict(
                list(policies),
                list(policies.values()),
                default=other,
                return_dtype=pl.Duration("us"),
            )
            .alias("timeout"),
        )
    )


def _timeline(conversations: pl.LazyFrame) -> pl.LazyFrame:
    """Activities and terminal events in order (rules 1 to 3)."""
    activities = (
        pl.scan_parquet("messages*.parquet")
        .filter(col("is_public") & col("author_type").is_in(AUTHORS))
        .select(
            "conversation_id",
            col("sent_at").alias("at"),
            pl.lit(MESSAGE, pl.Int8).alias("kind"),
            col("message_id").alias("row_id"),
            "author_type",
        )
    )
    ends = rules.boundaries()
    terminal_events = (
        pl.scan_parquet("events*.parquet")
        .with_columns(col("event_type").replace_strict(ends, default=None).alias("boundary"))
        .filter(col("boundary").is_not_null())
        .select(
            "conversation_id",
            col("occurred_at").alias("at"),
            pl.when(col("boundary") == "escalated")
            .then(pl.lit(ESCALATED, pl.Int8))
            .otherwise(pl.lit(RESOLVED, pl.Int8))
            .alias("kind"),
            col("event_id").alias("row_id"),
            pl.lit(None, pl.String).alias("author_type"),
        )
    )
    return (
        pl.concat([activities, terminal_events])
        .join(
            conversations.select("conversation_id", "conversation", "timeout"),
            on="conversation_id",
        )
        .drop("conversation_id")
        .sort("conversation", "at", "kind", "row_id")
    )


def _cut(timeline: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of the timeline, each with its segment (rule 4): a number over all of them."""
    is_message = col("kind") == MESSAGE
    follows = (col("conversation") == col("conversation").shift(1)).fill_null(False)
    is_late = col("at") - col("at").shift(1) > col("timeout")

    return (
        timeline.with_columns(
            is_start=is_message & (~follows | (col("kind").shift(1) != MESSAGE) | is_late),
            is_silence=is_message & follows & (col("kind").shift(1) != RESOLVED) & is_late,
        )
        .with_columns(
            segment=col("is_start").cum_sum(),
            owner=pl.when("is_start").then("conversation").forward_fill(),
        )
        # A terminal event before the first activity belongs to nothing.
        .filter(col("owner") == col("conversation"))
    )


def _segments(cut: pl.LazyFrame) -> pl.LazyFrame:
    """A row for each segment, with what the later rules need of its rows."""

    def times(kind: int) -> pl.Expr:
        return pl.when(col("kind") == kind).then("at")

    def messages(author: str) -> pl.Expr:
        return (col("author_type") == author).sum().alias(f"{author}_messages")

    return (
        cut.group_by("segment")
        .agg(
            col("conversation").first(),
            pl.when("is_start").then("row_id").min().alias("first_message_id"),
            times(MESSAGE).min().alias("started_at"),
            times(MESSAGE).max().alias("last_activity_at"),
            times(ESCALATED).min().alias("first_escalated_at"),
            times(ESCALATED).max().alias("last_escalated_at"),
            times(RESOLVED).min().alias("first_resolved_at"),
            times(RESOLVED).max().alias("last_resolved_at"),
            (col("is_start") & col("is_silence")).any().alias("is_after_silence"),
            *(messages(author) for author in AUTHORS),
        )
        .sort("segment")
    )


def _judged(segments: pl.LazyFrame, conversations: pl.LazyFrame, as_of: Any) -> pl.LazyFrame:
    """Rules 5 to 7: how each segment ends, its outcome, and what kind it is."""
    deadline = col("last_activity_at") + col("timeout")
    first_terminal = pl.min_horizontal("first_escalated_at", "first_resolved_at")
    escalated_before = col("last_escalated_at").forward_fill().shift(1)
    resolved_before = col("last_resolved_at").forward_fill().shift(1)
    is_terminated = (
        col("last_escalated_at").is_not_null() | col("last_resolved_at").is_not_null()
    ).cast(pl.Int32)
    with_people = (
        col("escalated_before").is_not_null()
        & (col("resolved_before").is_null() | (col("escalated_before") > col("resolved_before")))
        & ~col("is_bot_back")
    )
    return (
        segments.join(
            conversations.drop("conversation_id"), on="conversation", maintain_order="left"
        )
        .with_columns(
            escalated_before=escalated_before.over("conversation"),
            resolved_before=resolved_before.over("conversation"),
            terminated_before=(is_terminated.cum_sum() - is_terminated).over("conversation"),
            has_bot=(col("bot_messages").max() > 0).over("conversation"),
            has_later=(col("conversation") == col("conversation").shift(-1)).fill_null(False),
            deadline=deadline,
            first_terminal=first_terminal,
        )
        .with_columns(
            # Since the last terminal event: the segments of one count share it.
            is_bot_back=(col("is_after_silence") & (col("bot_messages") > 0))
            .cum_max()
            .over("conversation", "terminated_before"),
        )
        .with_columns(
            segment_kind=pl.when(col("exclusion_reason").is_not_null())
            .then(pl.lit("excluded"))
            .when(~col("has_bot"))
            .then(pl.lit("human"))
            .when(with_people)
            .then(pl.lit("handoff"))
            .when(col("customer_messages") == 0)
            .then(pl.lit("unengaged"))
            .otherwise(pl.lit("session")),
            ended_at=pl.when(col("first_terminal") <= col("deadline"))
            .then("first_terminal")
            .when(col("has_later") | (col("deadline") < as_of))
            .then("deadline"),
        )
        .with_columns(
            outcome=pl.when(col("first_escalated_at").is_not_null())
            .then(pl.lit("escalated"))
            .when(col("first_resolved_at").is_not_null())
            .then(pl.lit("resolved"))
            .when(col("ended_at").is_not_null())
            .then(pl.lit("timed_out"))
            .otherwise(pl.lit("open")),
        )
        .join(conversations.select("conversation", "conversation_id"), on="conversation")
    )


def _marts(
    cut: pl.LazyFrame, judged: pl.LazyFrame, conversations: pl.LazyFrame
) -> dict[str, pl.LazyFrame]:
    """The four big marts, with more columns than are written."""
    segments = judged.with_columns(
        (col("segment") - col("segment").min().over("conversation") + 1).alias("segment_number"),
        IS_SESSION.cum_sum().over("conversation", order_by="segment").alias("session_number"),
        *(col(f"{each}_messages").alias(f"{each}_message_count") for each in AUTHORS),
    )
    messages = (
        cut.filter(col("kind") == MESSAGE)
        .with_columns(col("row_id").cum_count().over("segment").alias("position_in_segment"))
        .join(
            segments.select("segment", "conversation_id", "segment_number", "segment_kind"),
            on="segment",
        )
        .rename({"row_id": "message_id", "at": "sent_at"})
    )
    is_closed = IS_SESSION & (col("outcome") != "open")
    counted = segments.group_by("conversation").agg(
        pl.sum_horizontal(f"{each}_messages" for each in AUTHORS).sum().alias("message_count"),
        pl.len().alias("segment_count"),
        IS_SESSION.sum().alias("session_count"),
        is_closed.sum().alias("closed_session_count"),
        (is_closed & (col("outcome") != "escalated")).sum().alias("contained_session_count"),
        col("started_at").min().alias("first_activity_at"),
        col("last_activity_at").max(),
    )
    return {
        "messages": messages,
        "segments": segments,
        "sessions": segments.filter(IS_SESSION),
        "conversations": conversations.join(counted, on="conversation", how="left").with_columns(
            pl.selectors.ends_with("_count").fill_null(0)
        ),
    }


def _as_of() -> Any:
    """Rule 5's: the newest load."""
    newest = [
        pl.scan_parquet(f"{table}*.parquet")
        .select(pl.coalesce("loaded_at", own_time).max().alias("at"))
        .collect(engine="streaming")
        .item()
        for table, own_time in (
            ("conversations", "created_at"),
            ("messages", "sent_at"),
            ("events", "occurred_at"),
        )
    ]
    return max(newest)


def _days(sessions: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Rule 8's counts."""
    rows: list[tuple[Any, ...]] = (
        sessions.lazy()
        .filter(col("outcome") != "open")
        .group_by(col("started_at").dt.strftime("%Y-%m-%d").alias("started_date"), "channel")
        .agg(
            pl.len().alias("closed"),
            (col("outcome") != "escalated").sum().alias("contained"),
            *((col("outcome") == each).sum().alias(each) for each in rules.OUTCOMES),
        )
        .select(rules.DAY)
        .sort("started_date", "channel")
        .collect(engine="streaming")
        .rows()
    )
    return rows
