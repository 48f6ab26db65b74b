"""Re:amaze's conversations and messages from its REST API: what changed since the last run.

Each run adds how it found the conversations that have changed, for Re:amaze keeps no history of
statuses.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from http import HTTPStatus
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.helpers.requests import Client, RequestException, Response

from containment.common.console import say
from containment.common.errors import Stop
from containment.extraction import landing

SYSTEM = "reamaze"
PREFIX, VARIABLES = "sources.reamaze", "SOURCES__REAMAZE__"
ATTEMPTS = 8
LONGEST_WAIT = 300  # seconds, also where the server asks for more
PAGES_IN_A_BATCH = 20  # what is read again at most after a cut; dlt's setting of this name
Json = dict[str, Any]

TEXT, NUMBER = {"data_type": "text"}, {"data_type": "bigint"}
TIME: Json = {"data_type": "timestamp"}
COLUMNS: dict[str, dict[str, Json]] = {
    "conversations": {
        **dict.fromkeys(("slug", "category", "author", "assignee", "followers", "brand"), TEXT),
        **dict.fromkeys(("status", "origin"), NUMBER),
        **dict.fromkeys(("created_at", "updated_at", "loaded_at"), TIME),
    },
    "messages": {
        **dict.fromkeys(("body", "user", "conversation"), TEXT),
        **dict.fromkeys(("visibility", "origin"), NUMBER),
        **dict.fromkeys(("created_at", "loaded_at"), TIME),
    },
}


def extract(folder: Path, *, full: bool, loaded_at: datetime) -> dict[str, int]:
    """Load what has changed in each brand into `folder`/reamaze, give the rows of each table."""
    brands = landing.secret(f"{PREFIX}.brands", f"{VARIABLES}BRANDS", "shop.reamaze.io")
    login = landing.secret(f"{PREFIX}.login", f"{VARIABLES}LOGIN", "you@example.org")
    token = landing.secret(f"{PREFIX}.token", f"{VARIABLES}TOKEN", "the API token of your account")
    into = landing.pipeline(SYSTEM, folder)
    counts: dict[str, int] = {}
    for number, brand in enumerate(name.strip() for name in brands.split(",")):
        with landing.told_in_one_line(f"Re:amaze ({brand})", login, token):
            sweep = Sweep(Api(brand, login, token), brand, loaded_at)
            while not sweep.is_done:
                anew = full and number == 0 and sweep.is_fresh
                rows = landing.load(into, sweep.source(), full=anew)
                sweep.is_fresh = False
                for table, count in rows.items():
                    counts[table] = counts.get(table, 0) + count
    return counts


class Api:
    """One brand's API. Waits where it is asked to, and tries again what fails by itself."""

    def __init__(self, brand: str, login: str, token: str) -> None:
        # https but for a server on this machine, which is only good for trying.
        scheme = "http" if brand.startswith("127.0.0.1:") else "https"
        self.address = f"{scheme}://{brand}/api/v1"
        self.authorization = (login, token)
        self.client = Client(
            request_max_attempts=ATTEMPTS,
            request_max_retry_delay=LONGEST_WAIT,
            retry_condition=_is_unreadable,
        )

    def pages(self, path: str, rows: str, first: int = 1, **query: str) -> Iterator[list[Json]]:
        """The pages of a list from `first` on; an empty list after the last."""
        page = first
        while True:
            answer = self._get(path, page=str(page), **query)
            found, count = answer.get(rows), answer.get("page_count")
            if not isinstance(found, list) or not isinstance(count, int):
                raise Stop(
                    f"{self.address}{path}: the answer has no {rows} and page_count; "
                    "is it the API of Re:amaze?"
                )
            yield found
            page += 1
            if page > count:
                yield []
                return

    def _get(self, path: str, **query: str) -> Json:
        try:
            response = self.client.get(
                self.address + path,
                params=query,
                auth=self.authorization,
                headers={"Accept": "application/json"},
            )
            answer = response.json()
        except RequestException as error:
            raise Stop(f"{self.address}{path}: {_problem(error)}") from None
        except ValueError:
            raise Stop(
                f"{self.address}{path}: the answer was not JSON, {ATTEMPTS} times; try later"
            ) from None
        return answer if isinstance(answer, dict) else {}


class Sweep:
    """Through the conversations of a brand, the last changed first, down to where the last ended.

    What it remembers (in dlt's state, written with the rows): `floor`, the newest change that the
    last whole sweep began with; while one is at work also `newest`, with which it began, and
    `page`, the next one. What changes meanwhile moves to the front, and moves the others further
    down: nothing is missed, some is read twice.
    """

    def __init__(self, api: Api, brand: str, loaded_at: datetime) -> None:
        self.api, self.brand, self.loaded_at = api, brand, loaded_at
        self.pages = dlt.config.get(f"{PREFIX}.pages_in_a_batch", int) or PAGES_IN_A_BATCH
        self.is_done = False
        self.is_fresh = True  # nothing read yet in this run

    def source(self) -> dlt.sources.DltSource:
        """What dlt is to load next: some pages, and the place after them."""

        @dlt.resource(name=f"{SYSTEM}_pages", write_disposition="append")  # type: ignore[untyped-decorator]
        def pages() -> Iterator[Any]:
            state = dlt.current.source_state().setdefault(self.brand, {})
            if "page" in state and self.is_fresh:
                say(f"{self.brand}: goes on at page {state['page']}, where the last run was cut")
                yield from self._changed_since_the_cut(state)
            else:
                yield from self._some_pages(state)

        return dlt.source(lambda: pages, name=SYSTEM)()

    def _changed_since_the_cut(self, state: Json) -> Iterator[Any]:
        newest = state["newest"]
        yield from self._rows(state, first=1, down_to=newest, pages=None)
        state["page"] = max(1, state["page"] - 1)  # a deleted conversation moves the others up

    def _some_pages(self, state: Json) -> Iterator[Any]:
        first = state.get("page", 1)
        ended = yield from self._rows(
            state, first=first, down_to=state.get("floor"), pages=self.pages
        )
        if ended:
            state["floor"] = state.pop("newest", None) or state.get("floor")
            state.pop("page", None)
            self.is_done = True
        else:
            state["page"] = first + self.pages

    def _rows(self, state: Json, *, first: int, down_to: str | None, pages: int | None) -> Any:
        """Rows of these pages; gives whether there is nothing more to read."""
        listing = self.api.pages(
            "/conversations", "conversations", first, filter="all", sort="changed"
        )
        for read, found in enumerate(listing, start=1):
            if not found:
                return True
            if first == 1 and read == 1:
                state["newest"] = _changed_at(found[0], self.api.address)
            for conversation in found:
                changed_at = _changed_at(conversation, self.api.address)
                if down_to is not None and changed_at < down_to:
                    return True
                yield self._marked("conversations", self._conversation(conversation))
                yield from self._messages(conversation["slug"])
            if read == pages:
                return False
        return True

    def _messages(self, slug: str) -> Iterator[Any]:
        for found in self.api.pages(f"/conversations/{slug}/messages", "messages"):
            for message in found:
                yield self._marked("messages", self._message(message, slug))

    def _marked(self, table: str, row: Json) -> Any:
        hints = dlt.mark.make_hints(table_name=table, columns=COLUMNS[table])
        return dlt.mark.with_hints(row, hints, create_table_variant=True)

    def _conversation(self, found: Json) -> Json:
        """What staging reads, in the API's own shape."""
        author, category = found.get("author") or {}, found.get("category") or {}
        identity = author.get("email") or author.get("id")
        return {
            "slug": found["slug"],
            "status": found.get("status"),
            "created_at": found.get("created_at"),
            "updated_at": found.get("updated_at"),
            "origin": found.get("origin"),
            "category": json.dumps({"channel": category.get("channel")}),
            "author": json.dumps({"email": _hashed(identity)}),
            "assignee": json.dumps({} if found.get("assignee") else None),
            "followers": json.dumps(
                [
                    {"email": _hashed(each.get("email")), "bot?": True}
                    for each in found.get("followers") or []
                    if each.get("bot?")
                ]
            ),
            "brand": self.brand,
            "loaded_at": self.loaded_at,
        }

    def _message(self, found: Json, slug: str) -> Json:
        user = found.get("user") or {}
        return {
            "body": hashlib.sha256((found.get("body") or "").encode()).hexdigest(),
            "visibility": found.get("visibility"),
            "origin": found.get("origin"),
            "created_at": found.get("created_at"),
            "user": json.dumps(
                {
                    "email": _hashed(user.get("email")),
                    "name": _hashed(user.get("name")),
                    "staff?": bool(user.get("staff?")),
                }
            ),
            "conversation": json.dumps({"slug": slug}),
            "loaded_at": self.loaded_at,
        }


def _hashed(value: Any) -> str | None:
    """As staging hashes: of the text in lower case, without space around it."""
    if value is None:
        return None
    return hashlib.sha256(str(value).strip().lower().encode()).hexdigest()


def _changed_at(conversation: Json, address: str) -> str:
    """When a conversation last changed, as text of UTC that sorts."""
    try:
        text = conversation["updated_at"].replace("Z", "+00:00")
        moment = datetime.fromisoformat(text).astimezone(timezone.utc)
        return moment.isoformat(timespec="milliseconds") if conversation["slug"] else ""
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Stop(f"{address}/conversations: one has no slug or no updated_at") from None


def _is_unreadable(response: Response | None, _: BaseException | None) -> bool:
    """Whether a good answer is no JSON: half of one, or a page about maintenance."""
    if response is None or not response.ok:
        return False
    try:
        response.json()
        return False
    except ValueError:
        return True


def _problem(error: RequestException) -> str:
    response = error.response
    if response is None:
        return f"cannot be reached ({type(error).__name__})"
    if response.status_code in (401, 403):
        return f"refused ({response.status_code}); check {VARIABLES}LOGIN and {VARIABLES}TOKEN"
    return f"{response.status_code} {HTTPStatus(response.status_code).phrase}, {ATTEMPTS} times"
