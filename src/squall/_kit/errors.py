"""Every error that Squall raises on purpose, named by what the reader must do next.

    SquallError
    ├── InvalidDocument     mend the document: `problems` lists every mistake, each with file, line, field and remedy
    ├── InvalidCall         mend the command line or the argument
    ├── Refused             safety said no and nothing was touched: read the findings
    ├── TargetNotFound      name an existing target, or bring it back
    ├── Unreachable         start or reach the thing named: a lab, an API, a socket
    ├── MissingExtra        install the named extra
    ├── Unsupported         choose another platform, or give this machine what it lacks
    ├── Conflict            somebody else holds the slot: wait, or stop that run
    ├── Unwritable          a file cannot be written: free or mend the disk
    │   └── JournalUnwritable   the journal cannot be made durable; no fault starts
    └── StoreDamaged        the repository of runs cannot be read: move it away, it is made anew (in squall.store.local)

A message names the subject and the fact; `hint` says the next act and is shown on a line of its own.
"""

from __future__ import annotations


class SquallError(Exception):
    """Base of all expected errors. `str()` gives the message without the hint."""

    exit_code = 70

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidDocument(SquallError):
    """The document is wrong. `problems` holds one line for each mistake, in the order of the text."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None, problems: tuple[object, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class InvalidCall(SquallError):
    """The call is wrong: an unknown name, an impossible value."""

    exit_code = 2


class Refused(SquallError):
    """Safety said no; nothing was touched."""

    exit_code = 3


class TargetNotFound(SquallError):
    """The named target does not exist (any more)."""

    exit_code = 3


class Unreachable(SquallError):
    """A server, socket or API that is needed did not answer."""

    exit_code = 3


class MissingExtra(SquallError):
    """An optional package is not installed; the hint names the extra."""

    exit_code = 2


class Unsupported(SquallError):
    """This machine or platform cannot do it."""

    exit_code = 3


class Conflict(SquallError):
    """Another owner holds what this effect would claim."""

    exit_code = 3


class Unwritable(SquallError):
    """A file of ours could not be written."""

    exit_code = 3


class JournalUnwritable(Unwritable):
    """A record could not be made durable."""
