"""What this host says of itself under ``/.well-known``: its token keys, its word on GPC."""
