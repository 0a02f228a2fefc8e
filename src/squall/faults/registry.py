"""The known faults, by entry point, ours declared exactly as a stranger's.

The group is `squall.faults`; a plug-in that fails to load is an error that names it.
"""

from __future__ import annotations

from squall._kit.plugins import load_group
from squall.faults.api import Fault


def known_faults() -> dict[str, type[Fault]]:
    """Every installed fault by the type name that a document uses."""
    return load_group("squall.faults", Fault)
