"""The client: a process of its own that sends one kind of request over keep-alive connections.

Run as ``python -m bench.client``, it reads one job a line on standard input and answers each with
one line on standard output; it ends when its input does.
"""

import http.client
import json
import secrets
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.processes import ROOT, BenchFailed

#: Seconds for one answer, and for one job.
ANSWER_SECONDS = 10
JOB_SECONDS = 120


@dataclass(frozen=True)
class Job:
    """A number of equal requests."""

    port: int
    path: str
    expected: int
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    #: JSON object of the body, if there is one.
    body: dict[str, Any] | None = None
    #: Members of the body that get 128 fresh random bits in each request.
    fresh: tuple[str, ...] = ()
    #: Paths instead of ``path``, one after another.
    paths: tuple[str, ...] = ()
    count: int = 1
    #: Connections, one a thread.
    threads: int = 1


@dataclass(frozen=True)
class Result:
    """What came of a job."""

    #: From the first request to the last answer, connections already open.
    seconds: float
    #: Median time of one request.
    median_ms: float
    #: Status → number of answers.
    answers: dict[str, int]
    #: Headers (names in lower case) and body of one answer: the last, or the first that was wrong.
    headers: dict[str, str]
    body: str


class Client:
    """The client's process, seen from the bench."""

    def __init__(self, process: "subprocess.Popen[str]"):
        self._process = process

    def run(self, job: Job) -> Result:
        """Send a job's requests and wait for all answers.

        :raises BenchFailed: the client died, or an answer had another status than expected
        """
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise BenchFailed(f"the client ended during {job.method} {job.path}")
        result = Result(**json.loads(line))
        if set(result.answers) != {str(job.expected)}:
            raise BenchFailed(
                f"{job.method} {job.path}: {job.expected} expected, "
                f"answers were {result.answers}: {result.body[:300]}"
            )
        return result


@contextmanager
def client() -> Iterator[Client]:
    """Start the client and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.client"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Client(process)
    finally:
        assert process.stdin
        process.stdin.close()
        try:
            process.wait(ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class _Share:
    """What one connection saw."""

    started: float
    ended: float
    milliseconds: list[float]
    answers: Counter[int]
    headers: dict[str, str]
    body: str


def perform(job: Job) -> Result:
    """Send the requests of a job and sum up; any fault of the connection is raised."""
    gate = threading.Barrier(job.threads)
    counts = [len(range(share, job.count, job.threads)) for share in range(job.threads)]
    with ThreadPoolExecutor(job.threads) as pool:
        shares = list(pool.map(lambda count: _send(job, count, gate), counts))
    wrong = [share for share in shares if set(share.answers) != {job.expected}]
    shown = (wrong or shares)[0]
    answers = sum((share.answers for share in shares), Counter[int]())
    return Result(
        seconds=max(s.ended for s in shares) - min(s.started for s in shares),
        median_ms=statistics.median(ms for share in shares for ms in share.milliseconds),
        answers={str(status): count for status, count in answers.items()},
        headers=shown.headers,
        body=shown.body,
    )


def _send(job: Job, count: int, gate: threading.Barrier) -> _Share:
    """Send ``count`` requests over one connection, and none after a wrong answer."""
    asked = [(at, fresh_body(job)) for at in range(count)]
    paths = job.paths or (job.path,)
    first = secrets.randbelow(len(paths))  # so that two connections do not ask the same
    milliseconds: list[float] = []
    answers: Counter[int] = Counter()
    connection = http.client.HTTPConnection("127.0.0.1", job.port, timeout=ANSWER_SECONDS)
    with closing(connection):
        connection.connect()
        gate.wait(ANSWER_SECONDS)
        started = now = time.perf_counter()
        for at, body in asked:
            connection.request(job.method, paths[(first + at) % len(paths)], body, job.headers)
            answer = connection.getresponse()
            content = answer.read()
            before, now = now, time.perf_counter()
            milliseconds.append((now - before) * 1000)
            answers[answer.status] += 1
            if answer.status != job.expected:
                break
            if now - started > JOB_SECONDS:
                raise TimeoutError(f"{job.method} {job.path}: more than {JOB_SECONDS} s")
    headers = {name.lower(): value for name, value in answer.getheaders()}
    shown = content.decode("utf-8", "replace")
    return _Share(started, now, milliseconds, answers, headers, shown)


def fresh_body(job: Job) -> bytes | None:
    """Return the body of one request, with its fresh members."""
    if job.body is None:
        return None
    fresh = {name: secrets.token_urlsafe(16) for name in job.fresh}
    return json.dumps({**job.body, **fresh}).encode()


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(asdict(perform(Job(**json.loads(line))))), flush=True)
