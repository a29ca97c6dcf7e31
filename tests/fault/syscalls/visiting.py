"""``python -m tests.fault.syscalls.visiting``: a service that visits itself in a new process.

For each line on standard input, a JSON list of bodies of decisions, it forks; the child says its
process id, waits until somebody has opened the pipe that the environment names, sends the bodies to
the service and writes each answer to the file beside it. A trial takes no longer than its work.
"""

import json
import os
import sys
from pathlib import Path

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from tests.builders import ORIGIN

PATH = "/v1/sites/demo/consents"
#: Names of the environment: the pipe to wait for, the file of the answers.
GATE, ANSWERS = "VISIT_GATE", "VISIT_ANSWERS"


def main() -> None:
    """Fork for each line until there are no more."""
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # where the service's own lines go
    app = create_app(load_settings(dict(os.environ)))
    with app.app_context():
        db.engine.dispose()  # a child opens what it needs
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _visit(app, json.loads(line))
        print(child, file=told)
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", file=told)


def _visit(app: object, bodies: list[dict[str, object]]) -> None:
    """Send the bodies one after another; never returns."""
    code = 1
    try:
        with Path(os.environ[GATE]).open("rb"):
            pass
        client = app.test_client()  # type: ignore[attr-defined]
        with Path(os.environ[ANSWERS]).open("w", encoding="utf-8", buffering=1) as answers:
            for body in bodies:
                answer = client.post(
                    PATH,
                    data=json.dumps(body),
                    content_type="text/plain;charset=UTF-8",
                    headers={"Origin": ORIGIN},
                )
                answers.write(f"{json.dumps([answer.status_code, answer.json])}\n")
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
