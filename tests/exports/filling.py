"""A large log in little time."""

from bench.log import filling
from consent_server.sealing.service import seal
from tests.application import NOW


def fill(app, publication, notary, count):
    """Append that many grants of as many visitors to a site's log, and seal it."""
    with app.app_context():
        filling.fill(publication, count, NOW)
        seal("demo", notary, NOW)
