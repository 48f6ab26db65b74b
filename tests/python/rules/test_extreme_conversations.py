"""One enormous conversation and thousands of one message: right, and with no more work than rows.

What grows with the square of a conversation's rows or segments, or of a customer's conversations,
shows as an operator of a query plan that gives, or compares, far more rows than there are.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import comparison
import duckdb
import faults
import oracle
import projects
import pytest
from test_real_data import lookup_settings

from containment.raw import in_folder, views
from containment.settings import lookups, source_yml

pytestmark = pytest.mark.heavy

ENORMOUS = "enormous"
MESSAGES = 20_000
EVENTS = 2_000
SMALL_CONVERSATIONS = 20_000
START = datetime(2026, 3, 1)
# An operator may give so many rows for each raw row; the square of anything here is far more.
MOST_ROWS_PER_ROW = 2
FEW = 1_000  # rows of a side that a join may compare with all of the other

Rows = dict[str, list[dict[str, Any]]]


def raw_rows() -> Rows:
    """The raw tables: the enormous conversation, and small ones that all are of its customer."""
    chance = random.Random(4)
    raw: Rows = {"conversations": [], "messages": [], "events": []}
    add_conversation(raw, ENORMOUS)
    moment = START
    for number in range(MESSAGES):
        moment += timedelta(seconds=chance.choice([0, 1, 20, 300] * 250 + [1800, 1801, 90_000]))
        author = chance.choice(["customer", "customer", "bot", "bot", "agent", "system"])
        add_message(raw, ENORMOUS, number, author, moment)
        if number % (MESSAGES // EVENTS) == 0:
            raw["events"].append(
                {
                    "event_id": f"e{number}",
                    "conversation_id": ENORMOUS,
                    "event_type": chance.choice(["resolved", "escalated", "assigned"]),
                    "occurred_at": (moment + timedelta(seconds=chance.choice([0, 1]))).isoformat(),
                }
            )
    for number in range(SMALL_CONVERSATIONS):
        add_conversation(raw, f"small {number}")
        author = ("customer", "bot", "agent")[number % 3]
        add_message(raw, f"small {number}", 0, author, START + timedelta(seconds=number))
    return raw


def add_conversation(raw: Rows, name: str) -> None:
    raw["conversations"].append(
        {"conversation_id": name, "channel": "chat", "customer_id": "anonymous"}
    )


def add_message(raw: Rows, name: str, number: int, author: str, moment: datetime) -> None:
    raw["messages"].append(
        {
            "message_id": f"m{number}",
            "conversation_id": name,
            "author_type": author,
            "sent_at": moment.isoformat(),
        }
    )


class Extreme:
    """The raw rows, a folder that holds them, and a home that is built from it.

    Tests take it as the one before leaves it.
    """

    def __init__(self, folder: Path) -> None:
        self.raw = raw_rows()
        self.folder, self.home = folder / "raw", folder / "home"
        self.folder.mkdir()
        self.database = self.home / "warehouse" / "containment.duckdb"
        self.scratch = folder / "scratch.duckdb"

    def night(self) -> list[dict[str, Any]]:
        """Build, without tests; give the conversations that were cut."""
        for table, rows in self.raw.items():
            faults.write_table(self.folder / f"{table}.parquet", table, rows)
        self.database.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.database)) as connection:
            found = in_folder.inspect(self.folder, lookups.load(projects.ROOT))
            views.write_views(found, connection)
        projects.dbt(
            *(projects.ROOT, self.home, "build", "--exclude-resource-type", "test", "unit_test"),
            scratch=self.scratch,
            sources=[source_yml.CONTRACT],
        )
        return projects.rows(
            self.database,
            "select conversation_id, change_reason from intermediate.int_changed_conversations",
        )

    def assert_equals_oracle(self) -> None:
        expected = oracle.compute({source_yml.CONTRACT: self.raw}, lookup_settings())
        comparison.assert_equals_oracle(self.database, expected)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open what is built, to read it."""
        connection = duckdb.connect(str(self.database), read_only=True)
        connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
        connection.execute(f"attach '{self.scratch}' as scratch (read_only)")
        return connection

    def queries(self) -> dict[str, str]:
        """The query of each model, as it has run."""
        results = json.loads((self.home / "target" / "run_results.json").read_text())["results"]
        return {
            result["unique_id"].split(".")[-1]: result["compiled_code"]
            for result in results
            if result["unique_id"].startswith("model.")
        }

    def plans(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each model with the plan of its query, as it runs on what is built."""
        with self.connect() as connection:
            for name, query in self.queries().items():
                code = f"explain (analyze, format json) {query}"
                (_, plan), *_ = connection.execute(code).fetchall()
                yield name, json.loads(plan)


@pytest.fixture(scope="module")
def extreme(tmp_path_factory: pytest.TempPathFactory) -> Extreme:
    made = Extreme(tmp_path_factory.mktemp("extreme"))
    assert len(made.night()) == 1 + SMALL_CONVERSATIONS
    return made


def operators(node: dict[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """The operators of a plan: type, rows that came out, and the whole node."""
    # DuckDB 1.5 has other names than 2.0.
    name = node.get("type") or node.get("operator_type")
    if name:
        yield name, rows_of(node), node
    for child in [*node.get("operator", []), *node.get("children", [])]:
        yield from operators(child)


def rows_of(node: dict[str, Any]) -> int:
    return int(node.get("intermediate_rows", node.get("operator_cardinality", 0)))


def compares_all_pairs(name: str, node: dict[str, Any]) -> bool:
    """Whether a join compares many rows with many that it does not find by equality."""
    sides = [rows_of(child) for child in node.get("children", [])]
    if len(sides) < 2 or min(sides) <= FEW:
        return False
    if "JOIN" not in name:
        return name == "CROSS_PRODUCT"
    conditions = node["extra_info"].get("Conditions", [])
    each = [conditions] if isinstance(conditions, str) else conditions
    return not each or any(inequality in condition for condition in each for inequality in "<>")


def test_no_model_has_more_work_than_rows(extreme: Extreme) -> None:
    most = MOST_ROWS_PER_ROW * sum(map(len, extreme.raw.values()))
    for model, plan in extreme.plans():
        for name, rows, node in operators(plan):
            assert rows <= most, f"{model}: {name} gives {rows:,} rows"
            assert not compares_all_pairs(name, node), f"{model}: {name} compares all pairs"


def test_the_timeline_is_sorted_once(extreme: Extreme) -> None:
    plans = dict(extreme.plans())
    found, own = (
        Counter(name for name, _, _ in operators(plans[model]))
        for model in ("int_segmented_timeline", "int_takeovers")
    )
    assert found["STREAMING_WINDOW"] > 0
    assert found["ORDER_BY"] == 1
    assert found["WINDOW"] == own["WINDOW"]


@pytest.mark.parametrize("column", ["conversation_number", "happened_us", "place_order"])
def test_rows_that_come_in_another_order_end_the_build(extreme: Extreme, column: str) -> None:
    query = extreme.queries()["int_timeline"]
    sort = "order by conversation_number, happened_us, place_order, row_id"
    assert query.count(sort) == 1
    with extreme.connect() as connection:
        assert connection.execute(query).fetchone() is not None
        with pytest.raises(duckdb.Error, match="do not come in their order: int_timeline"):
            connection.execute(
                query.replace(sort, sort.replace(column, f"{column} desc"))
            ).fetchall()


def test_whoever_asks_for_one_row_gets_one(extreme: Extreme) -> None:
    """DuckDB 2.0 forgets the limit of a left join with nothing: no conversation here is rated."""
    views = projects.rows(
        extreme.database, "select view_name from duckdb_views() where schema_name = 'marts'"
    )
    assert views
    for view in views:
        rows = projects.rows(extreme.database, f"select * from marts.{view['view_name']} limit 1")
        assert len(rows) <= 1, f"{view['view_name']}: {len(rows):,} rows"


def test_a_night_equals_the_oracle_and_cuts_only_what_changed(extreme: Extreme) -> None:
    extreme.assert_equals_oracle()
    add_message(extreme.raw, ENORMOUS, MESSAGES, "bot", START + timedelta(days=200))
    assert extreme.night() == [{"conversation_id": ENORMOUS, "change_reason": "rows"}]
    extreme.assert_equals_oracle()
    assert extreme.night() == []
