"""The platform `memory`: a world in one JSON file, shipped for tests, rehearsals and the simplest demonstrations.

It outlives any process of ours and counts leases on CLOCK_BOOTTIME, so crash and recovery are as real as elsewhere.
"""
