"""Checks over plan and snapshot, each pure: findings that refuse, warn or inform. No SDK, no clock of its own."""
