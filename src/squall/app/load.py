"""Reading documents with everything that is installed."""

from __future__ import annotations

from pathlib import Path

from squall._kit.plugins import load_group
from squall.faults.registry import known_faults
from squall.observe.api import ProbeKind
from squall.spec.model import Experiment, Registry
from squall.spec.parse import parse_file


def registry() -> Registry:
    """All installed faults and probes."""
    return Registry(faults=dict(known_faults()), probes=dict(load_group("squall.probes", ProbeKind)))


def load(path: Path) -> Experiment:
    """The experiment in a file. Raises InvalidDocument with every problem."""
    return parse_file(path, registry())
