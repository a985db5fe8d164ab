"""Exceptions of `store`, one tree.

StoreError
├── BadInput          something handed in is wrong: file (or source), field, found, allowed
│   ├── PolicyError   a privacy policy or matcher preset is wrong
│   └── GalleryError  a face gallery's files are damaged or cannot be written, or a search asks for the impossible
├── UnknownAccount    a token or account that the store does not know
├── AuditError        an audit log that somebody changed
└── LedgerError       the books refuse: an entry that does not balance, a visit billed twice differently
    └── IntegrityRefused  the database itself refuses: a rule of the tables would be broken
"""


class StoreError(Exception):
    """Root of all errors that `store` raises on purpose."""


class BadInput(StoreError):
    """Input that the caller can mend; the command line prints it in one line and exits with 2."""

    def __init__(self, file: object, field: str, found: object, allowed: str) -> None:
        self.file, self.field, self.found, self.allowed = str(file), field, found, allowed
        super().__init__(f"{self.file}: {field}: found {found!r}, allowed: {allowed}")


class PolicyError(BadInput):
    """A privacy policy or matcher preset that the user can mend."""


class GalleryError(BadInput):
    """A face gallery whose files are damaged or cannot be written, or a search that it cannot answer."""


class UnknownAccount(StoreError):
    """A token or an account that the store does not know."""


class LedgerError(StoreError):
    """The books refuse what was asked, because money would not balance or would move twice."""


class IntegrityRefused(LedgerError):
    """The database refuses what would break a rule of its tables."""


class AuditError(StoreError):
    """An audit log that somebody changed, deleted from or added to: the store does not go on with it."""

    def __init__(self, log: object, problem: str) -> None:
        self.log, self.problem = str(log), problem
        super().__init__(f"{log}: the audit log was tampered with: {problem}")
