"""The lab: an embedded system under test, real processes on loopback in one state folder.

Belongs here: the supervisor, the links with their toxics, the sample application. Does not belong here: experiments.
Others drive a running lab by its control socket alone (`rpc`); only the command line calls these functions.
"""

from __future__ import annotations

from squall.lab.door import InstanceInfo, LabInfo, down, logs, status, up

__all__ = ["InstanceInfo", "LabInfo", "down", "logs", "status", "up"]
