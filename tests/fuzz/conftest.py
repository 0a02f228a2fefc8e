"""Lets the tests of this folder import `mutate`, and the small faults of `tests/spec`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "spec")]
