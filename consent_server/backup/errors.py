"""Why a backup cannot be made, read, or put back."""

from pathlib import Path

from consent_server.errors import ConsentError


class BackupKeysUnusable(ConsentError):
    """The file with the keys of the backups is damaged, or open to other users."""

    status = 500
    reason = "backup_keys_unusable"

    def __init__(self, path: Path, problem: str):
        super().__init__(f"{path}: {problem}")


class BackupKeyMissing(ConsentError):
    """The key of the month in which a backup was made is not here, or was forgotten on purpose."""

    status = 422
    reason = "backup_key_missing"

    def __init__(self, month: str, path: Path):
        super().__init__(f"the backup needs the key of {month}, which is not in {path}")


class BackupUnreadable(ConsentError):
    """The file is no backup, is cut off or changed, or holds no sound database."""

    status = 422
    reason = "backup_unreadable"


class DatabaseNotEmpty(ConsentError):
    """There is a database where a backup is to be put back, and it is not overwritten."""

    status = 409
    reason = "database_not_empty"


class OtherEngine(ConsentError):
    """The backup is of another database engine than the one in the settings."""

    status = 422
    reason = "backup_other_engine"

    def __init__(self, found: str, wanted: str):
        super().__init__(f"the backup is of {found}, and DATABASE_URL says {wanted}")


class KeyRingNeeded(ConsentError):
    """A backup is put back beside the keys of its installation, or nobody finds their records."""

    status = 422
    reason = "key_ring_needed"

    def __init__(self, path: Path):
        super().__init__(f"{path} is missing: put the folder of the keys in its place first")


class HeadsNeeded(ConsentError):
    """Without the last heads of the logs nobody can tell a backup that is older than them."""

    status = 422
    reason = "heads_needed"

    def __init__(self, path: Path):
        super().__init__(
            f"{path} has no last head of any log: put the newest copy of that folder in its place, "
            "or say --without-heads: what was signed after the backup may then be contradicted"
        )


class NotRecoverable(ConsentError):
    """A log cannot go on from this database, or need not be helped to."""

    status = 409
    reason = "not_recoverable"
