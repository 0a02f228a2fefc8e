"""The platform `host`: plain processes on this machine, named `pid/N` or selected by their program's `name`."""
