"""Faults of the network family."""
