"""A rig for each registered driver; a driver without one fails the suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from squall import lab as lab_api
from squall.targets.api import EndsBy, Settings
from squall.targets.registry import Drivers
from tests.contract.rigs import RIGS, Rig, tiny_lab

_DRIVERS = Drivers(Settings(Path("/nonexistent")))
NAMES = sorted(_DRIVERS)
HOLDING = [n for n in NAMES if _DRIVERS[n].restores and _DRIVERS[n].ends_by is not EndsBy.INSTANT]
LOSING = [n for n in NAMES if not _DRIVERS[n].restores]


@pytest.fixture(scope="session")
def lab_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    state = tiny_lab(tmp_path_factory.mktemp("lab"))
    yield state
    lab_api.down(state)


@contextmanager
def opened(request: pytest.FixtureRequest, home: Path) -> Iterator[Rig]:
    """The driver in question, in a fresh place."""
    name: str = request.param
    if name not in RIGS:
        pytest.fail(f"driver {name} has no rig: add one to tests/contract/rigs.py, and it is held to the contract")
    state = request.getfixturevalue("lab_state") if name.startswith("lab/") else None
    with RIGS[name](name, home, state) as made:
        yield made


@pytest.fixture(params=NAMES)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Each driver."""
    with opened(request, tmp_path / "home") as made:
        yield made


@pytest.fixture(params=HOLDING)
def holding(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Each driver that holds something which can be put back."""
    with opened(request, tmp_path / "home") as made:
        yield made


@pytest.fixture(params=LOSING)
def losing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Each driver whose effect is a loss."""
    with opened(request, tmp_path / "home") as made:
        yield made
