"""The `squall` command: which subcommands there are, and what becomes of errors.

Subcommands are imported when they are called, so that `squall --help` imports click and nothing else.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module

import click

from squall import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("squall.cli.documents", "write a first experiment to start from"),
    "validate": ("squall.cli.documents", "check documents; every mistake at once, each with its remedy"),
    "schema": ("squall.cli.documents", "the JSON Schema or the Kubernetes CRD of the document"),
    "plan": ("squall.cli.running", "show exactly what a run would hurt; touches nothing"),
    "run": ("squall.cli.running", "run an experiment now"),
    "drill": ("squall.cli.running", "run a built-in drill: pod-kill, network-partition"),
    "status": ("squall.cli.living", "the runs that are going on"),
    "stop": ("squall.cli.living", "end a live run now, and restore"),
    "recover": ("squall.cli.living", "heal what dead runs have left"),
    "rollback": ("squall.cli.living", "remove everything that carries Squall's mark"),
    "runs": ("squall.cli.past", "past runs and their outcomes"),
    "report": ("squall.cli.past", "the report of a run: text, html, json, junit"),
    "lab": ("squall.cli.lab", "the embedded system to rehearse on: up, status, logs, down"),
    "doctor": ("squall.cli.doctor", "what this machine can do, what is missing, and the remedy"),
}

EXIT_CODES = """exit codes: 0 HELD, 1 BROKEN, 2 wrong call or document, 3 REFUSED, 4 ABORTED, 5 INCONCLUSIVE,
6 NOT RESTORED, 70 a bug in Squall"""


class LazyGroup(click.Group):
    """Knows its commands by name and one line; imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(_lasting(COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - our own table
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name for an unknown one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean '{near[0]}'?" if near else "squall --help"
            raise click.UsageError(f"there is no command '{args[0]}'; {hint}", ctx)
        return super().resolve_command(ctx, args)


def _lasting(module: str) -> object:
    """Import a module without looking for garbage meanwhile: what an import makes, stays. Saves a tenth of a run."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="squall")
def squall() -> None:
    """Chaos engineering with guarantees.

    First steps: squall lab up; squall drill pod-kill --scale 0.02; squall report
    """


def main() -> None:
    """Entry point: run the command and exit with its code; never show a traceback."""
    code = _run()
    gc.freeze()  # the process is about to end: there is nothing worth collecting
    sys.exit(code)


def _run() -> int:
    from squall._kit.errors import SquallError

    try:
        code = squall.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        return _say("interrupted", "", 4)
    except click.exceptions.NoArgsIsHelpError as bare:
        click.echo(bare.format_message())
        return 2
    except click.ClickException as error:
        return _say(error.format_message(), _usage_hint(error), 2)
    except SquallError as error:
        return _failed(error)
    except Exception as error:
        return _bug(error)
    return code if isinstance(code, int) else 0


def _usage_hint(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    return f"{ctx.command_path} --help" if ctx else "squall --help"


def _failed(error: object) -> int:
    from squall.cli.output import explain

    return explain(error)


def _say(message: str, hint: str, code: int) -> int:
    from squall.cli.output import tell

    tell(f"squall: {message}")
    if hint:
        tell(f"hint: {hint}")
    return code


def _bug(error: Exception) -> int:
    """One line, and where the details lie."""
    import tempfile
    import traceback

    what = f"a bug in Squall: {type(error).__name__}: {error}"
    try:
        with tempfile.NamedTemporaryFile("w", prefix="squall-bug-", suffix=".txt", delete=False) as details:
            details.write(f"squall {__version__}\n{' '.join(sys.argv)}\n")
            details.writelines(traceback.format_exception(error))
    except OSError as trouble:
        return _say(what, f"the details cannot be written ({trouble}); please report it", 70)
    return _say(what, f"details: {details.name}; please report it", 70)
