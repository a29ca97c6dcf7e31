"""Prometheus' own tool: reads metrics and alert rules as Prometheus does, and tries the rules."""

from tests.machine.unpacked import Program

PROGRAM = Program(
    "promtool",
    "prometheus",
    "usr/bin/promtool",
    "--version",
    r"promtool, version (\d+(?:\.\d+)+)",
    size="19 MB",
)
REMEDY, find, ensure = PROGRAM.remedy, PROGRAM.find, PROGRAM.ensure
