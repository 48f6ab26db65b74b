"""How .venv is made: in a small project whose lock file has one tiny package."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from containment import bootstrap

SCRIPTS = Path(bootstrap.__file__).resolve().parents[1]
MAKING = "Making .venv from requirements.lock, once: about a minute ...\n"
COMMAND = """
import os, sys
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from containment import bootstrap
bootstrap.enter()
import tiny
print(tiny.NAME, sys.argv[1:], os.path.basename(sys.prefix))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with the bootstrap, a command that needs a package, and a lock file."""
    package = tmp_path / "it's here" / "scripts" / "containment"
    package.mkdir(parents=True)
    for name in ("__init__.py", "bootstrap.py"):
        shutil.copy(SCRIPTS / "containment" / name, package)
    (package.parent / "command").write_text(COMMAND)
    lock(package.parents[1], tmp_path, "1")
    return package.parents[1]


def lock(
    project: Path, folder: Path, version: str, digest: str = "", name: str = "requirements.lock"
) -> None:
    """Write a wheel with one module into a folder, and the lock file that names it."""
    wheel = folder / f"tiny-{version}-py3-none-any.whl"
    info = f"tiny-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", f"NAME = 'tiny {version}'\n")
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")


def start(project: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != "CONTAINMENT_VENV"}
    return subprocess.Popen(
        [sys.executable, str(project / "scripts" / "command"), *arguments],
        env=environment | {"PIP_CONFIG_FILE": os.devnull} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(project: Path, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Start the command, give its exit code and what it wrote."""
    process = start(project, *arguments, **variables)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def refusal(capsys: pytest.CaptureFixture[str], root: Path) -> str:
    """The one line with which `enter` ends."""
    with pytest.raises(SystemExit) as stop:
        bootstrap.enter(str(root))
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said.removesuffix("\n")


# --- made once, and whole ------------------------------------------------------------------------


@pytest.mark.heavy
def test_made_once_and_again_when_the_lock_changes(project: Path, tmp_path: Path) -> None:
    assert run(project, "a b", "--c") == (0, MAKING + "tiny 1 ['a b', '--c'] .venv\n", "")
    assert run(project) == (0, "tiny 1 [] .venv\n", "")
    lock(project, tmp_path, "2")
    assert run(project) == (0, MAKING + "tiny 2 [] .venv\n", "")
    # Another Python under it, as after an upgrade of the system.
    stamp = project / ".venv" / "stamp"
    stamp.write_text(stamp.read_text().split()[0] + " 2.7\n")
    assert run(project) == (0, MAKING + "tiny 2 [] .venv\n", "")


@pytest.mark.heavy
def test_an_optional_group_is_added_once(project: Path, tmp_path: Path) -> None:
    command = project / "scripts" / "command"
    command.write_text(COMMAND.replace("enter()", "enter(groups=sys.argv[1:])"))
    lock(project, tmp_path, "2", name="locks/more.lock")
    adding = "Adding locks/more.lock to .venv, once ...\n"
    assert bootstrap.all_groups(str(project)) == ["more"]
    assert run(project) == (0, MAKING + "tiny 1 [] .venv\n", "")
    assert run(project, "more") == (0, adding + "tiny 2 ['more'] .venv\n", "")
    assert run(project, "more") == (0, "tiny 2 ['more'] .venv\n", "")
    lock(project, tmp_path, "3", name="locks/more.lock")
    assert run(project, "more") == (0, adding + "tiny 3 ['more'] .venv\n", "")
    (project / "locks" / "more.lock").unlink()
    code, _, err = run(project, "more")
    assert (code, err.count("\n")) == (2, 1)
    assert "more.lock: cannot be read" in err


def test_half_a_venv_is_not_taken_for_good(project: Path, tmp_path: Path) -> None:
    lock(project, tmp_path, "1", digest="0" * 64)
    code, out, err = run(project)
    assert (code, out) == (2, MAKING)
    assert err.startswith("error: pip could not install requirements.lock: ")
    assert err.count("\n") == 1
    assert (project / ".venv" / "bin" / "python").exists()
    lock(project, tmp_path, "1")
    assert run(project) == (0, MAKING + "tiny 1 [] .venv\n", "")


@pytest.mark.heavy
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_stopped_half_way(project: Path, number: signal.Signals) -> None:
    process = start(project)
    assert process.stdout is not None
    assert process.stdout.readline() == MAKING
    while not (project / ".venv" / "bin").exists():
        assert process.poll() is None
    process.send_signal(number)
    _, err = process.communicate()
    assert "Traceback" not in err
    code, out, err = run(project)
    assert (code, err) == (0, "")
    assert out.endswith("tiny 1 [] .venv\n")


@pytest.mark.heavy
def test_two_starts_at_once_make_it_once(project: Path) -> None:
    processes = [start(project, str(number)) for number in range(3)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert [err for _, err in said] == ["", "", ""]
    out = "".join(out for out, _ in said)
    assert out.count(MAKING) == 1
    assert out.count("tiny 1") == 3


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["containment/__init__.py", "containment/bootstrap.py", "nightly", "test"]
)
def test_an_old_python_can_read_what_comes_first(name: str) -> None:
    ast.parse((SCRIPTS / name).read_text(encoding="utf-8"), feature_version=(3, 7))


def test_python_too_old(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CONTAINMENT_VENV", raising=False)
    monkeypatch.setattr(sys, "version_info", (3, 8, 18, "final", 0))
    monkeypatch.setattr(sys, "argv", ["scripts/nightly"])
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "python3.12" else None)
    assert refusal(capsys, project) == (
        "error: Python 3.8.18 is too old, 3.10 or newer is needed; "
        "start with: python3.12 scripts/nightly"
    )
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert refusal(capsys, project).endswith("; install one")


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_module_missing(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    module: str,
) -> None:
    monkeypatch.delenv("CONTAINMENT_VENV", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else name)
    assert refusal(capsys, project) == (
        f"error: Python {sys.version_info[0]}.{sys.version_info[1]} has no module {module}; "
        "install it (Debian, Ubuntu: apt install python3-venv) and start again"
    )
    assert not (project / ".venv").exists()


def test_lock_file_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CONTAINMENT_VENV", raising=False)
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "stamp").write_text("abc 3.12\n")
    (project / "requirements.lock").unlink()
    assert refusal(capsys, project) == (
        f"error: {project / 'requirements.lock'}: cannot be read (No such file or directory); "
        "restore it"
    )


def test_a_folder_where_the_lock_file_belongs(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CONTAINMENT_VENV", raising=False)
    (project / ".venv.lock").mkdir()
    assert refusal(capsys, project) == (
        f"error: {project / '.venv.lock'}: cannot be made (Is a directory); "
        "make it writable, or name a ready venv in CONTAINMENT_VENV"
    )


# --- CONTAINMENT_VENV ----------------------------------------------------------------------------


def test_given_venv_is_used_as_it_is(project: Path, tmp_path: Path) -> None:
    given = tmp_path / "given"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", given], check=True)
    (packages,) = given.glob("lib/python*/site-packages")
    (packages / "tiny.py").write_text("NAME = 'tiny by hand'\n")
    (project / "requirements.lock").unlink()
    found = run(project, "x", CONTAINMENT_VENV=str(given))
    assert found == (0, "tiny by hand ['x'] given\n", "")


def test_given_venv_is_none(project: Path) -> None:
    gone = project / "gone"
    assert run(project, CONTAINMENT_VENV=str(gone)) == (
        2,
        "",
        f"error: CONTAINMENT_VENV={gone}: no bin/python in it; name a venv, or unset it\n",
    )
