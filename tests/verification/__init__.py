"""What the service gives out, and the verifier that needs nothing of it."""
