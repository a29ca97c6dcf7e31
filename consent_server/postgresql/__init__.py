"""What the service does with PostgreSQL's driver itself; loaded where the database is one."""
