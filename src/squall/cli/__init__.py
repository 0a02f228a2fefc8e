"""The command line: the thinnest layer, and the only place that prints or exits."""

from squall.cli.main import main

__all__ = ["main"]
