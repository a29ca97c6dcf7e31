"""A Caddy to read the configuration that operators are given."""

from tests.machine.unpacked import Program

PROGRAM = Program("caddy", "caddy", "usr/bin/caddy", "version", r"^v?(\d+(?:\.\d+)+)", size="9 MB")
REMEDY, find, ensure = PROGRAM.remedy, PROGRAM.find, PROGRAM.ensure
