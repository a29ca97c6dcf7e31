"""The demonstration, started for real."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.demo.running_demo import RunningDemo


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[Callable[..., RunningDemo]]:
    """Start demonstrations; all of them are ended after the test."""
    started: list[RunningDemo] = []

    def start(**environment: str) -> RunningDemo:
        started.append(RunningDemo(tmp_path / "var", **environment))
        return started[-1]

    yield start
    for demo in started:
        demo.stop()


@pytest.fixture(scope="module")
def running_demo(tmp_path_factory) -> Iterator[RunningDemo]:
    """A demonstration that has told its address, for every test that does not end it."""
    demo = RunningDemo(tmp_path_factory.mktemp("demo") / "var")
    demo.wait_for_address()
    yield demo
    demo.stop()
