"""Make .venv from requirements.lock when that is needed, and run the command inside it.

Only the standard library, and syntax that Python 3.8 can read: this file runs before anything is
installed, and a Python that is too old must get a sentence, not a syntax error.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OLDEST = (3, 10)
NEWER = ("python3.13", "python3.12", "python3.11", "python3.10")


def enter(root=ROOT, groups=()):
    """Return when this process runs in the project's .venv; else make it and start again inside.

    groups: optional groups of pyproject.toml that the command needs as well, by name.
    CONTAINMENT_VENV names a venv that is used as it is.
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


def _open_streams():
    """Give a process that was started without them its three streams: they lead to nothing."""
    # Else the next file that is opened has their number, and gets what was said.
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                if os.open(os.devnull, os.O_RDWR) != number:
                    continue
                os.set_inheritable(number, True)
                setattr(sys, name, open(number, "r" if number == 0 else "w"))  # noqa: SIM115


def version():
    """Major and minor number of this Python: '3.12'."""
    return "{}.{}".format(*sys.version_info[:2])


def is_ready(root, python_version=None):
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


def all_groups(root=ROOT):
    """The names of the optional groups: each has a lock file of its own."""
    names = os.listdir(os.path.join(root, "locks"))
    return sorted(name[: -len(".lock")] for name in names if name.endswith(".lock"))


def has_group(root, group):
    """Whether an optional group is in .venv as its lock file says."""
    try:
        with open(_group_stamp(root, group), encoding="utf-8") as file:
            return file.read().strip() == lock_hash(root, _group_lock(group))
    except OSError:
        return False


def add_group(root, group):
    """Install an optional group into the .venv that is there; its stamp is written last."""
    with _locked(root) as lock:
        if has_group(root, group):  # another start has added it while this one waited
            return
        print(f"Adding {_group_lock(group)} to .venv, once ...", flush=True)
        venv = os.path.join(root, ".venv")
        _install(root, venv, _group_lock(group), lock)
        _write(_group_stamp(root, group), lock_hash(root, _group_lock(group)))


def lock_hash(root, name="requirements.lock"):
    """The sha256 of a lock file, as hex digits."""
    path = os.path.join(root, name)
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        _stop(f"{path}: cannot be read ({error.strerror}); restore it")


def make(root, python_version=None):
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
def _locked(root):
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
            f"({error.strerror or error}); free it, or name a ready venv in CONTAINMENT_VENV"
        )


def _install(root, venv, name, lock):
    pip = [_python(venv), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    install = ["install", "--quiet", "--no-deps", "--require-hashes", "-r"]
    _call(pip + install + [os.path.join(root, name)], lock, f"pip could not install {name}")


def _write(stamp, text):
    with open(stamp + ".new", "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(stamp + ".new", stamp)


def _group_lock(group):
    return os.path.join("locks", group + ".lock")


def _group_stamp(root, group):
    return os.path.join(root, ".venv", "stamp-" + group)


def _check_python():
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


def _remove(venv):
    # The stamp first: a removal that is cut short must not leave a folder that looks complete.
    stamp = os.path.join(venv, "stamp")
    if os.path.lexists(stamp):
        os.remove(stamp)
    if os.path.islink(venv):
        os.remove(venv)
    elif os.path.isdir(venv):
        shutil.rmtree(venv)


def _call(command, lock, what):
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


def _use_given(venv):
    if not os.path.exists(_python(venv)):
        _stop(f"CONTAINMENT_VENV={venv}: no bin/python in it; name a venv, or unset it")
    if os.path.realpath(sys.prefix) != os.path.realpath(venv):
        _run_in(venv)


def _python(venv):
    return os.path.join(venv, "bin", "python")


def _run_in(venv):
    sys.stdout.flush()
    os.execv(_python(venv), [_python(venv), *sys.argv])


def lacks(module, lock):
    """Say that the venv that was given has no such module, give the exit code."""
    print(f"error: {sys.prefix}: has no {module}; install {lock} there", file=sys.stderr)
    return 2


def _stop(message, exit_code=2):
    print("error: " + message, file=sys.stderr)
    sys.exit(exit_code)
