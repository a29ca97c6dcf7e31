"""gunicorn's threads, made so that no client keeps one waiting, and no log quotes a client."""
