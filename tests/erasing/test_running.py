"""The running service erases by itself what a restored database has again."""

import time

from tests.builders import OTHER_VISITOR, acceptance
from tests.log.backup import Backup
from tests.server import start


def test_a_service_that_starts_on_a_restored_database_erases_again(
    app, decide, erase, environment, tmp_path, records
):
    stays = decide(acceptance(consent_id=OTHER_VISITOR)).json["record_id"]
    decide(acceptance())
    backup = Backup(app)
    backup.take()
    erase()
    backup.restore()
    assert len(records()) == 2

    server = start(environment, tmp_path)
    try:
        deadline = time.monotonic() + 60
        while "erasures_replayed" not in server.log.read_text() and time.monotonic() < deadline:
            time.sleep(0.2)
        left = [record["record_id"] for record in records()]
    finally:
        log = server.stop()

    assert left == [stays], log
    assert "erasures_replayed" in log
