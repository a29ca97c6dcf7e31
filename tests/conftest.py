"""What every test may use: databases (tests/databases.py), the browser (tests/browsers.py)."""

import os

import hypothesis

pytest_plugins = ["tests.databases", "tests.browsers"]

# "ci" finds the same examples on every run; HYPOTHESIS_PROFILE=explore looks for new ones.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
