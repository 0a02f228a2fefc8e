"""The links: one process with a TCP proxy for each way between two instances, on which toxics act.

Belongs here: relaying, toxics, their leases and counters. Does not belong here: knowledge of the services behind.
Run as `python -m squall.lab.links STATE_DIR`, with the listening sockets inherited from the supervisor.
"""
