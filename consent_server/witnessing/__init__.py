"""Others vouch for the logs: each new head is shown to the witnesses of a policy, who cosign it.

The other side, a witness for the logs of others, is ``consent_server.witness``.
"""
