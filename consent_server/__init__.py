"""A self-hosted consent service: decisions, proofs, tokens and checks for web sites."""

__version__ = "0.1.0"
