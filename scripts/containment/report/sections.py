"""What the report shows, in its order. A new section is a row here and a query in analyses/report/;
its charts, if any, stand in charts.yml.

A section whose mart a publication does not have is left out. Those of the first tab that `follows`
the filters are drawn again by the page's script (views.js has a function of their name); the query
gives what is seen without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from containment.common.places import PROJECT
from containment.query.analyses import FOLDER

QUERIES = PROJECT / FOLDER / "report"


@dataclass(frozen=True)
class Section:
    """A question and its answer. `name` is that of its query and of its anchor on the page."""

    name: str
    title: str
    # What to make of the numbers: the page's own words, no markup.
    text: str
    # The column (a rate) that is drawn as a bar in its cells.
    bar: str | None = None
    # How many columns are the name of a row.
    names: int = 1
    # A row too long for a table of its own is shown as lines.
    is_one_row: bool = False
    # What an empty table means; where nothing is said the section is left out.
    empty: str | None = "Nothing yet."
    # A query for the rows behind the numbers: the SQL that scripts/query takes.
    rows: str | None = None
    # A table that is long is shown on demand.
    is_folded: bool = False
    follows: bool = False

    @property
    def query(self) -> Path:
        """The file of its query."""
        return QUERIES / f"{self.name}.sql"


HEADLINE = Section(
    name="headline",
    title="All days",
    text="A session is contained if it was resolved or timed out, without an escalation. Open "
    "sessions are in no rate of closed sessions. A contact is a session, or a customer whom people "
    "answered without a bot. Rates are cut to one decimal, changes in points are rounded: from 0.0 "
    "to 4.7 % may be +4.8 points.",
    rows="from sessions where not is_contained order by started_at desc limit 20",
)

# Of the tiles: rates, and means.
TILES = Section("tiles", "Lately", "")
SCORES = Section("scores", "Lately", "")

# The first tab: what people look at.
OVERVIEW = (
    Section(
        name="moved",
        title="What moved it",
        text="The values with the greatest effect on the change of the containment rate, in "
        "points. Rate effect: sessions of this value are contained more or less often. Mix effect: "
        "there are more or fewer of them. The effects of all values of one dimension add up to the "
        "change; those of different dimensions explain the same change once more.",
        names=2,
        is_folded=True,
        follows=True,
        empty="Nothing to compare: no closed session in these days, or in as many before.",
    ),
    Section(
        name="over_time",
        title="Containment and outcomes over time",
        text="The band is the 95 % interval: few sessions, wide band. Hollow points may still "
        "move, because a session is open. The grey days are the chosen ones. Vertical lines are "
        "the newest releases of bots, at most 12.",
        is_folded=True,
        follows=True,
        empty="No session yet.",
    ),
    Section(
        name="signals",
        title="Signals",
        text="Days and weeks whose rate is outside its limits (usual from, to). Eight in a row: "
        "the eighth on one side of its centre line; it may be within the limits. A signal says "
        "where to look, not why. Those of the containment rate over all sessions are marked on the "
        "chart over time; with one filter, those of its value.",
        names=2,
        empty=None,
        rows="from signals order by period_start_date desc",
    ),
    Section(
        name="by_channel_and_bot",
        title="Channels and bots",
        text="The bot is the first one that wrote in the session; none: no bot wrote. The change "
        "is that against as many days before. Beyond 20 pairs the others are one row, with the "
        "rate of their sums. Durable: the customer did not come back within 7 days.",
        bar="containment_rate",
        names=2,
        follows=True,
        empty="No closed session in these days.",
    ),
    Section(
        name="by_brand",
        title="Brands",
        text="The brand that the customer wrote to. Beyond 20 brands the others are one row.",
        bar="containment_rate",
        follows=True,
        empty="No closed session in these days.",
    ),
    Section(
        name="by_attribute",
        title="Attributes",
        text="What the setting attributes names, such as language. Sessions without a value are "
        "none.",
        bar="containment_rate",
        names=2,
        follows=True,
        empty=None,
    ),
    Section(
        name="topics",
        title="Topics by impact",
        text="By how many points a topic raises (plus) or lowers (minus) the containment rate: the "
        "rate less what it is without the topic. A minus costs containment. Beyond 20 topics the "
        "others are one row: the impact of all of them.",
        bar="containment_rate",
        follows=True,
        empty="No closed session in these days.",
    ),
    Section(
        name="escalations",
        title="Why sessions escalate, and the wait for a person",
        text="The wait runs from the escalation to the first message of an agent after it. Each "
        "share is of all escalated sessions of the reason: one that nobody answered was not "
        "answered within any time.",
        bar="answered_within_5_min_rate",
        follows=True,
        empty="No session was escalated in these days.",
    ),
    Section(
        name="lost_sessions",
        title="Lost sessions",
        text="The newest escalated sessions, without a word of what was written. Choose a filter, "
        "or a name in a table above, and only its sessions stay.",
        follows=True,
        empty="No session was escalated.",
    ),
    Section(
        name="what_came_next",
        title="What came next",
        text="Within 7 days after the session: people (the customer wrote to them, or they were "
        "still handling the escalation), again (another session with a bot), or nothing. Sessions "
        "younger than 7 days are left out, because nobody knows yet.",
        bar="recontact_rate",
        follows=True,
        empty="No session is 7 days old yet.",
    ),
    Section(
        name="hours",
        title="Hours",
        text="When the lost (escalated) sessions started, in the reporting time zone: the hours "
        "at which people are needed.",
        bar="containment_rate",
        names=2,
        is_folded=True,
        follows=True,
        empty="No closed session in these days.",
    ),
    Section(
        name="satisfaction",
        title="Satisfaction",
        text="The mean of the scores that customers gave, from 0 to 100 %. Few answer, and those "
        "who do may differ from the rest. People alone: conversations without a bot.",
        bar="csat_score_rate",
        follows=True,
        empty="No rating in these days.",
    ),
    Section(
        name="releases",
        title="Releases",
        text="Each release of a bot beside the one before it, both for the same length of time, "
        "over all days. The verdict is not enough yet while the interval of the change includes 0; "
        "needed says how many sessions each would take. Mix effect: the points that come from "
        "another mix of channels, topics and brands, as far as both have them (matched share).",
        names=2,
        empty=None,
    ),
    Section(
        name="experiment",
        title="Experiments",
        text="The arms are the values of the attribute variant, over all days. Decide before you "
        "begin how many sessions you wait for (needed), and look once: if you look every day, "
        "you find differences where there are none. If the sample ratio is off, do not compare.",
        names=2,
        empty=None,
    ),
    Section(
        name="timeout_sensitivity",
        names=2,
        bar="containment_rate",
        title="Timeouts",
        text="The timeout is a choice, and the rate depends on it: the same rows over all days, "
        "cut with other timeouts. Beyond 20 channels the others are one; the chart has the "
        "greatest.",
        is_folded=True,
        empty="No session yet.",
    ),
    Section(
        name="worth",
        title="Value",
        text="Under the prices that you wrote into the lookup prices: what people would have cost "
        "for sessions whose customer stayed away for 7 days, less what the bot costs.",
        names=2,
        empty=None,
    ),
    Section(
        name="claims",
        title="Claims of the vendor",
        text="What the vendor counts, or bills, as resolved, beside what we count of the same "
        "session, over all days.",
        names=2,
        empty=None,
        rows="from claims_audited where verdict = 'not ours' order by claimed_at desc",
    ),
)

# The second tab: where the numbers come from.
DATA = (
    Section(
        name="rates",
        title="Every rate, over all days",
        text="Each beside its two counts. Escalation, resolution and timeout rate sum to 1.",
        bar="session_rate",
        empty="No session yet.",
    ),
    Section(
        name="funnel",
        title="Where conversations leave, over all days",
        text="Each step is a part of the one before it. The step contained is one of sessions with "
        "a bot message; the headline counts those without one too, so its rate differs.",
        bar="previous_step_share",
        empty="No conversation yet.",
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
        title="Raw rows",
        text="Rows read are rows used, duplicates and rejected rows.",
        names=2,
    ),
    Section(
        name="findings",
        title="Findings in the raw data",
        text="Rejected rows are in rejected_rows, each with its reason. The description of "
        "data_quality says what each means; seeds/quality_limits.csv, from which share on a "
        "run warns.",
        names=2,
        empty="Nothing was found.",
        rows="from rejected_rows",
    ),
    Section(
        name="restated_days",
        title="Days that changed after they were published",
        text="Late rows: rows came late, were corrected, deleted or moved. Rules: a rule or "
        "setting changed. Time: open sessions closed. Unfinished day: the day was not over at "
        "first. The newest 30.",
        empty="Every day is as it was first published.",
        rows="from restatements order by started_date desc",
    ),
    Section(
        name="nights",
        title="Runs",
        text="Failed runs too; after one, readers keep the publication before it. The last ten.",
    ),
    Section(
        name="settings_in_force",
        title="Settings",
        text="A session ends by inactivity (the timeout of its channel), by a resolution or by an "
        "escalation, and exists only where a bot takes part in the conversation. Another "
        "rules_version means that a rule changed: its code, its lookups or its settings.",
        is_one_row=True,
    ),
)
