"""The plug-in scan that start-up depends on finds exactly what importlib.metadata finds."""

from __future__ import annotations

import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from squall._kit import plugins


def _install(folder: Path, package: str, text: str, kind: str = "dist-info") -> Path:
    info = folder / f"{package}-1.0.{kind}"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(text)
    return folder


def _asked() -> set[tuple[str, str, str]]:
    found = entry_points()
    ours = [group for group in found.groups if group.startswith("squall.")]
    return {(group, point.name, point.value) for group in ours for point in found.select(group=group)}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_all", plugins._all.__wrapped__)


def test_what_is_installed_here_is_found_as_importlib_finds_it() -> None:
    assert {tuple(point) for point in plugins._read()} == _asked()
    assert {point.name for point in plugins.points("squall.platforms")} >= {"memory", "host", "lab"}


def test_a_strangers_plug_in_is_found_and_of_two_installations_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "# by hand\n[console_scripts]\nx = x:main\n\n[squall.faults]\nsolarFlare = json:JSONDecoder [extra]\n"
    first = _install(tmp_path / "a", "solar_flare", text)
    second = _install(tmp_path / "b", "Solar.Flare", "[squall.faults]\nother = json:JSONEncoder\n")
    third = _install(tmp_path / "c", "egg", "[squall.probes]\neggy=json:loads\n", kind="egg-info")
    monkeypatch.setattr(sys, "path", [str(first), str(second), str(third), *sys.path, "/nonexistent"])
    assert {tuple(point) for point in plugins._read()} == _asked()
    faults = {point.name: point for point in plugins.points("squall.faults")}
    assert "other" not in faults
    assert faults["solarFlare"].load() is __import__("json").JSONDecoder


def test_a_package_in_an_archive_is_found_through_importlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("packed-1.0.dist-info/METADATA", "Name: packed\nVersion: 1.0\n")
        packed.writestr("packed-1.0.dist-info/entry_points.txt", "[squall.faults]\nzipped = json:JSONDecoder\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(archive)])
    assert "zipped" in {point.name for point in plugins.points("squall.faults")}


def test_the_watchdog_waits_without_importing_an_event_loop_or_a_document_library() -> None:
    import subprocess

    code = "import sys, squall.app.watchdog; print(sorted({'asyncio', 'msgspec', 'yaml', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
