"""The sample application: gateway, api, worker, payment, echo, and the user that puts load on it.

Belongs here: what a team would have written, resilience patterns included. Does not belong here: knowledge of chaos.
Each module runs as `python -m squall.lab.services.<kind> CONFIG.json`; peers come by component, never by name.
"""
