"""The served process seals by itself."""

import json
import time

from tests.builders import ORIGIN, acceptance
from tests.log.verifier import included
from tests.server import start


def test_a_running_service_puts_records_into_the_log_in_time(
    environment, tmp_path, publish, api_key
):
    publish("demo")
    key = api_key("export")
    server = start({**environment, "CONSENT_MERGE_DELAY": "2"}, tmp_path)
    try:
        headers = {"Origin": ORIGIN, "Content-Type": "text/plain;charset=UTF-8"}
        body = json.dumps(acceptance())
        _, _, answer = server.request("POST", "/v1/sites/demo/consents", body, headers)
        path = f"/v1/sites/demo/consents/{json.loads(answer)['record_id']}/proof?format=tlog-proof"
        deadline = time.monotonic() + 20
        status = 409
        while status == 409 and time.monotonic() < deadline:
            time.sleep(0.2)
            status, _, proof = server.request("GET", path, headers=key)
        _, _, vkey = server.request("GET", "/v1/sites/demo/log/key")
    finally:
        log = server.stop()

    assert status == 200, log
    index, _ = included(proof.decode(), vkey.decode())
    assert index == 2
