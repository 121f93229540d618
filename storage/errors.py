"""What storage refuses, in words that say what to do next."""

from __future__ import annotations

from referral.errors import ReferralError


class StorageError(ReferralError):
    """The database did not take it. Nothing of the unit of work was kept; it may be sent again."""


class AlreadyKept(StorageError):
    """What must be there only once is there already."""


class ForeignDatabase(StorageError):
    """The database belongs to another program. Point `[database] url` at an empty one."""


class NewerDatabase(StorageError):
    """The database was written by a newer Taoli. Update this program; nothing was changed."""


class DatabaseInUse(StorageError):
    """Another Taoli process owns this SQLite file. Stop it first, or run the command beside it through its socket."""


class NotMigrated(StorageError):
    """The database is not at this program's version. Run `taoli migrate`."""


class NotYetPlaced(StorageError):
    """The entry is safe but has no place in the tree yet; the sequencer gives it one within a second. Ask again."""


class BadArchive(StorageError):
    """The file is no backup of ours, or not whole any more. Nothing was changed."""


class BackupUnderWay(StorageError):
    """Another command is at work on this very file. Wait until it has ended."""


class NotEmpty(StorageError):
    """There is something already where a backup should be restored to. Nothing was changed."""


class NotSound(StorageError):
    """What should be saved, or was read back, does not check out. Nothing was put in its place."""
