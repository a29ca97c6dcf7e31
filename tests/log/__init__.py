"""The log from outside and inside: sealed, proven, audited, interrupted, tampered with."""
