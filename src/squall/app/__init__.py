"""One function per command; the only place that composes the stages. Prints nothing, exits nothing."""
