"""The oracle against RULES.md: every worked case, and the edges of rules 4, 5, 7 and 10."""

import random
import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from oracle import Result, Row, Settings, compute, parse_time, wilson

START = datetime(2024, 3, 4, 9, 0)
AUTHORS = {"c": "customer", "b": "bot", "a": "agent", "s": "system"}
EVENTS = {"R": "closed", "E": "handed_over"}
BOUNDARIES = {
    ("*", "closed"): "resolved",
    ("*", "handed_over"): "escalated",
    ("*", "agent_takeover"): "escalated",
}
ENOUGH = 10 * 24 * 60
THREE_DAYS = 3 * 24 * 60


def at(minute: float) -> datetime:
    """The time of a minute of the timeline."""
    return START + timedelta(minutes=minute)


def rows_of(timeline: str, conversation_id: str = "k1") -> dict[str, list[Any]]:
    """Raw rows of a timeline such as `c0 b1 R2` (minutes); ids rise with the place in the text."""
    tables: dict[str, list[Any]] = {"messages": [], "events": []}
    for place, entry in enumerate(timeline.split()):
        letter, minute = re.fullmatch(r"([a-zRE])([0-9.]+)", entry).groups()
        row = {"conversation_id": conversation_id}
        if letter in AUTHORS:
            row |= {"message_id": f"m{place:03}", "author_type": AUTHORS[letter]}
            tables["messages"].append(row | {"sent_at": at(float(minute)).isoformat()})
        else:
            row |= {"event_id": f"e{place:03}", "event_type": EVENTS[letter]}
            tables["events"].append(row | {"occurred_at": at(float(minute)).isoformat()})
    return tables


def run(timeline: str, as_of: float | None = ENOUGH, row: Row | None = None, **more: Any) -> Result:
    """The result for one conversation, at a timeout of 30 minutes."""
    tables = rows_of(timeline)
    tables["conversations"] = [{"conversation_id": "k1", "channel": "chat"} | (row or {})]
    settings = Settings(
        timeout_minutes={"chat": 30, "*": 60},
        boundaries=BOUNDARIES,
        as_of=None if as_of is None else at(as_of),
        **more,
    )
    return compute({"desk": tables}, settings)


def kinds(result: Result) -> list[str]:
    """Each segment in short: the outcome of a session, the kind of any other."""
    return [
        row["outcome"] if row["segment_kind"] == "session" else row["segment_kind"]
        for row in result.segments
    ]


def starts(result: Result) -> list[str]:
    """The start reasons of the segments."""
    return [row["start_reason"] for row in result.segments]


def total(result: Result, column: str) -> int:
    """A count of `containment_daily` over all its rows."""
    return sum(row[column] for row in result.containment_daily)


# --- Worked cases -----------------------------------------------------------------------------

D3, D6 = THREE_DAYS + 2, 2 * THREE_DAYS + 2
FOUNDING = (
    f"c0 b1 R2 c{D3} b{D3 + 1} R{D3 + 2} c{D6} b{D6 + 1} E{D6 + 2} "
    f"a{D6 + 5} c{D6 + 6} a{D6 + 7} R{D6 + 8}"
)

WORKED_CASES = {
    "c0 b1 R2 - c+3d b R - c+3d b E, then a, c, a, R": (
        FOUNDING,
        ["resolved", "resolved", "escalated", "handoff"],
    ),
    "c0 b1 c31": ("c0 b1 c31", ["timed_out"]),
    "c0 b1 c32": ("c0 b1 c32", ["timed_out", "timed_out"]),
    "c0 b1 R2 R3": ("c0 b1 R2 R3", ["resolved"]),
    "c0 b1, R at 120": ("c0 b1 R120", ["resolved"]),
    "c0 b1, E at 120": ("c0 b1 E120", ["escalated"]),
    "c0 b1 R2 E3": ("c0 b1 R2 E3", ["escalated"]),
    "c0 b0 E1 a600 c610 R611": ("c0 b0 E1 a600 c610 R611", ["escalated", "handoff"]),
    "c0 E1, c600 b601 R602": ("c0 E1 c600 b601 R602", ["escalated", "resolved"]),
    "c0 E1, c10 b11 R12": ("c0 E1 c10 b11 R12", ["escalated", "handoff"]),
    "b0": ("b0", ["unengaged"]),
    "c0 a1 R2, never a bot in the thread": ("c0 a1 R2", ["human"]),
}


@pytest.mark.parametrize(("timeline", "expected"), WORKED_CASES.values(), ids=WORKED_CASES.keys())
def test_worked_case(timeline: str, expected: list[str]) -> None:
    """Each line of the table cuts into the segments that it says."""
    result = run(timeline)
    assert kinds(result) == expected
    session_kinds = [kind for kind in expected if kind in ("resolved", "escalated", "timed_out")]
    assert [row["outcome"] for row in result.sessions] == session_kinds
    assert [row["session_number"] for row in result.sessions] == [
        number for number, _ in enumerate(session_kinds, start=1)
    ]


def test_founding_example_counts_two_of_three_contained() -> None:
    """`2 of 3 contained`; the handoff segment belongs to the escalated session."""
    result = run(FOUNDING)
    assert (total(result, "contained_sessions"), total(result, "closed_sessions")) == (2, 3)
    (conversation,) = result.conversations
    assert conversation["containment_rate"] == 2 / 3
    assert conversation["segment_count"] == 4
    escalated = result.sessions[2]
    assert result.segments[3]["session_id"] == escalated["session_id"]
    assert escalated["handoff_wait_seconds"] == 180
    assert escalated["handoff_seconds"] == 300


RETURNS = [
    # The session, another conversation of its customer, and what the return is called.
    ("c0 b1", "c10", {}, ("human", 10)),  # before the session ends by silence
    ("c0 b1 R2", "c60 a90", {}, ("human", 60)),
    ("c0 b1 R2", "c1 a90", {}, None),  # at the last activity, not after it
    ("c0 b1 R2", "c1442", {}, ("human", 1442)),  # exactly a day after the end
    ("c0 b1 R2", "c1443", {}, ("human", 1443)),  # later than a day: the kind, but no return
    ("c0 b1 R2", "a60", {}, None),  # no customer message
    ("c0 b1 R2", "c60 b61", {}, ("session", 60)),
    ("c0 b1 R2", "c60 b61", {"exclusion_reason": "merged"}, ("merged", 60)),
    ("c0 b1 R2", "c60 b61", {"exclusion_reason": "spam"}, None),
    ("c0 b1 R2", "c60 b61", {"customer_id": "another"}, None),
    ("c0 b1 R2", "c60 b61", {"customer_id": None}, None),
    ("c0 b1 R2 c9 b9", "c9", {}, ("human", 9)),  # people come first at one time
    ("c0 b1 E2 c9 a10", "c60", {}, ("human", 60)),  # not the handling of its own escalation
    ("c0 b1 E2 c9 a10", "a60", {}, None),
]


@pytest.mark.parametrize(("timeline", "other", "row", "expected"), RETURNS)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_returns(
    timeline: str, other: str, row: Row, expected: tuple[str, int] | None, elsewhere: bool
) -> None:
    """Rule 8: also in another source, where `identities` says that it is the same person."""
    first, second = rows_of(timeline), rows_of(other, "k2")
    first["conversations"] = [{"conversation_id": "k1", "channel": "chat", "customer_id": "x"}]
    second["conversations"] = [
        {"conversation_id": "k2", "channel": "email", "customer_id": "x"} | row
    ]
    persons = [
        {"source": name, "customer_id": "x", "person_id": "Ada"} for name in ("desk", "mail")
    ]
    raw = (
        {"desk": first, "mail": second, "identities": {"identities": persons}}
        if elsewhere
        else {"desk": {name: first[name] + second[name] for name in first}}
    )
    settings = Settings({"chat": 30, "email": 30, "*": 30}, BOUNDARIES, as_of=at(ENOUGH))
    session = min(compute(raw, settings).sessions, key=lambda found: found["started_at"])
    kind, minute = expected or (None, None)
    assert session["recontact_kind"] == kind
    assert session["next_contact_started_at"] == (None if minute is None else at(minute))
    end = (session["ended_at"] - START).total_seconds() / 60
    assert session["is_recontacted_24h"] == (minute is not None and minute <= end + 1440)


def test_another_source_without_identities_is_another_customer() -> None:
    """Rule 8: no system knows the ids of another."""
    first, second = rows_of("c0 b1 R2"), rows_of("c60 a90", "k2")
    for tables, conversation_id in ((first, "k1"), (second, "k2")):
        tables["conversations"] = [{"conversation_id": conversation_id, "customer_id": "x"}]
    settings = Settings({"*": 30}, BOUNDARIES, as_of=at(ENOUGH))
    (session,) = compute({"desk": first, "mail": second}, settings).sessions
    assert session["recontact_kind"] is None
    assert session["is_recontacted_7d"] is False


@pytest.mark.parametrize(
    ("email", "as_of", "covered", "automated"),
    [
        ("c0 a30", ENOUGH, (1, 2), (1, 2)),  # the example of rule 8
        ("c0 a30", 60, (1, 2), (1, 1)),  # open: of all demand, but not closed
        ("a0", ENOUGH, (1, 1), (1, 1)),  # no customer asked
        ("c0 a30 R31 c40 a50", ENOUGH, (1, 3), (1, 3)),  # two contacts
        ("c0 b1 a30", ENOUGH, (2, 2), (1, 2)),  # with an agent's message: not automated
        ("c0 b1 E2 a30", ENOUGH, (2, 2), (1, 2)),  # a handoff is no contact of its own
    ],
)
def test_coverage(
    email: str, as_of: float, covered: tuple[int, int], automated: tuple[int, int]
) -> None:
    """Rule 8: beside a chat that the bot resolves, an e-mail thread."""
    chat, thread = rows_of("c0 b1 R2"), rows_of(email, "k2")
    tables = {name: chat[name] + thread[name] for name in chat}
    tables["conversations"] = [
        {"conversation_id": "k1", "channel": "chat"},
        {"conversation_id": "k2", "channel": "email"},
    ]
    result = compute(
        {"desk": tables}, Settings({"chat": 30, "email": 4320}, BOUNDARIES, as_of=at(as_of))
    )

    def summed(column: str) -> int:
        return sum(row[column] for row in result.demand)

    assert (summed("bot_involved_sessions"), summed("contacts")) == covered
    assert (summed("automated_sessions"), summed("closed_contacts")) == automated
    days = [row for row in result.containment_trend if row["period_kind"] == "day"]
    assert sum(day["contacts"] for day in days) == covered[1]


def test_late_resolution_ends_by_inactivity() -> None:
    """`c0 b1, R at 120`: end_reason inactivity, ended_at 31, resolved late."""
    (session,) = run("c0 b1 R120").sessions
    assert session["end_reason"] == "inactivity"
    assert session["ended_at"] == at(31)
    assert session["resolved_at"] == at(120)
    assert session["is_resolved_late"] is True
    assert session["is_contained"] is True


def test_late_escalation_is_not_contained() -> None:
    """`c0 b1, E at 120`: escalated, not contained."""
    (session,) = run("c0 b1 E120").sessions
    assert session["end_reason"] == "inactivity"
    assert session["is_contained"] is False
    assert session["is_resolved_late"] is False


def test_exactly_the_timeout_does_not_cut_and_more_does() -> None:
    """Rule 4 to the microsecond; the first of two sessions of `c0 b1 c32` timed out at 31."""
    assert len(run("c0 b1 c31").segments) == 1
    assert len(run("c0 b1 c31.0000001").segments) == 2
    first = run("c0 b1 c32").segments[0]
    assert (first["outcome"], first["ended_at"]) == ("timed_out", at(31))


INFERRED = {"infer_takeovers": ("desk",)}


def test_a_person_who_writes_after_the_bot_takes_over() -> None:
    """`c0 b1 a2, from a source in infer_takeovers`: escalated by the agent, then a handoff."""
    result = run("c0 b1 a2", **INFERRED)
    assert kinds(result) == ["escalated", "handoff"]
    assert starts(result) == ["first_contact", "escalated"]
    (session,) = result.sessions
    assert (session["escalated_at"], session["escalated_by"]) == (at(2), "agent")
    assert (session["end_reason"], session["ended_at"]) == ("escalated", at(2))
    assert session["escalation_reason"] is None
    assert (session["handoff_wait_seconds"], session["handoff_seconds"]) == (None, 0)
    assert session["is_human_involved"] is False


def test_where_nobody_takes_over_a_person_may_write_in_a_contained_session() -> None:
    """`c0 b1 a2, from another one`: one session, contained, `is_human_involved`."""
    result = run("c0 b1 a2", infer_takeovers=("else",))
    assert kinds(result) == ["timed_out"]
    assert result.sessions[0]["is_human_involved"] is True
    boundaries = {**BOUNDARIES, ("desk", "agent_takeover"): "none"}
    settings = Settings({"*": 30}, boundaries, as_of=at(ENOUGH), **INFERRED)
    assert kinds(compute({"desk": rows_of("c0 b1 a2")}, settings)) == ["timed_out"]


def test_a_takeover_after_the_deadline_is_a_late_escalation() -> None:
    """`c0 b1 a45`: escalated late, then a handoff segment."""
    result = run("c0 b1 a45", **INFERRED)
    assert kinds(result) == ["escalated", "handoff"]
    (session,) = result.sessions
    assert (session["end_reason"], session["ended_at"]) == ("inactivity", at(31))
    assert session["escalated_at"] == at(45)


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        # who writes first at one time, the ids say
        ("c0 b1 a1", ["escalated", "handoff"]),
        ("c0 a1 b1", ["timed_out"]),
        # exactly at the deadline, and just after it
        ("c0 b1 a31", ["escalated", "handoff"]),
        ("c0 b1 a31.0000001", ["escalated", "handoff"]),
        # the customer in between, with a silence before
        ("c0 b1 c5 a6", ["escalated", "handoff"]),
        ("c0 b1 c60 a61", ["timed_out", "escalated", "handoff"]),
        # a person before, two persons after; the bot in between
        ("c0 a1 b2", ["timed_out"]),
        ("c0 a1 b2 a3", ["escalated", "handoff"]),
        ("c0 b1 a2 a3 R4", ["escalated", "handoff"]),
        ("c0 b1 a2 b3 a4 R5", ["escalated", "handoff", "handoff"]),
        # what has ended is not taken over, also at the time of the bot's message
        ("c0 b1 R2 a3", ["resolved", "unengaged"]),
        ("c0 b1 E2 a3", ["escalated", "handoff"]),
        ("c0 b1 R1 a1.0000001", ["resolved", "unengaged"]),
        # events come after the messages of their time: also after the one that takes over
        ("c0 b1 a2 R2", ["escalated", "handoff"]),
        ("c0 b1 a2 E2 c3", ["escalated", "handoff", "handoff"]),
        ("c0 b1 a2 R2 c3", ["escalated", "handoff", "timed_out"]),
        # a greeting that is taken over is no session
        ("b0 a1", ["unengaged", "handoff"]),
        ("s0 a1", ["human"]),
    ],
)
def test_takeovers(timeline: str, expected: list[str]) -> None:
    """Rule 3, at its edges."""
    assert kinds(run(timeline, **INFERRED)) == expected


def test_a_note_takes_nothing_over() -> None:
    """Rule 3: a person's *public* message."""
    tables = rows_of("c0 b1 a2")
    tables["messages"][2]["is_public"] = "false"
    settings = Settings({"*": 30}, BOUNDARIES, as_of=at(ENOUGH), **INFERRED)
    assert kinds(compute({"desk": tables}, settings)) == ["timed_out"]


def test_takeovers_are_made_after_duplicates_are_settled() -> None:
    """Rule 3: a message that was a bot's by mistake is a person's; and it is no raw row."""
    tables = rows_of("c0 b1 b2")
    tables["messages"].append(tables["messages"][2] | {"author_type": "agent", "topic": "x"})
    tables["messages"][3]["loaded_at"] = at(9).isoformat()
    settings = Settings({"*": 30}, BOUNDARIES, as_of=at(ENOUGH), **INFERRED)
    result = compute({"desk": tables}, settings)
    assert kinds(result) == ["escalated", "handoff"]
    assert [row["rows_read"] for row in result.row_reconciliation] == [0, 4, 0, 0, 0]
    assert [row["position_in_segment"] for row in result.messages] == [1, 2, 1]


def test_a_takeover_may_be_mapped_to_a_resolution() -> None:
    """Rule 3: by the lookup; of two events at one time that of the later segment is the last."""
    boundaries = {**BOUNDARIES, ("*", "agent_takeover"): "resolved"}
    settings = Settings({"*": 30}, boundaries, as_of=at(ENOUGH), **INFERRED)
    result = compute({"desk": rows_of("c0 b1 a2 c3")}, settings)
    assert kinds(result) == ["resolved", "timed_out"]
    assert result.sessions[0]["resolved_by"] == "agent"
    result = compute({"desk": rows_of("c0 b1 c1 a2 E2 c3")}, settings)
    assert kinds(result) == ["resolved", "unengaged", "handoff"]


def test_a_merged_conversation_is_excluded() -> None:
    """`chat c0 b1, merged into another ticket at 5`: excluded."""
    assert kinds(run("c0 b1", row={"exclusion_reason": "merged"})) == ["excluded"]
    assert kinds(run("c0 b1 E2", row={"exclusion_reason": "spam"})) == ["excluded"]


def test_a_merged_conversation_counts_where_it_was_escalated() -> None:
    """`t c0 b1 R2, c60 b61 E62, merged at 65`: two sessions, 1 of 2 contained."""
    merged = {"exclusion_reason": " Merged"}
    result = run("c0 b1 R2 c60 b61 E62", row=merged)
    assert kinds(result) == ["resolved", "escalated"]
    assert (total(result, "contained_sessions"), total(result, "closed_sessions")) == (1, 2)
    assert kinds(run("c0 b1 E120", row=merged)) == ["escalated"]
    assert kinds(run("E0 c1 b2", row=merged)) == ["excluded"]
    assert kinds(run("c0 b1 a2", row=merged)) == ["excluded"]
    assert kinds(run("c0 b1 a2", row=merged, **INFERRED)) == ["escalated", "handoff"]


# --- Rules 1 to 4 -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        ("c0 b1 R2 c3", ["first_contact", "resolved"]),
        ("c0 b1 R2 c900", ["first_contact", "resolved"]),
        ("c0 b1 E2 c32", ["first_contact", "escalated"]),
        ("c0 b1 E2 c32.0000001", ["first_contact", "inactivity"]),
        ("c0 b1 E2 R3 c4", ["first_contact", "resolved"]),
        ("c0 b1 R2 E3 c4", ["first_contact", "escalated"]),
        ("c0 b1 R2 E2 c4", ["first_contact", "resolved"]),
        ("c0 b1 E100 c110", ["first_contact", "escalated"]),
        ("c0 b1 E100 c131", ["first_contact", "inactivity"]),
        ("R0 c1 b2", ["first_contact"]),
        ("E0 b0 c1", ["first_contact", "escalated"]),
        ("R2 c1 b2", ["first_contact"]),
        ("c0 b1 s20 c40", ["first_contact", "inactivity"]),
    ],
)
def test_start_reasons(timeline: str, expected: list[str]) -> None:
    """Rule 4; rule 2 settles equal times; rule 1 leaves system messages out."""
    assert starts(run(timeline)) == expected


def test_a_terminal_event_before_the_first_activity_belongs_to_nothing() -> None:
    """Rule 3: it neither resolves nor escalates the segment after it."""
    result = run("E0 c1 b2")
    assert kinds(result) == ["timed_out"]
    assert result.sessions[0]["escalated_at"] is None


def test_internal_notes_are_no_activity() -> None:
    """Rule 1: a message that is not public keeps nothing alive, whatever the spelling."""
    tables = rows_of("c0 b1 a20 c40")
    tables["messages"][2]["is_public"] = "No"
    settings = Settings({"*": 30}, BOUNDARIES, as_of=at(ENOUGH))
    result = compute({"desk": tables}, settings)
    assert len(result.segments) == 2
    assert [row["position_in_segment"] for row in result.messages] == [1, 2, 1]


def test_the_boundary_of_the_source_itself_wins() -> None:
    """Rule 3: also when the row of the source says `none`."""
    boundaries = {**BOUNDARIES, ("desk", "closed"): "none"}
    settings = Settings({"*": 30}, boundaries, as_of=at(ENOUGH))
    assert kinds(compute({"desk": rows_of("c0 b1 R2")}, settings)) == ["timed_out"]
    assert kinds(compute({"else": rows_of("c0 b1 R2")}, settings)) == ["resolved"]


# --- Rule 5 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeline", "as_of", "end_reason", "ended_at", "outcome"),
    [
        ("c0 b1", 31, None, None, "open"),
        ("c0 b1", 31.0000001, "inactivity", 31, "timed_out"),
        ("c0 b1 R31", 31, "resolved", 31, "resolved"),
        ("c0 b1 R31.0000001", 40, "inactivity", 31, "resolved"),
        ("c0 b1 E31", 31, "escalated", 31, "escalated"),
        ("c0 b1 R5 E100", 200, "resolved", 5, "escalated"),
        ("c0 b1 E2 R2", 200, "escalated", 2, "escalated"),
        ("c0 b1 R120", 20, None, None, "resolved"),
    ],
)
def test_end(
    timeline: str, as_of: float, end_reason: str | None, ended_at: float | None, outcome: str
) -> None:
    """The deadline is inclusive for a terminal event, and passed only by a later `as_of`."""
    (session,) = run(timeline, as_of).sessions
    assert session["end_reason"] == end_reason
    assert session["ended_at"] == (None if ended_at is None else at(ended_at))
    assert session["outcome"] == outcome


def test_a_later_segment_ends_the_one_before() -> None:
    """Rule 5: `when a later segment exists`, even if `as_of` is early."""
    result = run("c0 b1 c100", as_of=0)
    assert [row["end_reason"] for row in result.segments] == ["inactivity", None]
    assert [row["is_contained"] for row in result.segments] == [True, None]


def test_as_of_is_the_newest_loaded_time_of_all_usable_rows() -> None:
    """Rule 5: loaded_at, else the row's own time; also of duplicates; never of rejected rows."""
    tables = rows_of("c0 b1")
    tables["messages"][0]["loaded_at"] = at(50).isoformat()
    tables["messages"].append(tables["messages"][1] | {"sent_at": at(60).isoformat()})
    tables["messages"].append(tables["messages"][1] | {"loaded_at": at(59).isoformat()})
    tables["messages"].append({"message_id": "x", "sent_at": at(90).isoformat()})
    assert compute({"desk": tables}, Settings({"*": 30}, BOUNDARIES)).as_of == at(60)
    assert compute({"desk": {}}, Settings({"*": 30}, BOUNDARIES)).as_of is None


# --- Rule 7 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        # the bot answers later in a segment that began with people after a silence: a session
        ("c0 b1 E2 c600 a601 b602", ["escalated", "timed_out"]),
        # once the bot is back after a silence, later segments are sessions too
        ("c0 b1 E2 c600 b601 c700", ["escalated", "timed_out", "timed_out"]),
        # silence without a bot: still with people, however often
        ("c0 b1 E2 a600 a700 c800", ["escalated", "handoff", "handoff", "handoff"]),
        # a resolution ends the handling
        ("c0 b1 E2 a5 R6 c7", ["escalated", "handoff", "timed_out"]),
        # a new escalation inside the handling prolongs it
        ("c0 b1 E2 a5 E6 a7", ["escalated", "handoff", "handoff"]),
        # a late escalation counts as well
        ("c0 b1 E120 a130", ["escalated", "handoff"]),
        # a resolution after the escalation, in the same segment: no handoff
        ("c0 b1 E2 R3 a4", ["escalated", "unengaged"]),
    ],
)
def test_handoff(timeline: str, expected: list[str]) -> None:
    """Rule 7.3."""
    assert kinds(run(timeline)) == expected


def test_after_escalation_session_switches_handoff_off() -> None:
    """Rule 7: the handling is then a session of its own; the waiting times stay."""
    result = run("c0 b1 E2 a5 c6 R7", after_escalation="session")
    assert kinds(result) == ["escalated", "resolved"]
    assert len({row["session_id"] for row in result.segments}) == 2
    assert result.sessions[0]["handoff_wait_seconds"] == 180
    assert result.sessions[0]["handoff_seconds"] == 240


def test_handoff_of_no_session_has_no_session_id() -> None:
    """Rule 7: an escalated greeting is no session; nor is its handling."""
    result = run("b0 E1 a2")
    assert kinds(result) == ["unengaged", "handoff"]
    assert [row["session_id"] for row in result.segments] == [None, None]
    assert result.containment_daily == []


def test_excluded_comes_first() -> None:
    """Rule 7.1: before `human` and all others."""
    assert kinds(run("c0 b1 R2", row={"exclusion_reason": "spam"})) == ["excluded"]
    assert kinds(run("c0 a1 R2", row={"exclusion_reason": "spam"})) == ["excluded"]
    assert kinds(run("c0 b1 R2", row={"exclusion_reason": " "})) == ["resolved"]


@pytest.mark.parametrize(
    ("timeline", "minutes", "expected"),
    [
        ("c0 b1 R2 c7", 0, ["resolved", "timed_out"]),
        ("c0 b1 R2 c7", 5, ["resolved", "courtesy"]),
        ("c0 b1 R2 c7.0000001", 5, ["resolved", "timed_out"]),
        ("c0 b1 R2 c7 b8", 5, ["resolved", "timed_out"]),
        ("c0 b1 R2 c2", 5, ["resolved"]),
        ("c0 b1 R2 E3 c4", 5, ["escalated", "handoff"]),
        ("R0 c1 b2", 5, ["timed_out"]),
    ],
)
def test_courtesy(timeline: str, minutes: int, expected: list[str]) -> None:
    """Rule 7.5: only customer messages, within the minutes after a resolution, inclusive."""
    assert kinds(run(timeline, courtesy_minutes=minutes)) == expected


def test_session_scope() -> None:
    """Rule 7.6: a segment without a bot message is a session only at the conversation's scope."""
    assert kinds(run("c0 b1 R2 c3 a4")) == ["resolved", "timed_out"]
    assert kinds(run("c0 b1 R2 c3 a4", session_scope="session")) == ["resolved", "human"]


# --- Rules 8 to 10 ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "as_of", "day", "week"),
    [
        (2 + 1440, 2 + 1440, True, None),
        (2 + 1440.5, 2 + 1441, False, None),
        (2 + 1440.5, 2 + 10080, False, True),
        (2 + 10080.5, 2 + 10081, False, False),
        (2 + 60, 2 + 1439, None, None),
    ],
)
def test_recontact(second: float, as_of: float, day: bool | None, week: bool | None) -> None:
    """Rule 8: within that time, inclusive; null until old enough to know."""
    first = run(f"c0 b1 R2 c{second}", as_of).sessions[0]
    assert first["next_session_started_at"] == at(second)
    assert (first["is_recontacted_24h"], first["is_recontacted_7d"]) == (day, week)


def test_recontact_follows_the_customer_within_a_source() -> None:
    """Rule 8: the customer is `customer_id`, over conversations, within one source."""
    one, two = rows_of("c0 b1 R2", "k1"), rows_of("c60 b61 R62", "k2")
    people = [{"conversation_id": key, "customer_id": "p"} for key in ("k1", "k2")]
    tables = {name: one[name] + two[name] for name in one} | {"conversations": people}
    settings = Settings({"*": 30}, BOUNDARIES, as_of=at(ENOUGH))
    sessions = compute({"desk": tables}, settings).sessions
    assert [row["is_recontacted_24h"] for row in sessions] == [True, False]
    apart = {
        "s1": one | {"conversations": people[:1]},
        "s2": two | {"conversations": people[1:]},
    }
    sessions = compute(apart, settings).sessions
    assert [row["is_recontacted_24h"] for row in sessions] == [False, False]


def test_started_date_is_in_the_reporting_time_zone() -> None:
    """Rule 8: 09:00 UTC is the evening of the 3rd in Honolulu."""
    assert run("c0 b1").sessions[0]["started_date"] == date(2024, 3, 4)
    there = run("c0 b1", reporting_timezone="Pacific/Honolulu")
    assert there.containment_daily[0]["started_date"] == date(2024, 3, 3)


def test_wilson_interval() -> None:
    """Rule 8: known values of the 95 % Wilson interval."""
    assert wilson(0, 0) == (None, None)
    assert wilson(2, 3) == pytest.approx((0.2076596, 0.9385081), abs=1e-7)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775328), abs=1e-7)


def test_the_row_loaded_last_counts_then_the_greatest_content() -> None:
    """Rule 10, whatever the order of the rows."""
    tables = rows_of("c0 b1")
    bot = tables["messages"][1]
    loaded = {"loaded_at": at(50).isoformat()}
    tables["messages"] += [
        bot | loaded | {"author_id": "B1"},
        bot | loaded | {"author_id": "B2"},
        bot | loaded,
        bot | {"author_id": "B9", "loaded_at": at(49).isoformat()},
    ]
    settings = Settings({"*": 30}, BOUNDARIES)
    for seed in range(10):
        random.Random(seed).shuffle(tables["messages"])
        result = compute({"desk": tables}, settings)
        assert result.sessions[0]["bot_id"] == "B2"
    assert result.row_reconciliation[1] == {
        "source": "desk",
        "table_name": "messages",
        "rows_read": 6,
        "rows_used": 2,
        "rows_duplicate": 4,
        "rows_rejected": 0,
    }


@pytest.mark.parametrize(
    ("timeline", "ratings", "scores"),
    [
        ("c0 b1 c31", "20:4", [0.8]),  # during the session
        ("c0 b1 R2", "60:4", [0.8]),  # after it
        ("c0 b1 c32", "31.9:2 32:4", [0.4, 0.8]),  # at the start of the second: of that one
        ("c0 b1 c32", "9999:4", [None, 0.8]),  # of the last session alone
        ("c1 b2", "0.9:4", [None]),  # before any session
        ("c0 b1 R2", "3:5 1:1", [1.0]),  # the last counts
        ("c0 b1 R2", "3:1 3:4", [0.8]),  # at the same time the greatest id
        ("c0 b1 R2", "3:4 3:0", [0.0]),
        ("c0 b1 E2 a9 R10", "11:1", [0.2]),  # of the escalated session, after its handling
        ("c0 b1 E2 a9 R10 c11 b12", "13:5", [None, 1.0]),
        ("c0 b1 R2 b50", "51:3", [0.6]),  # the bot's survey is no session
    ],
)
def test_the_session_before_a_rating_is_rated(
    timeline: str, ratings: str, scores: list[float | None]
) -> None:
    """csat_score of each session; ratings as minute:score."""
    tables = rows_of(timeline) | {"conversations": [{"conversation_id": "k1", "channel": "chat"}]}
    tables["ratings"] = [
        {
            "rating_id": f"r{number}",
            "conversation_id": "k1",
            "score": score,
            "rated_at": at(float(minute)).isoformat(),
        }
        for number, (minute, score) in enumerate(pair.split(":") for pair in ratings.split())
    ]
    given = Settings({"*": 30}, BOUNDARIES)
    result = compute({"desk": tables}, given)
    assert [session["csat_score"] for session in result.sessions] == scores
    assert result.as_of == compute({"desk": tables | {"ratings": []}}, given).as_of


def test_people_s_own_work_is_rated_as_the_baseline() -> None:
    tables = rows_of("c0 a1 R2")
    tables["ratings"] = [GOOD_RATING | {"conversation_id": "k1", "score": "2", "max_score": "10"}]
    result = compute({"desk": tables}, Settings({"*": 30}, BOUNDARIES))
    (row,) = result.satisfaction
    assert (row["outcome_group"], row["closed_segments"], row["csat_score"]) == (
        "human_only",
        1,
        0.2,
    )
    (rating,) = result.ratings
    assert (rating["segment_kind"], rating["session_id"], rating["is_counted"]) == (
        "human",
        None,
        True,
    )


GOOD_MESSAGE = {
    "message_id": "m",
    "conversation_id": "k",
    "author_type": " Bot ",
    "sent_at": "2024-03-04 09:00:00",
}
GOOD_RATING = {
    "rating_id": "r",
    "conversation_id": "k",
    "score": " 4.5 ",
    "rated_at": "2024-03-04 09:00:00",
}
GOOD_EVENT = {
    "event_id": "e",
    "conversation_id": "k",
    "event_type": " Closed ",
    "occurred_at": "2024-03-04",
}


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("messages", GOOD_MESSAGE, None),
        ("messages", GOOD_MESSAGE | {"message_id": " ", "sent_at": "x"}, "missing_id"),
        ("messages", GOOD_MESSAGE | {"conversation_id": None}, "missing_id"),
        ("messages", GOOD_MESSAGE | {"sent_at": ""}, "missing_time"),
        ("messages", GOOD_MESSAGE | {"sent_at": "4 March"}, "unreadable_time"),
        ("messages", GOOD_MESSAGE | {"author_type": "robot"}, "unknown_author_type"),
        (
            "messages",
            GOOD_MESSAGE | {"author_type": "unreadable content", "sent_at": ""},
            "unreadable_content",
        ),
        ("messages", GOOD_MESSAGE | {"is_public": "perhaps"}, "unreadable_is_public"),
        ("messages", GOOD_MESSAGE | {"is_public": ""}, None),
        ("messages", GOOD_MESSAGE | {"loaded_at": "2024-03-03T09:00:00"}, None),
        ("messages", GOOD_MESSAGE | {"loaded_at": "2024-03-03T08:59:59"}, "time_after_load"),
        ("messages", GOOD_MESSAGE | {"loaded_at": "never"}, None),
        ("events", GOOD_EVENT, None),
        ("events", GOOD_EVENT | {"event_type": " "}, "missing_event_type"),
        ("events", GOOD_EVENT | {"occurred_at": None}, "missing_time"),
        ("events", GOOD_EVENT | {"loaded_at": "2024-03-02T23:59:59Z"}, "time_after_load"),
        ("ratings", GOOD_RATING, None),
        ("ratings", GOOD_RATING | {"rating_id": "", "rated_at": ""}, "missing_id"),
        ("ratings", GOOD_RATING | {"rated_at": "", "score": ""}, "missing_time"),
        ("ratings", GOOD_RATING | {"rated_at": "soon", "score": ""}, "unreadable_time"),
        ("ratings", GOOD_RATING | {"score": " ", "max_score": "0"}, "missing_score"),
        ("ratings", GOOD_RATING | {"score": "good", "max_score": "0"}, "unreadable_score"),
        ("ratings", GOOD_RATING | {"score": "inf"}, "unreadable_score"),
        ("ratings", GOOD_RATING | {"max_score": "0"}, "unusable_max_score"),
        ("ratings", GOOD_RATING | {"max_score": "five"}, "unusable_max_score"),
        ("ratings", GOOD_RATING | {"score": "5"}, None),
        ("ratings", GOOD_RATING | {"score": "5.000000001"}, "score_out_of_range"),
        ("ratings", GOOD_RATING | {"score": "0"}, None),
        ("ratings", GOOD_RATING | {"score": "-1", "loaded_at": "2024-01-01"}, "score_out_of_range"),
        ("ratings", GOOD_RATING | {"loaded_at": "2024-03-03T08:59:59"}, "time_after_load"),
        ("conversations", {"conversation_id": ""}, "missing_id"),
        ("conversations", {"conversation_id": "k", "created_at": "x"}, None),
    ],
)
def test_rejection(table: str, row: dict[str, str | None], reason: str | None) -> None:
    """The first reason that matches; a usable row but a rating makes its conversation exist."""
    result = compute({"desk": {table: [row]}}, Settings({"*": 30}, BOUNDARIES))
    assert [rejected["reason"] for rejected in result.rejected_rows] == ([reason] if reason else [])
    assert len(result.conversations) == (0 if reason or table == "ratings" else 1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-03-04", datetime(2024, 3, 4)),
        ("2024-03-04T09:10:11Z", datetime(2024, 3, 4, 9, 10, 11)),
        ("2024-03-04 09:10:11.5", datetime(2024, 3, 4, 9, 10, 11, 500000)),
        ("2024-03-04T01:00:00.123456789+02:00", datetime(2024, 3, 3, 23, 0, 0, 123456)),
        ("2024-03-04 09:10:11-0130", datetime(2024, 3, 4, 10, 40, 11)),
        ("2024-02-30", None),
        ("2024-03-04T25:00:00", None),
        ("0001-01-01T00:00:00+02:00", None),
        ("1709543411", None),
        ("", None),
        (None, None),
    ],
)
def test_parse_time(value: str | None, expected: datetime | None) -> None:
    """ISO 8601 to naive UTC."""
    assert parse_time(value) == expected
