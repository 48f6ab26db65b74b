"""The worked cases of the session rules, as scripts/make-sample has them, for other systems."""

from __future__ import annotations

import sys
from datetime import datetime
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

import projects


def _sample() -> ModuleType:
    name = "make_sample"
    loader = SourceFileLoader(name, str(projects.ROOT / "scripts" / "make-sample"))
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # its dataclasses look for it there
    loader.exec_module(module)
    return module


SAMPLE = _sample()
steps = SAMPLE.steps
START: datetime = SAMPLE.CASES_START
LOADED: datetime = SAMPLE.LAST_LOAD  # as_of of the sample, too
FOUNDING = "founding-article"
# The sample's conversation -> its timeline.
WORKED_CASES: dict[str, str] = {
    FOUNDING: SAMPLE.FOUNDING,
    **{f"case-{number:02d}": case for number, case in enumerate(SAMPLE.CASES, start=1)},
}
