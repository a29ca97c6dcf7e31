"""What a process asked of the operating system, in order, from the output of ``strace``."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

#: Calls that change files or names, make them durable, or answer a client.
TRACED = (
    *("openat", "close", "write", "pwrite64", "writev", "pwritev", "lseek", "ftruncate"),
    *("fsync", "fdatasync", "unlink", "unlinkat", "rename", "renameat", "renameat2"),
    *("sendto", "sendmsg"),
)
#: ``-D``: the service stays the child of whoever started it; ``-y``: paths beside descriptors.
OPTIONS = ("-D", "-f", "-qq", "-y", "-xx", "-s", "1000000", "-e", f"trace={','.join(TRACED)}")
_LINE = re.compile(r"(\d+) +(.*)\Z", re.DOTALL)
_BEGUN = re.compile(r"(.*) <unfinished \.\.\.>\Z", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)\Z", re.DOTALL)
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"-?\w+<([^>]*)>")


class Call(NamedTuple):
    """One call that succeeded, or an answer that was about to be sent."""

    name: str
    #: Of the descriptor; of a socket something without a slash at its beginning.
    path: str
    #: Strings among the arguments: what is written, or names.
    texts: list[bytes]
    arguments: str
    result: int


def calls(trace: Path) -> Iterator[Call]:
    """Yield the calls in the order of their ends; what is sent, in that of its beginning."""
    begun: dict[str, str] = {}
    with trace.open(encoding="ascii") as lines:
        for line in lines:
            found = _LINE.match(line.rstrip("\n"))
            if found is None:
                continue
            thread, text = found[1], found[2]
            if unfinished := _BEGUN.match(text):
                begun[thread] = unfinished[1]
                if text.startswith("send"):  # a client may have it before the call is over
                    yield _call("sendto", unfinished[1].partition("(")[2], 0)
                continue
            if resumed := _RESUMED.match(text):
                text = begun.pop(thread, "") + resumed[1]
                if text.startswith("send"):
                    continue
            done = _CALL.match(text)
            if done is not None and done[3] != "?" and int(done[3]) >= 0:
                yield _call(done[1], done[2], int(done[3]))


def _call(name: str, arguments: str, result: int) -> Call:
    texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]
    named = _DESCRIPTOR.match(arguments)
    return Call(name, _plain(named[1]) if named else "", texts, arguments, result)


def _plain(path: str) -> str:
    """Return a path beside a descriptor, which is escaped as strings are."""
    if path.startswith("\\x"):
        return bytes.fromhex(path.replace("\\x", "")).decode()
    return path
