"""Seeing: probes that read, sampling at a constant rate, statistics, judgements, and independent meters of dose.

What must not stand here: anything that changes the system, and any import of a driver.
"""
