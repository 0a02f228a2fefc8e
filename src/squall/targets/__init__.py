"""Platforms: where targets live, and the only code that touches the world.

One folder a platform: `inventory.py` (the snapshot), `inspect.py` (reads slots for the receipt, imports no driver), and
one small file per effect it can do. What must not stand here: selecting, retrying, sleeping, journaling, judging.
"""
