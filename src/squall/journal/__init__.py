"""The durable, append-only list of a run's effects with their undo: written before the target is touched."""
