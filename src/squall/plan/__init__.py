"""From an experiment and a snapshot to a `Plan`: concrete targets, effects, numbers and order. Pure data, pure code."""
