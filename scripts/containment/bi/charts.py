"""The twelve questions of the dashboard: each is a chart in Superset and a question in Metabase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

BIG_NUMBER, LINE, BARS, BAR, TABLE = "number", "line", "stacked bars", "bar", "table"
WARNINGS = "warnings"  # a question of its own: its rows are no groups of metrics
WARNINGS_SQL = """\
select source, finding, row_count, base_count
from marts.data_quality
where is_exceeded and action = 'warn'
order by source, finding"""


@dataclass(frozen=True)
class Chart:
    """A question: metrics of one mart, by dimensions of it and, in time, by weeks."""

    name: str
    title: str
    says: str
    shape: str
    mart: str
    metrics: Sequence[str]
    by: Sequence[str] = ()
    only: Mapping[str, str] = field(default_factory=dict)  # the rows with these values
    width: int = 4  # of the 12 columns of a row; the charts of a row follow each other
    height: int = 50

    @property
    def is_in_time(self) -> bool:
        """Whether it has a point a week."""
        return self.shape in (LINE, BARS)


# Of a metric the same everywhere; what is escalated stands out, what is not known yet is pale.
PALE, DARK = "#B2B2B2", "#454E7C"
COLOURS = {
    "resolved_sessions": "#5AC189",
    "timed_out_sessions": "#1FA8C9",
    "escalated_sessions": "#E04355",
    "open_sessions": PALE,
    "containment_rate": DARK,
    "containment_rate_low": PALE,
    "containment_rate_high": PALE,
    "contacts": PALE,
    "bot_involved_contacts": DARK,
}
INTERVAL = ("containment_rate", "containment_rate_low", "containment_rate_high")
WELL = ("durable_containment_rate_7d", "csat_score")
CHARTS = (
    Chart(
        name="containment",
        title="Containment rate",
        says="How much is contained: contained / closed sessions. The table by channel and bot "
        "has the interval.",
        shape=BIG_NUMBER,
        mart="sessions",
        metrics=["containment_rate"],
        width=3,
        height=24,
    ),
    Chart(
        name="coverage",
        title="Coverage rate",
        says="How much of all demand the bot takes part in.",
        shape=BIG_NUMBER,
        mart="segments",
        metrics=["coverage_rate"],
        width=3,
        height=24,
    ),
    Chart(
        name="durable",
        title="Durable containment rate, 7 days",
        says="How many of the contained sessions stay contained, of those old enough to know.",
        shape=BIG_NUMBER,
        mart="sessions",
        metrics=["durable_containment_rate_7d"],
        width=3,
        height=24,
    ),
    Chart(
        name="wait",
        title="Median wait for a person, in seconds",
        says="From the escalation to the first message of a person, where one came.",
        shape=BIG_NUMBER,
        mart="sessions",
        metrics=["median_handoff_wait_seconds"],
        width=3,
        height=24,
    ),
    Chart(
        name="containment_by_week",
        title="Containment rate by week, with its 95 % interval",
        says="Whether it moved. If the intervals of two weeks overlap widely, it may be chance. "
        "The first and the last week may be parts of weeks.",
        shape=LINE,
        mart="sessions",
        metrics=INTERVAL,
        width=7,
    ),
    Chart(
        name="outcomes_by_week",
        title="Outcomes by week",
        says="How sessions end. Open sessions are in no rate.",
        shape=BARS,
        mart="sessions",
        metrics=["resolved_sessions", "timed_out_sessions", "escalated_sessions", "open_sessions"],
        width=5,
    ),
    Chart(
        name="channels_and_bots",
        title="By channel and bot",
        says="Where it is contained, with counts and interval, whether it stays so, and whether "
        "customers are content. The bot is the first that wrote.",
        shape=TABLE,
        mart="sessions",
        metrics=["closed_sessions", "contained_sessions", *INTERVAL, *WELL],
        by=["channel", "bot_id"],
        width=9,
    ),
    Chart(
        name="warnings",
        title="Warnings",
        says="What may make these numbers wrong: the findings beyond their limits. Empty is good.",
        shape=TABLE,
        mart=WARNINGS,
        metrics=[],
        by=["source", "finding", "row_count", "base_count"],
        width=3,
    ),
    Chart(
        name="topics",
        title="Escalated sessions by topic",
        says="Which topics the bot loses most. The topic is the session's first.",
        shape=BAR,
        mart="sessions",
        metrics=["escalated_sessions"],
        by=["topic"],
    ),
    Chart(
        name="escalation_reasons",
        title="Why sessions escalate",
        says="The reasons, and how long customers wait for a person.",
        shape=TABLE,
        mart="sessions",
        metrics=["escalated_sessions", "median_handoff_wait_seconds"],
        by=["escalation_reason"],
        only={"outcome": "escalated"},
    ),
    Chart(
        name="demand_by_week",
        title="Contacts by week, and those that the bot sees",
        says="All demand, also what people answered without a bot.",
        shape=LINE,
        mart="segments",
        metrics=["contacts", "bot_involved_contacts"],
    ),
    Chart(
        name="claims",
        title="Claims of a vendor",
        says="What the vendor counts, and bills, beside our verdict. Empty without claims. Amounts "
        "add up within a currency only.",
        shape=TABLE,
        mart="claims_audited",
        metrics=["claims", "amount_claimed"],
        by=["verdict", "currency"],
        width=12,
        height=36,
    ),
)
