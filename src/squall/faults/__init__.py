"""Faults: what a user may write. One small file each, in families; pure: a fault compiles to effects and does nothing.

A new fault is one file here and one line in `pyproject.toml` under `squall.faults`.
"""
