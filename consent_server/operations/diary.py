"""When an operator last did what has to be done now and then; a small file beside the database."""

import json
from datetime import datetime
from pathlib import Path
from typing import Literal

from consent_server.columns import rfc3339
from consent_server.disk import lock_of, replace_file

#: A backup was made; one was read to its end; one was put back.
Deed = Literal["backup_made", "backup_checked", "backup_restored"]


def note(data_dir: Path, deed: Deed, now: datetime) -> None:
    """Remember that something was done.

    :param now: aware, UTC
    """
    path = data_dir / "diary.json"
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock_of(path):
        known = {name: rfc3339(at) for name, at in noted(data_dir).items()}
        text = json.dumps({**known, deed: rfc3339(now)}, indent=1)
        replace_file(path, text.encode())


def noted(data_dir: Path) -> dict[str, datetime]:
    """Return when each was done last; of a file that cannot be read, nothing."""
    try:
        found = json.loads((data_dir / "diary.json").read_text(encoding="utf-8"))
        return {str(deed): datetime.fromisoformat(at) for deed, at in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
