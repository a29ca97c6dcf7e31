"""An nginx to stand before the service, as on a site's own host."""

from tests.machine.unpacked import Program

PROGRAM = Program("nginx", "nginx", "usr/sbin/nginx", "-v", r"nginx/(\d+(?:\.\d+)+)", size="1 MB")
REMEDY, find, ensure = PROGRAM.remedy, PROGRAM.find, PROGRAM.ensure
