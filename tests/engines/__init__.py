"""The core of the browser tests in the two other engines: Firefox and WebKitGTK."""
