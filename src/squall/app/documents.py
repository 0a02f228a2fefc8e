"""`squall init`, `squall validate`, `squall schema`."""

from __future__ import annotations

from pathlib import Path

from squall._kit.errors import InvalidCall
from squall.app.load import registry
from squall.spec.parse import parse_many, read_file
from squall.spec.shapes import Json


def check(path: Path) -> tuple[str, ...]:
    """The names of the experiments in a file. Raises InvalidDocument with every problem."""
    experiments = parse_many(read_file(path), registry(), file=str(path))
    return tuple(experiment.metadata.name for experiment in experiments)


def starter(platform: str, path: Path) -> None:
    """Write a first experiment. Raises InvalidCall where the file exists or cannot be written."""
    from importlib.resources import files

    text = files("squall.app").joinpath("starters", f"{platform}.yaml").read_text()
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        raise InvalidCall(f"{path} exists already", hint="name another file") from None
    except OSError as error:
        raise InvalidCall(f"{path} cannot be written: {error.strerror}", hint="name another file") from error


def schema_of(*, crd: bool) -> dict[str, Json]:
    """The JSON Schema or the CRD of the document, with all installed faults and probes."""
    if crd:
        from squall.spec.crd import crd as made
    else:
        from squall.spec.schema import json_schema as made
    return made(registry())
