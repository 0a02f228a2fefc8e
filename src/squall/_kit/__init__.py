"""What every layer may use: clock, ids, JSON, errors, small process and file helpers. Knows nothing of chaos."""
