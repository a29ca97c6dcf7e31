"""The licence of each package, read once by a person, and which licences may be there.

A package says it in three ways, or only in a file; so it is written down here, and a test compares
it with what an installed package says.
"""

#: Name of a package → SPDX expression.
LICENCES = {
    "alembic": "MIT",
    "apispec": "MIT",
    "babel": "BSD-3-Clause",
    "blinker": "MIT",
    "brotli": "MIT",
    "cffi": "MIT-0",
    "click": "BSD-3-Clause",
    "colorama": "BSD-3-Clause",
    "cryptography": "Apache-2.0 OR BSD-3-Clause",
    "flask": "BSD-3-Clause",
    "flask-migrate": "MIT",
    "flask-smorest": "MIT",
    "flask-sqlalchemy": "BSD-3-Clause",
    "gunicorn": "MIT",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "mako": "MIT",
    "markupsafe": "BSD-3-Clause",
    "marshmallow": "MIT",
    "orjson": "MPL-2.0 AND (Apache-2.0 OR MIT)",
    "packaging": "Apache-2.0 OR BSD-2-Clause",
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
    "pycparser": "BSD-3-Clause",
    "pysqlite3": "Zlib",
    "pyyaml": "MIT",
    "sqlalchemy": "MIT",
    "structlog": "MIT OR Apache-2.0",
    "tqdm": "MPL-2.0 AND MIT",
    "typing-extensions": "PSF-2.0",
    "tzdata": "Apache-2.0",
    "webargs": "MIT",
    "werkzeug": "BSD-3-Clause",
}
#: What may be distributed beside Apache-2.0 without a duty for our own code. The two that ask for
#: their own source (MPL, LGPL) are for packages that are installed as they are and never changed.
ALLOWED = {
    *("MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "Zlib"),
    *("MPL-2.0", "LGPL-3.0-only"),
}
