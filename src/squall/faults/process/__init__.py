"""Faults of the process family."""
