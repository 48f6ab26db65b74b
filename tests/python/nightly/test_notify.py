"""Messages: each piece of news once to each address, never a secret, never a failed night."""

from __future__ import annotations

import fcntl
import importlib.util
import io
import json
import logging
import os
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import projects
import pytest

from containment.commands import notify as command_of_notify
from containment.common.clock import utc_now
from containment.messages import addresses, words
from containment.publish import headline
from containment.runs.run import FAILED, KILLED, REFUSED

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("apprise") is None,
        reason="the optional group notify is not installed (locks/notify.lock)",
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of what apprise imports
]
REPORT = "https://bi.example.com/report.html"
SECRET = "s3cret-t0ken"


class Server(ThreadingHTTPServer):
    """Takes JSON messages; `answer` says how, before the message is kept."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[dict[str, Any]] = []
        self.status = 200
        self.answer: Callable[[], None] = lambda: None

    def url(self, more: str = "") -> str:
        return f"json://{SECRET}@127.0.0.1:{self.server_port}/{SECRET}{more}"

    def taken(self) -> list[str]:
        """The messages so far, title and text in one; they are forgotten."""
        said = [f"{each['title']}\n{each['message']}" for each in self.received]
        self.received.clear()
        return said


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.server.answer()
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a message needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.received.append(b"".join(lines).decode())  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


def serving(server: socketserver.BaseServer) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    yield from serving(Server())


@pytest.fixture
def home(sample: Path, tmp_path: Path) -> Path:
    """A home with the sample's publication and its run; other tests let other runs fail there."""
    home = tmp_path / "home"
    shutil.copytree(sample / "history", home / "history")
    name = (sample / "published" / "current").readlink().name
    with duckdb.connect(str(home / "history" / "history.duckdb")) as connection:
        connection.execute("delete from runs where publication is distinct from ?", [name])
    folder = home / "published" / "versions" / name
    folder.mkdir(parents=True)
    shutil.copy(sample / "published" / "containment.duckdb", folder)
    (home / "published" / "current").symlink_to(Path("versions", name))
    change(home, "delete from marts.signals")
    (home / "config").mkdir()
    (home / "config" / "settings.yml").write_text(f"report_url: {REPORT}\n", encoding="utf-8")
    return home


def change(home: Path, *statements: str) -> None:
    """Change the publication."""
    with duckdb.connect(str(next(home.glob("published/current/*.duckdb")))) as connection:
        for statement in statements:
            connection.execute(statement)


def add_signal(home: Path, days_ago: int = 2, **other: Any) -> date:
    """Add a signal of a day so many days before as_of; give the day."""
    database = next(home.glob("published/current/*.duckdb"))
    [settings] = projects.rows(database, "select as_of from marts.settings")
    day: date = settings["as_of"].date() - timedelta(days=days_ago)
    row = {
        "period_kind": "day",
        "period_start_date": day,
        "period_end_date": day,
        "dimension": "channel",
        "dimension_value": "chat",
        "rate_name": "containment_rate",
        "rule_name": "beyond_three_sigma",
        "direction": "below",
        "counted": 61,
        "base_count": 100,
        "rate": 0.61,
        "centre_rate": 0.7541,
        "control_low": 0.6249,
        "control_high": 0.8833,
        "dispersion": 1.0,
        "base_start_date": day - timedelta(days=56),
        "base_end_date": day - timedelta(days=7),
        "base_sessions": 1234,
        "judged_count": 37,
        **other,
    }
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"insert into marts.signals ({', '.join(row)}) values ({', '.join('?' for _ in row)})",
            [*row.values()],
        )
    return day


def add_run(home: Path, outcome: str, exit_code: int, hours_ago: float = 1, **other: Any) -> None:
    """Add a run to the history."""
    began = utc_now() - timedelta(hours=hours_ago)
    row = {
        "run_id": f"{began:%Y%m%dT%H%M%S.%fZ}",
        "started_at": began,
        "ended_at": began,
        "outcome": outcome,
        "exit_code": exit_code,
        "message": "not published, rows are missing",
        **other,
    }
    with duckdb.connect(str(home / "history" / "history.duckdb")) as connection:
        connection.execute(
            f"insert into runs ({', '.join(row)}) values ({', '.join('?' for _ in row)})",
            [*row.values()],
        )


def command(home: Path, *arguments: str) -> list[str]:
    return [
        *(sys.executable, str(projects.ROOT / "scripts" / "notify"), "--home", str(home)),
        *arguments,
    ]


def environment(*urls: str) -> dict[str, str]:
    given = {**os.environ, "CONTAINMENT_VENV": sys.prefix, "no_proxy": "*"}
    given.pop(addresses.VARIABLE, None)
    return {**given, addresses.VARIABLE: " ".join(urls)} if urls else given


def notify(home: Path, *arguments: str, to: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run scripts/notify in this process; give its exit code, and what it said: never a secret."""
    said = io.StringIO()
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment(*to), clear=True))
        stack.enter_context(patch.object(sys, "argv", ["notify", "--home", str(home), *arguments]))
        stack.enter_context(redirect_stdout(said))
        stack.enter_context(redirect_stderr(said))
        ended = stack.enter_context(pytest.raises(SystemExit))
        command_of_notify.main()
    for handler in [*logging.getLogger("containment").handlers]:
        if isinstance(handler, logging.FileHandler):
            logging.getLogger("containment").removeHandler(handler)
            handler.close()
    log = home / "logs" / "nightly.log"
    logged = log.read_text(encoding="utf-8") if log.exists() else ""
    assert SECRET not in said.getvalue() + logged
    code = ended.value.code
    assert isinstance(code, int)
    return code, said.getvalue()


def test_a_signal_is_told_once_with_its_numbers(home: Path, server: Server) -> None:
    day = add_signal(home)
    assert notify(home, to=(server.url(),)) == (
        0,
        "message sent to address 1 json: containment: 1 signal\n",
    )
    low, high = headline.wilson(61, 100)
    [said] = server.taken()
    assert said.splitlines() == [
        "containment: 1 signal",
        f"{day:%A} {day}, channel “chat”: containment 61.0 % (61 of 100 closed sessions; 95 % "
        f"interval {low}–{high} %), below its limits 62.4–88.3 %; centre line 75.4 % (1,234 closed "
        f"sessions, {day - timedelta(days=56)} to {day - timedelta(days=7)})",
        f"{REPORT}#from={day}&to={day}&channel=chat",
        "",
        "1 of 37 judged rates; chance alone makes about 0.1 of them signals",
    ]
    assert notify(home, to=(server.url(),)) == (0, "")
    # Late rows move its counts; another night it is gone; then it is back.
    change(home, "update marts.signals set counted = 60, rate = 0.6, direction = 'above'")
    assert notify(home, to=(server.url(),)) == (0, "")
    change(home, "delete from marts.signals")
    assert notify(home, to=(server.url(),)) == (0, "")
    add_signal(home)
    add_signal(home, dimension_value="sms")
    add_signal(home, days_ago=20)  # older than what is news
    assert notify(home, to=(server.url(),))[0] == 0
    [said] = server.taken()
    assert "sms" in said
    assert "chat" not in said


def test_the_same_sessions_under_two_names_are_one_signal(home: Path, server: Server) -> None:
    add_signal(home, dimension="source", dimension_value="sample")
    add_signal(home, dimension="all", dimension_value="all")
    add_signal(home, rate_name="resolution_rate", counted=40, rule_name="run_of_eight")
    assert notify(home, to=(server.url(),))[0] == 0
    [said] = server.taken()
    assert said.startswith("containment: 2 signals\n")
    assert "source" not in said
    assert "the eighth day in a row below its centre line; limits 62.4–88.3 %" in said


def test_an_address_is_known_wherever_it_stands(home: Path, server: Server) -> None:
    add_signal(home)
    old, new = server.url("/old"), server.url("/new")
    assert notify(home, to=(old,))[0] == 0
    assert len(server.taken()) == 1
    code, said = notify(home, to=(new, old))
    assert (code, said) == (0, "message sent to address 1 json: containment: 1 signal\n")
    assert len(server.taken()) == 1


def test_what_cannot_be_remembered_though_it_can_be_read_is_not_sent(
    home: Path, server: Server
) -> None:
    """So it is on a full disk: here the table takes no row."""
    add_signal(home)
    with duckdb.connect(str(home / "history" / "history.duckdb")) as connection:
        connection.execute(
            "create or replace table sent_messages "
            "(message_key varchar, recipient varchar check (recipient is null), sent_at timestamp)"
        )
    code, said = notify(home, to=(server.url(),))
    assert (code, server.taken()) == (2, [])
    assert "nothing was sent" in said


def test_many_signals_are_one_short_message(home: Path, server: Server) -> None:
    for number in range(15):
        add_signal(home, dimension="topic", dimension_value=f"t{number}", counted=number)
    assert notify(home, to=(server.url(),))[0] == 0
    [said] = server.taken()
    assert said.startswith("containment: 15 signals\n")
    assert said.count("topic") == 10
    assert "and 5 more signals: marts.signals" in said
    assert "&topic=" not in said  # the report has no such filter


def test_a_value_is_only_text(home: Path, server: Server) -> None:
    value = "<!channel> @all *b* `c` [x](http://evil.example/) \x1b[31m\n" + "é" * 5000
    add_signal(home, dimension_value=value)
    assert notify(home, to=(server.url(),))[0] == 0
    [said] = server.taken()
    sentence = said.splitlines()[1]
    assert not re.search(r"[<>@*`\[\]\x1b]|://", sentence)
    assert len(sentence) < 400
    assert words.value({"dimension_value": value}) in sentence


def test_by_mail(home: Path) -> None:
    day = add_signal(home)
    sink = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail)
    sink.received = []  # type: ignore[attr-defined]
    for running in serving(sink):
        port = running.server_address[1]
        url = f"mailto://127.0.0.1:{port}?from=bot@example.com&to=desk@example.com&mode=insecure"
        code, said = notify(home, to=(url,))
        assert (code, said) == (0, "message sent to address 1 mailto: containment: 1 signal\n")
        assert notify(home, to=(url,)) == (0, "")
        [mail] = running.received
    assert "Subject: containment: 1 signal" in mail
    assert str(day) in mail


def test_who_was_not_reached_is_told_at_the_next_run_and_nobody_else(
    home: Path, server: Server
) -> None:
    add_signal(home)
    other = next(serving(Server()))
    dead = other.url()
    other.shutdown()
    other.server_close()
    code, said = notify(home, to=(dead, server.url()))
    assert code == 1
    assert said.splitlines() == [
        "message sent to address 2 json: containment: 1 signal",
        "warning: CONTAINMENT_NOTIFY: address 1 json did not take its message; the next run sends "
        "it again",
    ]
    server.taken()
    server.status = 500
    assert notify(home, to=(server.url("?late"), server.url()))[0] == 1
    assert len(server.taken()) == 1
    server.status = 200
    assert notify(home, to=(server.url(), server.url()))[0] == 0
    assert len(server.taken()) == 1


def test_a_slow_server_is_given_up(home: Path, server: Server) -> None:
    add_signal(home)
    over = threading.Event()
    server.answer = lambda: over.wait(60) and None
    began = time.monotonic()
    code, said = notify(home, to=(server.url("?rto=0.3&cto=0.3"),))
    took = time.monotonic() - began
    over.set()
    assert (code, "did not take its message" in said) == (1, True)
    assert took < 30


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (f"json://127.0.0.1 nosuch://{SECRET}@host", "address 2 (nosuch://...)"),
        (f"{SECRET}", "address 1 (without a scheme://)"),
        (f"json://127.0.0.1,  slack://{SECRET}", "address 2 (slack://...)"),
        (f"json://127.0.0.1/{SECRET} and more", "address 1 (json://...)"),
    ],
)
def test_a_wrong_address_is_named_by_its_position(home: Path, written: str, problem: str) -> None:
    add_signal(home)
    code, said = notify(home, to=(written,))
    assert code == 2
    assert said == (
        f"error: CONTAINMENT_NOTIFY: {problem} is none that apprise takes; check it (blanks or "
        "commas stand between addresses)\n"
    )


def test_addresses_are_split_where_another_begins() -> None:
    mail = "mailto://a:b@example.com?to=x@example.com,y@example.com"
    assert addresses.split(f" {mail},json://h ,\n slack://a/b/c ") == [
        mail,
        "json://h",
        "slack://a/b/c",
    ]
    assert addresses.split(" , ") == []


def test_without_an_address(home: Path) -> None:
    code, said = notify(home)
    assert (code, said.startswith("error: CONTAINMENT_NOTIFY is not set;")) == (2, True)


def test_a_dry_run_sends_nothing(home: Path, server: Server) -> None:
    add_signal(home)
    for to in ((), (server.url(),)):
        code, said = notify(home, "--dry-run", to=to)
        assert code == 0
        assert "channel “chat”: containment 61.0 %" in said
    assert server.taken() == []
    assert notify(home, to=(server.url(),))[0] == 0
    assert notify(home, "--dry-run", to=(server.url(),)) == (0, "to address 1 json: nothing new\n")


def test_two_at_once_send_one_message(home: Path, server: Server) -> None:
    add_signal(home)
    with (home / "history" / "notify.lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        code, said = notify(home, to=(server.url(),))
    assert (code, "another process sends messages; nothing was sent" in said) == (3, True)
    assert server.taken() == []


def test_a_kill_between_sending_and_remembering_sends_it_again(home: Path, server: Server) -> None:
    add_signal(home)
    running: list[subprocess.Popen[bytes]] = []
    began = threading.Event()

    def kill() -> None:
        began.wait(10)
        running[0].kill()
        running[0].wait()

    server.answer = kill
    running.append(subprocess.Popen(command(home), env=environment(server.url())))
    began.set()
    assert running[0].wait(60) == -signal.SIGKILL
    server.answer = lambda: None
    assert notify(home, to=(server.url(),))[0] == 0
    assert len(server.taken()) == 2  # rather twice than never
    assert notify(home, to=(server.url(),)) == (0, "")


@pytest.mark.parametrize("unwritable", ["notify.lock", "history.duckdb"])
def test_what_cannot_be_remembered_is_not_sent_but_a_run_that_failed_is(
    home: Path, server: Server, unwritable: str
) -> None:
    add_signal(home)
    path = home / "history" / unwritable
    path.unlink(missing_ok=True)
    path.mkdir()  # root may write into whatever is only protected
    code, said = notify(home, to=(server.url(),))
    assert (code, "nothing was sent, because nothing could be remembered" in said) == (2, True)
    assert server.taken() == []
    ended = {"run_id": "r", "started_at": "2026-10-05T02:00:00Z", "outcome": FAILED}
    ended |= {"exit_code": 2, "message": "no room left on the disk"}
    assert notify(home, "--ended", json.dumps(ended), to=(server.url(),))[0] == 2
    [message] = server.taken()
    assert "The run of 2026-10-05 02:00 UTC failed (exit code 2): no room left" in message


def test_a_publication_of_an_older_version_has_no_news(home: Path, server: Server) -> None:
    change(home, "drop table marts.signals", "drop table marts.control_charts")
    assert notify(home, to=(server.url(),)) == (0, "")
    assert notify(home, "--digest", to=(server.url(),))[0] == 0
    assert server.taken()[0].startswith("containment: weekly digest\n")


def test_a_run_that_failed_is_told_once(home: Path, server: Server) -> None:
    add_run(home, FAILED, 1)
    add_run(home, KILLED, 137, hours_ago=2, message="a pass" + "word=hunter2 " + "x" * 900)
    add_run(home, KILLED, 130, hours_ago=3)  # Ctrl-C: who pressed it knows
    add_run(home, REFUSED, 3, hours_ago=4)
    add_run(home, FAILED, 1, hours_ago=24 * 15)
    assert notify(home, to=(server.url(),))[0] == 0
    [said] = server.taken()
    assert said.startswith("containment: 2 runs failed\n")
    assert said.count("The run of") == 2
    assert "failed (exit code 1): not published, rows are missing" in said
    assert "Readers have the publication 2" in said
    assert "hunter2" not in said
    assert len(said) < 800
    assert notify(home, to=(server.url(),)) == (0, "")


@pytest.mark.parametrize(
    ("about", "told"), [("[signals]", "1 signal"), ("[failures]", "run failed"), ("[]", "")]
)
def test_messages_are_about_what_the_setting_says(
    home: Path, server: Server, about: str, told: str
) -> None:
    add_run(home, FAILED, 1)
    add_signal(home)
    assert notify(home, "--vars", f"{{notify: {about}}}", to=(server.url(),))[0] == 0
    titles = [said.splitlines()[0] for said in server.taken()]
    assert titles == ([f"containment: {told}"] if told else [])


def test_a_night_that_did_not_come_is_told_once_each_night(home: Path, server: Server) -> None:
    def age(hours: float) -> None:
        ended = utc_now() - timedelta(hours=hours)
        with duckdb.connect(str(home / "history" / "history.duckdb")) as connection:
            connection.execute("update runs set ended_at = ?", [ended])

    def told(*arguments: str) -> list[str]:
        assert notify(home, *arguments, to=(server.url(),))[0] == 0
        return server.taken()

    assert told("--missing-after", "26") == []
    age(27)
    assert told() == []
    with duckdb.connect(str(home / "history" / "history.duckdb")) as connection:
        [(ended,)] = connection.execute("select ended_at from runs").fetchall()
    [said] = told("--missing-after", "26")
    assert said.startswith("containment: no run\nNo run has published for 27 hours")
    assert told("--missing-after", "26") == []
    with duckdb.connect(str(home / "history" / "history.duckdb")) as connection:
        connection.execute("update runs set ended_at = ?", [ended])
    # The same last run, a day later: the next night is missing, too.
    assert told("--missing-after", "2") != []
    assert notify(home, "--missing-after", "0", to=(server.url(),))[0] == 2


def test_no_run_at_all_is_a_wrong_home(tmp_path: Path, server: Server) -> None:
    code, said = notify(tmp_path, "--missing-after", "26", to=(server.url(),))
    assert (code, "no run is on record; check --home" in said) == (2, True)
    code, said = notify(tmp_path / "none", to=(server.url(),))
    assert (code, "not found; check --home" in said) == (2, True)


def test_the_digest_is_the_last_whole_week_once(home: Path, server: Server) -> None:
    database = next(home.glob("published/current/*.duckdb"))
    [settings] = projects.rows(database, "select as_of from marts.settings")
    today: datetime = settings["as_of"]
    start = today.date() - timedelta(days=today.weekday() + 7)
    sessions = projects.rows(
        database,
        "select count(*) filter (where is_contained) as contained, count(is_contained) as closed "
        f"from marts.sessions where started_date between date '{start}' and date '{start}' + 6",
    )[0]
    add_signal(
        home,
        period_kind="week",
        period_start_date=start,
        period_end_date=start + timedelta(days=6),
    )
    assert notify(home, "--vars", "{notify: []}", "--digest", to=(server.url(),))[0] == 0
    [said] = server.taken()
    lines = said.splitlines()
    assert lines[0] == "containment: weekly digest"
    assert lines[1].startswith(
        f"Week {start} to {start + timedelta(days=6)}: containment "
        f"{headline.percent(sessions['contained'], sessions['closed'])} % "
        f"({sessions['contained']:,} of {sessions['closed']:,} closed sessions;"
    )
    assert lines[2].startswith("Against the week before: ")
    assert lines[3].startswith("Coverage ")
    assert f"{REPORT}#from={start}&to={start + timedelta(days=6)}" in lines
    assert any(line.startswith("Signals of the week: 1 among ") for line in lines)
    assert any(
        line.startswith("Runs since the week began: 1 published, 0 failed") for line in lines
    )
    assert notify(home, "--vars", "{notify: []}", "--digest", to=(server.url(),)) == (0, "")


def test_a_wrong_setting_leaves_the_others(home: Path, server: Server) -> None:
    (home / "config" / "settings.yml").write_text("notify: loudly\n", encoding="utf-8")
    add_signal(home)
    code, said = notify(home, to=(server.url(),))
    assert code == 0
    assert "notify is 'loudly'; write a list of signals and failures, or []" in said
    assert len(server.taken()) == 1


def night(home: Path, *arguments: str, to: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, str(projects.ROOT / "scripts" / "nightly"), "--home", str(home)),
            *arguments,
        ],
        env=environment(to),
        text=True,
        capture_output=True,
    )


def test_a_night_tells_that_it_failed_and_a_failed_message_is_a_warning(
    home: Path, server: Server, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    wrong = ("--source", "files", "--raw-path", str(raw))
    server.status = 500
    done = night(home, *wrong, to=server.url())
    assert done.returncode == 2
    assert "warning: messages: CONTAINMENT_NOTIFY: address 1 json did not take" in done.stderr
    server.taken()
    server.status = 200
    done = night(home, *wrong, to=server.url())
    assert done.returncode == 2
    assert "message sent to address 1 json: containment: 2 runs failed" in done.stdout
    [said] = server.taken()
    assert said.count("failed (exit code 2)") == 2
    done = night(tmp_path / "new", *wrong, to=server.url())  # where nothing is remembered yet
    assert done.returncode == 2
    [said] = server.taken()
    assert said.startswith("containment: run failed\n")
    done = night(home, *wrong, to=f"nosuch://{SECRET}")
    assert done.returncode == 2
    assert "warning: messages: CONTAINMENT_NOTIFY: address 1 (nosuch://...)" in done.stderr
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.heavy
def test_a_night_tells_its_signals_when_its_publication_is_out(
    tmp_path: Path, server: Server
) -> None:
    done = night(tmp_path, "--json", to=server.url())
    assert done.returncode == 0
    [said] = [*server.taken(), ""][:1]
    signals = projects.rows(
        tmp_path / "published" / "containment.duckdb",
        "select 1 from marts.signals cross join marts.settings "
        "where period_end_date >= cast(as_of as date) - 14",
    )
    assert ("signal" in said) == bool(signals)
    assert json.loads(done.stdout)["outcome"] == "published"
