"""A witness for the logs of others: cosigns what only grew since it looked last.

Needs no database. A data protection officer, an auditor or another operator runs it, on a machine
that is not the log's; what its key signs is worth as much as that machine is out of reach.
"""
