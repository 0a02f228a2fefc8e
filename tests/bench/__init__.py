"""Measurements against peers, in one interleaved run: `python -m tests.bench`. Never part of the test command."""
