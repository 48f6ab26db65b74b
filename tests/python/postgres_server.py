"""A PostgreSQL server of one's own, from Debian's package, for as long as a test needs it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "chatwoot"


@contextmanager
def running(password: str) -> Iterator[str]:
    """Start a server on 127.0.0.1 whose user has this password, give its address."""
    programs = _programs()
    # The server refuses to run as root, and its user must reach the folder.
    folder = Path(tempfile.mkdtemp(prefix="containment-postgres-"))
    try:
        as_user = _as_server_user(folder)
        given = folder / "password"
        given.write_text(password + "\n", encoding="utf-8")
        given.chmod(0o644)
        data = folder / "data"
        _run(
            [
                *(*as_user, str(programs / "initdb"), "--pgdata", str(data), "--no-sync"),
                *("--username", USER, "--pwfile", str(given), "--auth", "scram-sha-256"),
                *("--encoding", "UTF8"),
            ]
        )
        port = _free_port()
        control = [*as_user, str(programs / "pg_ctl"), "--pgdata", str(data), "--wait"]
        options = f"-p {port} -h 127.0.0.1 -k {folder} -F"
        _run([*control, "--log", str(folder / "log"), "--options", options, "start"])
        try:
            yield f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "--mode", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Where initdb and pg_ctl are; Debian's package is installed when they are nowhere."""
    if not _installed():
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]):
            _run(["apt-get", "--quiet", "--quiet", *command], environment)
    found = _installed()
    assert found, "no PostgreSQL: install it (Debian, Ubuntu: apt-get install postgresql)"
    return found[-1]


def _installed() -> list[Path]:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    return [
        folder
        for folder in (*([Path(on_path).resolve().parent] if on_path else []), *folders)
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists()
    ]


def _as_server_user(folder: Path) -> list[str]:
    if os.geteuid() != 0:
        return []
    server_user = pwd.getpwnam("postgres")
    os.chown(folder, server_user.pw_uid, server_user.pw_gid)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    # Not captured by a pipe: the server that pg_ctl starts would keep it open.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, cwd="/", env=environment, stdout=output, stderr=output, check=False
        )
        output.seek(0)
        assert done.returncode == 0, f"{' '.join(command)}\n{output.read()}"
