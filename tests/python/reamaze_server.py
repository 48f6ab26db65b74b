"""An HTTP server on 127.0.0.1 that behaves like Re:amaze's API, faults included."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LOGIN, TOKEN = "reader-not-for-logs@example.org", "token-not-for-logs"
PAGE_SIZE = 5
Json = dict[str, Any]


class Desk:
    """What the server holds, and how it misbehaves."""

    def __init__(self) -> None:
        self.brand = ""
        self.reset()

    def reset(self) -> None:
        """Nothing in it, and it behaves."""
        self.conversations: dict[str, Json] = {}
        self.messages: dict[str, list[Json]] = {}
        self.faults: list[str] = []  # each spoils one request: 429, 500, cut, bad json, shape
        self.requests: list[str] = []
        self.before: Callable[[str], None] = lambda path: None  # called before each answer

    def page(self, path: str, number: int) -> Json:
        """A page of conversations, the last changed first, or of a conversation's messages."""
        if path == "/api/v1/conversations":
            name = "conversations"
            rows = sorted(
                self.conversations.values(), key=lambda row: row["updated_at"], reverse=True
            )
        else:
            name, rows = "messages", self.messages.get(path.split("/")[-2], [])
        return {
            "page_size": PAGE_SIZE,
            "page_count": max(1, -(-len(rows) // PAGE_SIZE)),
            "total_count": len(rows),
            name: rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        }


@contextmanager
def running() -> Iterator[Desk]:
    """Start a server, give its desk."""
    desk = Desk()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            desk.requests.append(self.path)
            desk.before(self.path)
            known = base64.b64encode(f"{LOGIN}:{TOKEN}".encode()).decode()
            if self.headers.get("Authorization") != f"Basic {known}":
                self.send_error(401)
                return
            fault = desk.faults.pop(0) if desk.faults else ""
            number = int(parse_qs(address.query).get("page", ["1"])[0])
            body = json.dumps(desk.page(address.path, number)).encode()
            if fault == "429":
                self.send_response(429)
                self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif fault == "500":
                self.send_error(500)
            else:
                body = {"bad json": body[:-20], "shape": b'{"items": []}'}.get(fault, body)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
                if fault == "cut":
                    self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    desk.brand = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
