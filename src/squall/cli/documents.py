"""`squall init`, `squall validate`, `squall schema`."""

from __future__ import annotations

from pathlib import Path

import click

from squall._kit.errors import InvalidDocument
from squall.app.documents import check, schema_of, starter
from squall.cli.output import emit, output_option, tell


@click.command(epilog="example: squall init --on lab first.yaml")
@click.option("--on", "platform", default="lab", show_default=True, type=click.Choice(["lab", "host", "memory"]))
@click.argument("file", type=click.Path(path_type=Path), default="experiment.yaml")
@output_option
def init(platform: str, file: Path, output: str) -> int:
    """Write a first experiment to FILE; an existing file is left alone."""
    starter(platform, file)
    emit(output, {"file": str(file), "next": f"squall plan {file}"}, f"wrote {file}\nnext: squall plan {file}")
    return 0


@click.command(epilog="example: squall validate examples/*/experiment.yaml")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@output_option
def validate(files: tuple[Path, ...], output: str) -> int:
    """Check FILES; runs nothing that a document names."""
    results: list[dict[str, object]] = []
    for file in files:
        try:
            names = check(file)
        except InvalidDocument as error:
            problems = [str(problem) for problem in error.problems] or [str(error)]
            for problem in problems:
                tell(problem)
            if error.hint and not error.problems:
                tell(f"hint: {error.hint}")
            results.append({"file": str(file), "valid": False, "problems": problems})
        else:
            results.append({"file": str(file), "valid": True, "names": names, "problems": []})
    lines = [f"{result['file']}: {'valid' if result['valid'] else 'not valid'}" for result in results]
    emit(output, results, "\n".join(lines))
    return 0 if all(result["valid"] for result in results) else 2


@click.command(epilog="example: squall schema --crd | kubectl apply -f -")
@click.option("--crd", is_flag=True, help="The CustomResourceDefinition instead of the JSON Schema.")
def schema(crd: bool) -> int:
    """The schema of the document, as JSON: give it to your editor, or to kubectl."""
    emit("json", schema_of(crd=crd), "")
    return 0
