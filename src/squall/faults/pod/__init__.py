"""Faults of the pod family."""
