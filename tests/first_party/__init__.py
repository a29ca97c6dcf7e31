"""The service under a path of the site's own host, behind a real nginx, in a real browser."""
