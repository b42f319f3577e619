"""What may go wrong on one machine. Each text is a sentence for the person at the terminal.

LocalError
├── FolderError    the data folder belongs to somebody else
├── AccountError   nobody has such an account
├── AuditError     an audit trail was altered
├── FileError      a file holds what cannot be used
├── PackageError   a package could not be had, or is not what it was
├── ServerError    an embedded server could not be started
└── ProcessError   a process of ours cannot be kept running
"""


class LocalError(Exception):
    """The command ends with this sentence and without a traceback."""


class FolderError(LocalError):
    pass


class AccountError(LocalError):
    pass


class AuditError(LocalError):
    pass


class FileError(LocalError):
    pass


class PackageError(LocalError):
    pass


class ServerError(LocalError):
    pass


class ProcessError(LocalError):
    pass
