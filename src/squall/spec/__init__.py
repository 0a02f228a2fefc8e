"""From text to a typed, frozen `Experiment`: positions, all errors at once, no side effects, nothing named is run.

What belongs here: the document's models and scalars, the parser, the schemas. What must not: faults and probes
themselves (they are handed in as a `Registry`), clocks, files other than the text given.
"""
