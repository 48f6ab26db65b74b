"""SHA256SUMS: what the files of a publication were when they were written.

The form is that of the command sha256sum, so that a copy elsewhere can be checked without us.
DuckDB notices most damage to its own file, but in parquet, HTML and whatever is never read a wrong
bit stays unseen.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FILE = "SHA256SUMS"
BLOCK_BYTES = 1 << 20
# The sum of a file that this process has read: by where it lies, its size, when it was written.
# One that is linked to another lies in the same place.
_known: dict[tuple[int, int, int, int], str] = {}
LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def write(folder: Path) -> None:
    """Write the sums of all files below a folder into it; OSError where that fails."""
    sums = _sums(folder, sorted(_files(folder)))
    lines = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    (folder / FILE).write_text(lines, encoding="utf-8", newline="\n")


def is_kept(folder: Path) -> bool:
    """Whether a publication has sums; those of older versions have none."""
    return (folder / FILE).is_file()


def damage(folder: Path, only: Sequence[str] = ()) -> list[str]:
    """Return what is wrong with a publication that has sums; `only`: with these files."""
    try:
        written, line_count = _written(folder)
    except (OSError, UnicodeDecodeError):
        return [f"{FILE} cannot be read"]
    wanted = set(only) or {*written, *_files(folder)}
    if len(written) < line_count or not wanted <= set(written):
        return [f"{FILE} is not whole"]
    missing = {name for name in wanted if not (folder / name).is_file()}
    found_now = _sums(folder, sorted(wanted - missing))
    return [
        f"{name} is missing" if name in missing else f"{name} is not as it was written"
        for name in sorted(wanted)
        if name in missing or found_now[name] != written[name]
    ]


def sound(folder: Path, names: Sequence[str]) -> list[str]:
    """Of files of a publication those that are as they were written."""
    try:
        written, _ = _written(folder)
    except (OSError, UnicodeDecodeError):
        return []
    found_now = _sums(folder, [name for name in names if name in written])
    return [name for name, digest in found_now.items() if digest == written[name]]


def _written(folder: Path) -> tuple[dict[str, str], int]:
    """The sums of a publication by file, and how many lines there are."""
    lines = (folder / FILE).read_text(encoding="utf-8").rstrip("\n").split("\n")
    return {found[2]: found[1] for line in lines if (found := LINE.fullmatch(line))}, len(lines)


def _files(folder: Path) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name).relative_to(folder).as_posix()
            if path != FILE:
                yield path


def _sums(folder: Path, names: Sequence[str]) -> dict[str, str | None]:
    """The sum of each file; None where it cannot be read."""
    # hashlib works beside other threads, so two cores take half the time.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(names, pool.map(lambda name: _sum(folder / name), names), strict=True))


def _sum(file: Path) -> str | None:
    digest = hashlib.sha256()
    buffer = bytearray(BLOCK_BYTES)
    view = memoryview(buffer)
    try:
        with file.open("rb", buffering=0) as stream:
            there = os.fstat(stream.fileno())
            place = (there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns)
            if place in _known:
                return _known[place]
            while size := stream.readinto(buffer):
                digest.update(view[:size])
    except OSError:  # a bad block, say
        return None
    _known[place] = digest.hexdigest()
    return _known[place]
