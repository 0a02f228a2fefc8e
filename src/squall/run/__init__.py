"""Carrying a plan out: engine, leases, journal use, recovery, watchdog, receipt. The only code that orders effects."""
