"""The committed sample is what scripts/make-sample writes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TABLES = ("conversations", "messages", "events", "ratings", "claims")


def test_committed_sample_is_what_the_script_writes(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make-sample"
    subprocess.run([sys.executable, script, "--to", tmp_path], check=True)
    for table in TABLES:
        name = f"sample_{table}.csv"
        committed = ROOT / "seeds" / "sample" / name
        assert (tmp_path / name).read_bytes() == committed.read_bytes(), (
            f"{name} differs: run scripts/make-sample and commit"
        )
