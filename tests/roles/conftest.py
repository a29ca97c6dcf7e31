"""A database as the documentation says it: one role owns the tables, another one is the service."""

import pytest


@pytest.fixture
def database_url(two_roles):
    """What the service under test is given: the role that owns nothing."""
    return two_roles.service
