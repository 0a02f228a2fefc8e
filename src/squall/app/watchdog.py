"""The watchdog's process: waits beside a run, imports little until it must heal.

`python -m squall.app.watchdog JOURNAL BEAT ENGINE_PIDFD READY_FD`, with `SQUALL_HOME` as the engine had it.
"""

from __future__ import annotations

import signal
import sys

from squall.run.watchdog import keep_watch


def main(arguments: list[str]) -> None:
    """Wait, then heal what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    journal = keep_watch(arguments)
    from squall.app.recover import heal_one

    heal_one(journal, wait=True)


if __name__ == "__main__":
    main(sys.argv[1:])
