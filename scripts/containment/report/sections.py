"""What the report shows, in its order. A new section is a row here and a query in analyses/report/.

A section whose mart a publication does not have is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from containment.common.places import PROJECT
from containment.query.analyses import FOLDER
from containment.report import charts
from containment.report.charts import Chart

QUERIES = PROJECT / FOLDER / "report"


@dataclass(frozen=True)
class Section:
    """A question and its answer. `name` is that of its query and of its anchor on the page."""

    name: str
    title: str
    # What to make of the numbers: the page's own words, no markup.
    text: str
    charts: tuple[Chart, ...] = ()
    # The column (a rate) that is drawn as a bar in its cells.
    bar: str | None = None
    # A row too long for a table of its own is shown as lines.
    is_one_row: bool = False
    # What an empty table means.
    empty: str = "Nothing yet."
    # A query for the rows behind the numbers: the SQL that scripts/query takes.
    rows: str | None = None
    # A table that is long is shown on demand.
    is_folded: bool = False

    @property
    def query(self) -> Path:
        """The file of its query."""
        return QUERIES / f"{self.name}.sql"


HEADLINE = Section(
    name="headline",
    title="Containment",
    text="A session is contained if it was resolved or timed out, without an escalation. Open "
    "sessions are in no rate of closed sessions. A contact is a session, or a customer whom people "
    "answered without a bot. Rates are cut to one decimal, not rounded.",
    rows="from sessions where not is_contained order by started_at desc limit 20",
)

SECTIONS = (
    Section(
        name="lately",
        title="Lately",
        text="Days that are over, beside as many days before them. If the intervals of two periods "
        "overlap widely, the change may be chance.",
        bar="containment_rate",
        empty="No day with a closed session is over yet.",
    ),
    Section(
        name="over_time",
        title="Over time",
        text="The bars around each point are its 95 % interval: few sessions, long bars. A period "
        "is provisional while a day of it is not over or a session of it is still open.",
        charts=(charts.rate_over_time, charts.outcomes_over_time),
        is_folded=True,
        empty="No session yet.",
        rows="from sessions where started_date = '2026-01-31' order by started_at",
    ),
    Section(
        name="rates",
        title="Every rate",
        text="Each beside its two counts. Escalation, resolution and timeout rate sum to 1. "
        "Durable containment counts the contained sessions that are old enough to know.",
        bar="session_rate",
        empty="No session yet.",
    ),
    Section(
        name="by_channel_and_bot",
        title="By channel and bot",
        text="The bot is the first one that wrote in the session; none: no bot wrote. "
        "Beyond 20 pairs the others are one row, with the rate of their sums.",
        bar="containment_rate",
        empty="No session yet.",
        rows="from sessions where channel = 'chat' and bot_id = '...' and outcome = 'escalated'",
    ),
    Section(
        name="by_brand",
        title="By brand",
        text="The brand that the customer wrote to. Beyond 20 brands the others are one row, with "
        "the rate of their sums.",
        bar="containment_rate",
        empty="No session yet.",
    ),
    Section(
        name="by_attribute",
        title="By attribute",
        text="What the setting attributes names, such as language. Sessions without a value are "
        "none; beyond the values with the most sessions the rest is others.",
        bar="containment_rate",
        empty="The setting attributes names none.",
        rows="from sessions_wide where language = 'de' and outcome = 'escalated'",
    ),
    Section(
        name="releases",
        title="Did a release help?",
        text="Each release of a bot beside the one before it, both for the same length of time. "
        "The verdict is not enough yet while the interval of the change includes 0; needed says "
        "how many sessions each would take. Mix effect: the points that come from another mix of "
        "channels, topics and brands, as far as both releases have them (matched share).",
        empty="No two releases of a bot are known (raw column bot_version, lookup bot_releases).",
    ),
    Section(
        name="experiment",
        title="The experiment",
        text="The arms are the values of the attribute variant. Decide before you begin how many "
        "sessions you wait for (needed, for the stated effect), and look once: whoever looks every "
        "day finds differences where there are none. If the sample ratio is off, the arms differ "
        "in size more than chance explains; then do not compare them.",
        empty="The setting attributes does not name variant.",
    ),
    Section(
        name="escalations",
        title="Why sessions escalate, and the wait for a person",
        text="The wait runs from the escalation to the first message of an agent after it; "
        "sessions that nobody answered have none, so read it beside the answered ones. The ninth "
        "decile is the wait that one in ten exceeds. Beyond 20 rows the others are one.",
        bar="escalated_session_share",
        empty="No session was escalated.",
        rows="from sessions where escalation_reason = 'no_answer' order by started_at desc",
    ),
    Section(
        name="topics",
        title="Which topics cost the headline",
        text="The change of the headline if the topic were not there: a plus says that the topic "
        "costs containment. Over all sessions, the greatest change first; beyond 20 topics the "
        "others are one row: what the headline would be without all of them.",
        bar="containment_rate",
        empty="No session yet.",
        rows="from sessions where topic = '...' and outcome = 'escalated' order by started_at desc",
    ),
    Section(
        name="funnel",
        title="Where conversations leave",
        text="Each step is a part of the one before it: conversations, their sessions, those that "
        "are closed, those with a bot message, those contained, those old enough to know, and "
        "those whose customer did not come back within 7 days.",
        bar="previous_step_share",
        empty="No conversation yet.",
    ),
    Section(
        name="timeout_sensitivity",
        title="If sessions timed out sooner or later",
        text="The timeout is a choice, and the headline depends on it. The same rows, cut with "
        "other timeouts. Beyond 20 channels the others are one; the chart has the greatest.",
        charts=(charts.rate_by_timeout,),
        is_folded=True,
        empty="No session yet.",
    ),
    Section(
        name="not_counted",
        title="What was counted, and what was not",
        text="Every activity is in one segment. Segments of kind session are what rates count; "
        "human: no bot in the conversation; handoff: people at work on an escalation; unengaged: a "
        "greeting that nobody answered; excluded: spam, tests; courtesy: thanks after a "
        "resolution.",
        bar="segment_share",
        empty="No activity yet.",
    ),
    Section(
        name="rows_read",
        title="What became of every raw row",
        text="Rows read are rows used, duplicates and rejected rows.",
    ),
    Section(
        name="findings",
        title="What is wrong with the raw data",
        text="Rejected rows are in rejected_rows, each with its reason. The description of "
        "data_quality says what each means; seeds/quality_limits.csv, from which share on a "
        "run warns.",
        empty="Nothing was found.",
        rows="from rejected_rows",
    ),
    Section(
        name="restated_days",
        title="Days that changed after they were published",
        text="late_rows: rows came late, were corrected, deleted or moved. rules: a rule or "
        "setting changed. time: open sessions closed. unfinished_day: the day was not over at "
        "first. The newest 30.",
        empty="Every day is as it was first published.",
        rows="from restatements order by started_date desc",
    ),
    Section(
        name="nights",
        title="The last runs",
        text="Failed runs too; after one, readers keep the publication before it. The last ten.",
        is_folded=True,
    ),
    Section(
        name="settings_in_force",
        title="Settings in force",
        text="A session ends by inactivity (the timeout of its channel), by a resolution or by an "
        "escalation, and exists only where a bot takes part in the conversation. Another "
        "rules_version means that a rule changed: its code, its lookups or its settings.",
        is_one_row=True,
    ),
)
