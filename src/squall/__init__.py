"""Squall: chaos engineering with guarantees.

The flow is one-way: `spec` -> `plan` -> `safety` -> `run` -> `report`; `app` composes it, `cli` speaks to people.
"""

__version__ = "0.1.0"
