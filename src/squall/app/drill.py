"""`squall drill`: named, built-in experiments, each a document like any other, in the folder `drills`."""

from __future__ import annotations

from squall._kit.errors import InvalidCall
from squall.app.load import registry
from squall.spec.model import Experiment
from squall.spec.parse import parse


def drill_names() -> tuple[str, ...]:
    """The drills, sorted."""
    from importlib.resources import files

    folder = files("squall.app").joinpath("drills")
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def drill_text(name: str) -> str:
    """The document of a drill. Raises InvalidCall for an unknown one."""
    if name not in drill_names():
        raise InvalidCall(f"there is no drill '{name}'", hint="drills: " + ", ".join(drill_names()))
    from importlib.resources import files

    return files("squall.app").joinpath("drills", f"{name}.yaml").read_text()


def drill(name: str) -> Experiment:
    """The experiment of a drill."""
    return parse(drill_text(name), registry(), file=f"drill {name}")
