"""Failures are told as they happen: a run that is cut off has named what it found."""

import pytest


class AtOnce:
    """Writes each failed test and its traceback to the terminal when its report arrives."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what one test found, if it failed, as it does again at the end."""
        if report.failed:
            self._terminal.ensure_newline()
            self._terminal.section(f"{report.when}: {report.nodeid}", sep="-", red=True)
            self._terminal.write_line(report.longreprtext)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Add it where the terminal is: in the process that the others report to."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(AtOnce(terminal), "failures-at-once")
