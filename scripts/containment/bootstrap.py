"""Make .venv from requirements.lock when that is needed, and run the command inside it.

Only the standard library, and syntax that Python 3.8 can read: this file runs before anything is
installed, and a Python that is too old must get a sentence, not a syntax error.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import IO, NoReturn

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OLDEST = (3, 10)
NEWER = ("python3.13", "python3.12", "python3.11", "python3.10")


def run(command: str, groups: Sequence[str] = ()) -> None:
    """Run a command in the project's .venv: 'containment.commands.nightly:main'."""
    enter(groups=groups)
    module, _, function = command.partition(":")
    try:
        getattr(importlib.import_module(module), function)()
    except ModuleNotFoundError as error:  # of a venv that was given in CONTAINMENT_VENV
        if error.name is None or error.name.startswith("containment"):
            raise
        lock = _group_lock(groups[-1]) if groups else "requirements.lock"
        _stop(f"{sys.prefix}: has no {error.name}; install {lock} there")


def enter(root: str = ROOT, groups: Sequence[str] = ()) -> None:
    """Return inside the project's .venv; otherwise make it and start the command again inside.

    groups: optional groups of pyproject.toml that the command needs. CONTAINMENT_VENV names a venv
    that is used as it is.
    """
    _open_streams()
    try:
        given = os.environ.get("CONTAINMENT_VENV")
        if given:
            _use_given(os.path.abspath(given))
            return
        venv = os.path.join(root, ".venv")
        inside = os.path.realpath(sys.prefix) == os.path.realpath(venv)
        # Inside, the version tells that the system's Python was exchanged under .venv; outside,
        # another Python of the user is no reason to make it again.
        needed = version() if inside else None
        if not is_ready(root, needed):
            make(root, needed)
            inside = False
        for group in groups:
            if not has_group(root, group):
                add_group(root, group)
        if not inside:
            _run_in(venv)
    except KeyboardInterrupt:
        _stop("stopped while making .venv; the next start makes it anew", 130)


def _open_streams() -> None:
    """Give a process that was started without them its three streams: they lead to nothing."""
    # Else the next file that is opened has their number, and gets what was said.
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                if os.open(os.devnull, os.O_RDWR) != number:
                    continue
                os.set_inheritable(number, True)
                setattr(sys, name, open(number, "r" if number == 0 else "w"))  # noqa: SIM115


def version() -> str:
    """Major and minor number of this Python: '3.12'."""
    return "{}.{}".format(*sys.version_info[:2])


def is_ready(root: str, python_version: str | None = None) -> bool:
    """Whether .venv is complete and made from this requirements.lock (and for this Python)."""
    venv = os.path.join(root, ".venv")
    try:
        with open(os.path.join(venv, "stamp"), encoding="utf-8") as file:
            made_from, made_for = file.read().split()
    except (OSError, ValueError):
        return False
    return (
        made_from == lock_hash(root)
        and python_version in (None, made_for)
        and os.path.exists(_python(venv))
    )


def all_groups(root: str = ROOT) -> list[str]:
    """The names of the optional groups: each has a lock file of its own."""
    names = os.listdir(os.path.join(root, "locks"))
    return sorted(name[: -len(".lock")] for name in names if name.endswith(".lock"))


def has_group(root: str, group: str) -> bool:
    """Whether an optional group is in .venv as its lock file says."""
    try:
        with open(_group_stamp(root, group), encoding="utf-8") as file:
            return file.read().strip() == lock_hash(root, _group_lock(group))
    except OSError:
        return False


def add_group(root: str, group: str) -> None:
    """Install an optional group into the .venv that is there; its stamp is written last."""
    with _locked(root) as lock:
        if has_group(root, group):  # another start has added it while this one waited
            return
        print(f"Adding {_group_lock(group)} to .venv, once ...", flush=True)
        venv = os.path.join(root, ".venv")
        _install(root, venv, _group_lock(group), lock)
        _write(_group_stamp(root, group), lock_hash(root, _group_lock(group)))


def lock_hash(root: str, name: str = "requirements.lock") -> str:
    """The sha256 of a lock file, as hex digits."""
    path = os.path.join(root, name)
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        _stop(f"{path}: cannot be read ({error.strerror}); restore it")


def make(root: str, python_version: str | None = None) -> None:
    """Make .venv: one process at a time, its stamp last, so that half a .venv is never used."""
    _check_python()
    venv = os.path.join(root, ".venv")
    with _locked(root) as lock:
        if is_ready(root, python_version):  # another start has made it while this one waited
            return
        print("Making .venv from requirements.lock, once: about a minute ...", flush=True)
        _remove(venv)
        base = getattr(sys, "_base_executable", None) or sys.executable
        _call([base, "-m", "venv", venv], lock, "the venv module failed")
        _install(root, venv, "requirements.lock", lock)
        _write(os.path.join(venv, "stamp"), f"{lock_hash(root)} {version()}")


@contextlib.contextmanager
def _locked(root: str) -> Iterator[IO[str]]:
    """One process at a time changes .venv; what fails in the file system ends in one line."""
    # flock, and handed on to pip: should this process be killed, pip alone keeps the lock till
    # it ends, and no other start removes the folder under its hands.
    import fcntl

    try:
        with open(os.path.join(root, ".venv.lock"), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Waiting for another start that makes .venv ...", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock
    except OSError as error:
        _stop(
            f"{error.filename or os.path.join(root, '.venv')}: cannot be made "
            f"({error.strerror or error}); "
            "make it writable, or name a ready venv in CONTAINMENT_VENV"
        )


def _install(root: str, venv: str, name: str, lock: IO[str]) -> None:
    pip = [_python(venv), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    install = ["install", "--quiet", "--no-deps", "--require-hashes", "-r"]
    _call(pip + install + [os.path.join(root, name)], lock, f"pip could not install {name}")


def _write(stamp: str, text: str) -> None:
    with open(stamp + ".new", "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(stamp + ".new", stamp)


def _group_lock(group: str) -> str:
    return os.path.join("locks", group + ".lock")


def _group_stamp(root: str, group: str) -> str:
    return os.path.join(root, ".venv", "stamp-" + group)


def _check_python() -> None:
    if sys.version_info[:2] < OLDEST:
        newer = next((name for name in NEWER if shutil.which(name)), None)
        _stop(
            "Python {}.{}.{} is too old, 3.10 or newer is needed; {}".format(
                *sys.version_info[:3],
                f"start with: {newer} {sys.argv[0]}" if newer else "install one",
            )
        )
    if importlib.util.find_spec("fcntl") is None:
        _stop("this system is not supported; use Linux or macOS (on Windows: its Linux subsystem)")
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            _stop(
                f"Python {version()} has no module {module}; install it (Debian, Ubuntu: "
                "apt install python3-venv) and start again"
            )


def _remove(venv: str) -> None:
    # The stamp first: a removal that is cut short must not leave a folder that looks complete.
    stamp = os.path.join(venv, "stamp")
    if os.path.lexists(stamp):
        os.remove(stamp)
    if os.path.islink(venv):
        os.remove(venv)
    elif os.path.isdir(venv):
        shutil.rmtree(venv)


def _call(command: Sequence[str], lock: IO[str], what: str) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=(lock.fileno(),),
    )
    if done.returncode:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["no message"]
        _stop(f"{what}: {errors[-1]}")


def _use_given(venv: str) -> None:
    if not os.path.exists(_python(venv)):
        _stop(f"CONTAINMENT_VENV={venv}: no bin/python in it; name a venv, or unset it")
    if os.path.realpath(sys.prefix) != os.path.realpath(venv):
        _run_in(venv)


def _python(venv: str) -> str:
    return os.path.join(venv, "bin", "python")


def _run_in(venv: str) -> NoReturn:
    sys.stdout.flush()
    os.execv(_python(venv), [_python(venv), *sys.argv])


def _stop(message: str, exit_code: int = 2) -> NoReturn:
    print("error: " + message, file=sys.stderr)
    sys.exit(exit_code)
