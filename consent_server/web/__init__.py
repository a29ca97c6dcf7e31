"""What every HTTP answer shares: strict JSON, problem details, CORS, headers, the clock.

Only routes and schemas import from here; a use case never does.
"""
