"""What the tests need from the machine: Node, a PostgreSQL server, nginx, three browsers.

``python -m tests.machine`` finds each of them or installs it, prints a table, and fails with the
command that would help when one is missing. Nothing here is needed to run the service.
"""
