"""Exceptions of `sim`, one tree.

SimError
├── BadInput          something the user handed in is wrong: file, field, found, allowed
└── MissingLibrary    the machine lacks a system library (OpenGL)
"""


class SimError(Exception):
    """Root of all errors that `sim` raises on purpose."""


class BadInput(SimError):
    """Input that the user can mend; the command line prints it in one line and exits with 2."""

    def __init__(self, file: object, field: str, found: object, allowed: str) -> None:
        self.file, self.field, self.found, self.allowed = str(file), field, found, allowed
        super().__init__(f"{self.file}: {field}: found {found!r}, allowed: {allowed}")


class MissingLibrary(SimError):
    """A system library is missing; the message says which package brings it."""
