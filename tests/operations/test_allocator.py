"""Threads share what the C library's allocator keeps, but for those who say otherwise."""

import os
import re
import subprocess
import sys

import pytest

#: Eight threads that have memory at once; then how many arenas there are.
ALLOCATING = """
import ctypes, os, sys, threading
from consent_server.allocator import share_one_arena
if sys.argv[1] == "shared":
    share_one_arena()
library = ctypes.CDLL(None)
library.malloc.restype = library.fdopen.restype = ctypes.c_void_p
all_there = threading.Barrier(8)
def take():
    all_there.wait()
    library.malloc(100_000)
    all_there.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
told = ctypes.c_void_p(library.fdopen(1, b"w"))
library.malloc_info(0, told)
library.fflush(told)
"""


@pytest.fixture
def arenas():
    """How many arenas a process has, started in one way or another."""

    def arenas(way, **environment):
        done = subprocess.run(
            [sys.executable, "-c", ALLOCATING, way],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return len(re.findall("<heap nr=", done.stdout))

    return arenas


def test_the_threads_of_the_service_share_one(arenas):
    assert arenas("shared") == 1
    assert arenas("as it is") > 1, "the control"


@pytest.mark.parametrize(
    "said",
    [{"MALLOC_ARENA_MAX": "3"}, {"GLIBC_TUNABLES": "glibc.malloc.arena_max=3"}],
    ids=["variable", "tunable"],
)
def test_whoever_names_a_number_is_not_contradicted(arenas, said):
    assert arenas("shared", **said) == 3
