"""Fixtures that several test modules use."""

from __future__ import annotations

from pathlib import Path

import projects
import pytest
from hypothesis import HealthCheck, settings

# An example is a build of the whole project: few on a desk, many with scripts/test --all,
# the same ones each time.
settings.register_profile(
    "few",
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile("many", settings.get_profile("few"), max_examples=12)
settings.load_profile("few")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that have heavy tests: one that began last would be waited for."""
    heavy = {item.path for item in items if item.get_closest_marker("heavy")}
    items.sort(key=lambda item: item.path not in heavy)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the sample was built and published, as on a user's first night."""
    home = tmp_path_factory.mktemp("sample")
    night = projects.nightly(home)
    assert night.returncode == 0, night.stdout + night.stderr
    assert "Containment 66.2 % (1,022 of 1,542 closed sessions" in night.stdout
    return home
