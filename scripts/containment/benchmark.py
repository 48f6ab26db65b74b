"""Time a full build and the nights after it beside the floor, one hand-written statement.

Seconds differ from machine to machine and from hour to hour; the ratio of two that were measured
one after the other hardly does. Everything heavy runs in a process of its own: this one must stay
small, for the system counts its memory into the peak of those that it starts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from types import FrameType

import duckdb

from containment import headline, lookups, raw_files, raw_views, warehouse
from containment.console import Clock, fail, say
from containment.errors import Stop
from containment.places import PROJECT, Home

FEWEST_MESSAGES = 1_000
MIB = 2**20
TOLD_LINES = 20  # of the output of a process that failed
FLOOR_STEP = "floor"
FULL = "full build"
NIGHT = "night, 1/365 new"
IDLE = "night, nothing new"
# As in profiles.yml; and no progress bar, which DuckDB would write between the results.
FOR_EVERY_CONNECTION = (
    "set TimeZone = 'UTC'; set preserve_insertion_order = false; set enable_progress_bar = false"
)

# Everything comes from hashes of row numbers, so the same DuckDB always makes the same rows:
# a conversation in 10 messages, an event in 8. The lengths follow a log-normal distribution
# (half of the conversations have at most 5 messages, a few have hundreds) and add up exactly.
RAW = """
create macro roll(number, salt, sides) as cast(hash(number, salt) % sides as bigint);
create macro share(number, salt) as (roll(number, salt, 1000000) + 1) / 1000001;

create temp table conversations as
with weighed as (
    select
        number,
        least(400, exp(1.65 + 1.05 * sqrt(-2 * ln(share(number, 'length')))
            * cos(2 * pi() * share(number, 'angle')))) as weight
    from range({conversations}) as numbers (number)
),
summed as (
    select
        number,
        sum(cast(1000 * weight as bigint)) over (order by number) as weight_so_far,
        sum(cast(1000 * weight as bigint)) over () as whole_weight
    from weighed
),
placed as (
    select
        number,
        -- Each has one message; the others go by weight.
        number + 1 + weight_so_far * ({messages} - {conversations}) // whole_weight as end_message,
        lag(end_message, 1, 0) over (order by number) as first_message
    from summed
)
select
    number,
    cast(first_message as bigint) as first_message,
    cast(end_message as bigint) as end_message,
    format('conversation-{{:09d}}', number) as conversation_id,
    timestamp '2025-01-01' + to_seconds(roll(number, 'created', 31536000)) as created_at
from placed;

-- Of 20 gaps 4 are none at all, 13 are up to ten minutes, 3 are up to two days.
create temp table messages as
select
    message as number,
    conversation_id,
    case
        when message = first_message or roll(message, 'author', 10) < 4 then 'customer'
        when roll(message, 'author', 10) < 8 then 'bot'
        when roll(message, 'author', 10) = 8 then 'agent'
        else 'system'
    end as author_type,
    created_at + to_seconds(cast(sum(
        case
            when message = first_message or roll(message, 'gap', 20) < 4 then 0
            when roll(message, 'gap', 20) < 17 then roll(message, 'seconds', 600)
            else roll(message, 'seconds', 200000)
        end
    ) over (partition by conversations.number order by message) as bigint)) as sent_at,
    date_trunc('day', sent_at) + interval 26 hours as loaded_at
from conversations, unnest(range(first_message, end_message)) as numbers (message);

copy (
    select
        conversation_id,
        case
            when roll(number, 'channel', 10) < 4 then 'chat'
            when roll(number, 'channel', 10) < 6 then 'whatsapp'
            when roll(number, 'channel', 10) < 8 then 'email'
            when roll(number, 'channel', 10) < 9 then 'sms'
            else 'web'
        end as channel,
        concat('brand-', roll(number, 'brand', 7)) as brand,
        concat('customer-', roll(number, 'customer', {conversations} // 2 + 1)) as customer_id,
        created_at,
        case when roll(number, 'spam', 200) = 0 then 'spam' end as exclusion_reason,
        created_at + interval 1 day as loaded_at
    from conversations
    order by number
) to 'conversations.parquet' (compression zstd);

copy (
    select
        format('message-{{:011d}}', number) as message_id,
        conversation_id,
        author_type,
        concat(author_type, '-', roll(number, 'author_id', 20)) as author_id,
        sent_at,
        true as is_public,
        case when roll(number, 'has_topic', 3) = 0
            then concat('topic-', roll(number, 'topic', 9)) end as topic,
        loaded_at
    from messages
    order by loaded_at, hash(number)
) to 'messages.parquet' (compression zstd);

copy (
    select
        format('event-{{:011d}}', number) as event_id,
        conversation_id,
        case
            when roll(number, 'event', 10) < 2 then 'escalated'
            when roll(number, 'event', 10) < 3 then 'assigned'
            else 'resolved'
        end as event_type,
        sent_at + to_minutes(roll(number, 'delay', 3)) as occurred_at,
        ['customer', 'bot', 'agent'][1 + roll(number, 'actor', 3)] as actor_type,
        case when roll(number, 'has_reason', 2) = 0
            then concat('reason-', roll(number, 'reason', 5)) end as reason,
        loaded_at
    from messages
    where number < {messages} // 8 * 8 and number % 8 = roll(number // 8, 'of_eight', 8)
    order by loaded_at, hash(number)
) to 'events.parquet' (compression zstd);
"""

# The least that gives a containment rate per day: one source, no text, nothing checked, no
# session kinds, nothing kept.
FLOOR = """
with timeouts as (
    select
        conversation_id,
        case channel
            when 'chat' then interval 30 minutes
            when 'email' then interval 72 hours
            when 'web' then interval 60 minutes
            else interval 24 hours
        end as timeout
    from 'conversations.parquet'
),
timeline as (
    select conversation_id, sent_at as happened_at, 0 as tie_order, timeout
    from 'messages.parquet' inner join timeouts using (conversation_id)
    where author_type in ('customer', 'bot', 'agent')
    union all
    select conversation_id, occurred_at, if(event_type = 'escalated', 1, 2), null
    from 'events.parquet'
    where event_type in ('escalated', 'resolved')
),
starts_marked as (
    select
        *,
        tie_order = 0 and (
            coalesce(lag(tie_order) over in_order, 1) > 0
            or happened_at - lag(happened_at) over in_order > timeout
        ) as is_start
    from timeline
    window in_order as (partition by conversation_id order by happened_at, tie_order)
),
segment_numbered as (
    select
        *,
        count_if(is_start) over (
            partition by conversation_id order by happened_at, tie_order rows unbounded preceding
        ) as segment_number
    from starts_marked
),
segments as (
    select
        min(happened_at) as started_at,
        max(happened_at) filter (tie_order = 0) + max(timeout) as deadline,
        bool_or(tie_order = 1) as is_escalated,
        bool_or(tie_order = 2) as is_resolved
    from segment_numbered
    where segment_number > 0
    group by conversation_id, segment_number
)
select
    cast(started_at as date) as started_date,
    count_if(not is_escalated) as contained,
    count(*) as closed
from segments
where
    is_escalated or is_resolved
    or deadline < (select max(loaded_at) from 'messages.parquet')
group by started_date
order by started_date
"""

# What the raw folder held a day earlier: the last of 365 equal parts, by load time, is missing.
HISTORY = """
copy (
    select * from '{raw}/{table}.parquet'
    where loaded_at < (select quantile_disc(loaded_at, 364 / 365.0) from '{raw}/messages.parquet')
) to '{table}.parquet' (compression zstd)
"""

BUILT = """
select
    count_if(is_contained),
    count_if(outcome <> 'open'),
    (select count(*) from marts.segments)
from marts.sessions
"""


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the clock and of all cores, and the most memory it held."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    scan_seconds: float = 0.0  # of them the reading of every raw row for the fingerprints


# --- the processes that are started --------------------------------------------------------------


def make_raw(messages: int) -> None:
    """Write the raw files of so many messages into the working folder."""
    with duckdb.connect() as connection:
        connection.execute(FOR_EVERY_CONNECTION)
        connection.execute(RAW.format(messages=messages, conversations=messages // 10))


def make_history(raw: str) -> None:
    """Write what a raw folder held a day earlier into the working folder."""
    with duckdb.connect() as connection:
        connection.execute(FOR_EVERY_CONNECTION)
        for table in ("conversations", "messages", "events"):
            connection.execute(HISTORY.format(raw=raw.replace("'", "''"), table=table))


def run_floor() -> None:
    """Run the floor on the raw files in the working folder, print how many it contained."""
    with duckdb.connect() as connection:
        connection.execute(FOR_EVERY_CONNECTION)
        days = connection.execute(FLOOR).fetchall()
    print(json.dumps([sum(day[1] for day in days), sum(day[2] for day in days)]))


def make_views(raw: str, folder: str) -> None:
    """Make the warehouse of a home folder, with the views that the nightly lays on raw files."""
    with warehouse.opened(Home(Path(folder)).warehouse) as connection:
        raw_views.write_views(raw_files.inspect(Path(raw), lookups.load(PROJECT)), connection)


def count_sessions(folder: str) -> None:
    """Print how many sessions the build of a home folder contained and closed, and its segments."""
    with duckdb.connect(str(Home(Path(folder)).warehouse), read_only=True) as connection:
        connection.execute(FOR_EVERY_CONNECTION)
        print(json.dumps(connection.execute(BUILT).fetchone()))


# --- the measuring -------------------------------------------------------------------------------


def _start(
    code: str, *arguments: object, folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[Cost, str]:
    """Run Python code as a process to its end, give its cost and what it printed."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "scripts"), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        assert process.stdout is not None
        with process.stdout:
            output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
    seconds = time.monotonic() - started
    if process.returncode:
        say("\n".join(output.rstrip().splitlines()[-TOLD_LINES:]))
        raise Stop(f"a process of the benchmark ended with {process.returncode}; see above")
    peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak), output


def _own(call: str, *arguments: object, folder: Path) -> tuple[Cost, str]:
    """Run a function of this module as a process."""
    return _start(
        f"import sys; from containment import benchmark; benchmark.{call}",
        *arguments,
        folder=folder,
    )


def _floor(raw: Path) -> tuple[Cost, list[int]]:
    cost, output = _own("run_floor()", folder=raw)
    return cost, json.loads(output)


def _builds(history: Path, raw: Path, home: Home) -> Iterator[tuple[str, Cost]]:
    """Build all models into a new warehouse, then two nights more; only dbt itself is timed.

    dbt has parsed the project before, as it has on every night but the first: the raw path that it
    is told is the same throughout.
    """
    home.warehouse_folder.mkdir(parents=True)
    for step, folder in ((FULL, history), (NIGHT, raw), (IDLE, raw)):
        _own("make_views(*sys.argv[1:])", folder, home.folder, folder=raw)
        if step == FULL:
            _dbt(raw, home, "parse")
        cost = _dbt(raw, home, "build", "--exclude-resource-type", "test", "unit_test")
        yield step, replace(cost, scan_seconds=_scan_seconds(home))


def _scan_seconds(home: Home) -> float:
    results = json.loads((home.dbt_target / "run_results.json").read_text(encoding="utf-8"))
    return next(
        float(result["execution_time"])
        for result in results["results"]
        if result["unique_id"].endswith(".int_changed_conversations")
    )


def _dbt(raw: Path, home: Home, command: str, *arguments: str) -> Cost:
    cost, _ = _start(
        "from dbt.cli.main import cli; cli()",
        *("--log-path", home.dbt_logs, command, "--target", "duckdb"),
        *("--target-path", home.dbt_target, "--project-dir", PROJECT, "--profiles-dir", PROJECT),
        *("--vars", json.dumps({"sources": [raw_files.SOURCE], "raw_path": str(raw)})),
        *arguments,
        folder=PROJECT,
        environment={
            "CONTAINMENT_HOME": str(home.folder),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
    )
    return cost


# --- the command ---------------------------------------------------------------------------------


def benchmark(messages: int, runs: int, folder: Path) -> None:
    """Make the raw files in a folder, run floor, build and nights in turn, print what they took."""
    clock = Clock()
    raw, history = folder / "raw", folder / "history"
    for place, call in (
        (raw, "make_raw(int(sys.argv[1]))"),
        (history, "make_history(sys.argv[1])"),
    ):
        place.mkdir(parents=True)
        _own(call, messages if place == raw else raw, folder=place)
    size = sum(file.stat().st_size for file in raw.iterdir())
    say(
        f"raw files: {messages:,} messages, {messages // 10:,} conversations, "
        f"{messages // 8:,} events ({size / MIB:.1f} MiB, {clock})"
    )
    say(
        f"DuckDB {duckdb.__version__}, dbt {version('dbt-core')}, dbt-duckdb "
        f"{version('dbt-duckdb')}, {os.cpu_count()} cores"
    )
    costs: dict[str, list[Cost]] = {step: [] for step in (FLOOR_STEP, FULL, NIGHT, IDLE)}
    home = Home(folder / "home")
    for run in range(1, runs + 1):
        shutil.rmtree(home.folder, ignore_errors=True)
        floor, floor_counts = _floor(raw)
        costs[FLOOR_STEP].append(floor)
        for step, cost in _builds(history, raw, home):
            costs[step].append(cost)
        say(
            f"run {run}: "
            + ", ".join(f"{step} {found[-1].seconds:.1f} s" for step, found in costs.items())
        )
    say("")
    for line in _table(costs):
        say(line)
    say("")
    _, output = _own("count_sessions(sys.argv[1])", home.folder, folder=folder)
    contained, closed, segments = json.loads(output)
    say(f"floor: {_rate(*floor_counts)} closed segments")
    say(f"build: {_rate(contained, closed)} closed sessions; {segments:,} segments")


def _table(costs: Mapping[str, Sequence[Cost]]) -> Iterator[str]:
    """A row of medians for each step; its ratios are medians of the runs' ratios."""
    header = ("step", "seconds", "of it scan", "x floor", "x full build", "CPU seconds", "MiB")
    rows = [
        (
            step,
            f"{median(cost.seconds for cost in found):.2f}",
            f"{median(cost.scan_seconds for cost in found):.2f}",
            _ratio(found, costs[FLOOR_STEP]),
            _ratio(found, costs[FULL]),
            f"{median(cost.cpu_seconds for cost in found):.2f}",
            round(median(cost.peak_bytes for cost in found) / MIB),
        )
        for step, found in costs.items()
    ]
    yield from headline.table(header, rows, texts=1)


def _ratio(these: Sequence[Cost], those: Sequence[Cost]) -> str:
    pairs = zip(these, those, strict=True)
    return f"{median(this.seconds / that.seconds for this, that in pairs):.2f}"


def _rate(contained: int, closed: int) -> str:
    share = f"{headline.percent(contained, closed)} %" if closed else "-"
    return f"contained {share}, {contained:,} of {closed:,}"


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """A folder to work in: the one to keep, which must be new or empty, or a temporary one."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="containment-benchmark-") as name:
            yield Path(name)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise Stop(f"--keep {keep}: not empty; name a new folder")
    except OSError as error:
        raise Stop(f"--keep {keep}: cannot be made ({error.strerror})") from None
    yield keep


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/benchmark",
        description="Time dbt build (without tests), whole and on the nights after, beside the "
        "floor: one hand-written statement that gives contained and closed counts per day from the "
        "same synthetic files.",
    )
    parser.add_argument(
        "--messages",
        type=int,
        default=10_000_000,
        metavar="N",
        help="how many messages to make (default: 10 million, which needs 2 GiB of disk)",
    )
    parser.add_argument(
        "--runs", type=int, default=3, metavar="N", help="how often to time each (default: 3)"
    )
    parser.add_argument(
        "--keep",
        type=lambda text: Path(os.path.abspath(text)),
        metavar="DIR",
        help="keep the raw files and the last build in this folder, new or empty "
        "(default: a temporary folder, TMPDIR says where)",
    )
    given = parser.parse_args()
    if given.messages < FEWEST_MESSAGES:
        parser.error(f"--messages {given.messages}: at least {FEWEST_MESSAGES:,}")
    if given.runs < 1:
        parser.error(f"--runs {given.runs}: at least 1")
    return given


def _on_signal(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)  # tidying up on the way


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _on_signal)
    signal.signal(signal.SIGTERM, _on_signal)
    given = _arguments()
    try:
        with _folder(given.keep) as folder:
            benchmark(given.messages, given.runs, folder)
    except Stop as stop:
        fail(str(stop))
        sys.exit(stop.exit_code)
