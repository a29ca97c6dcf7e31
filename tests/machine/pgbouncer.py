"""A PgBouncer to stand before PostgreSQL, as on an installation of many machines."""

from tests.machine.unpacked import Program

PROGRAM = Program(
    "pgbouncer",
    "pgbouncer",
    "usr/sbin/pgbouncer",
    "--version",
    r"PgBouncer (\d+(?:\.\d+)+)",
    size="1 MB",
    needs=("libc-ares2",),
)
REMEDY, find, ensure = PROGRAM.remedy, PROGRAM.find, PROGRAM.ensure
