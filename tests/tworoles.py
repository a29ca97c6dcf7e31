"""A PostgreSQL database as the documentation says it: one role owns the tables, another serves."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.sql import SQL, Composable, Identifier

from consent_server import roles
from tests.databases import migrated_template

OWNER, SERVICE = "roles_owner", "roles_service"


@dataclass(frozen=True)
class TwoRoles:
    """Addresses of one database, by the role that connects."""

    administrator: str
    owner: str
    service: str

    @property
    def name(self) -> str:
        """Of the database."""
        return self.owner.rpartition("/")[2]


def connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    """Open the driver's own connection, in autocommit."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def made(address, name: str, template: Composable) -> TwoRoles:
    """Make a database, and the roles unless an earlier one made them."""
    with connect(address("postgres")) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")  # other workers of the same session
        for role in (OWNER, SERVICE):
            for statement in roles.creation(role):
                connection.execute(statement)
        names = {"name": Identifier(name), "owner": Identifier(OWNER), "template": template}
        connection.execute(
            SQL("CREATE DATABASE {name} OWNER {owner} TEMPLATE {template}").format(**names)
        )
    urls = [address(name).replace("consent@", f"{role}@") for role in (OWNER, SERVICE)]
    return TwoRoles(address(name), *urls)


def made_template(address, name: str) -> str:
    """Make a database that its owner migrated, and whose owner gave the service its rights."""
    database = made(address, name, SQL("DEFAULT"))
    migrated_template(database.owner)
    with connect(database.owner) as connection:
        for statement in roles.grants(SERVICE):
            connection.execute(statement)
    return name


@pytest.fixture(scope="session")
def two_roles_template(postgresql_cluster) -> str:
    """Name of a database of two roles that fresh ones are copied from."""
    name = f"template_roles_{uuid.uuid4().hex}"
    return made_template(postgresql_cluster, name)


@pytest.fixture
def two_roles(postgresql_cluster, two_roles_template) -> Iterator[TwoRoles]:
    """A fresh database of two roles."""
    name = f"test_roles_{uuid.uuid4().hex}"
    yield made(postgresql_cluster, name, Identifier(two_roles_template))
    with connect(postgresql_cluster("postgres")) as connection:
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
