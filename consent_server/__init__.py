"""A self-hosted consent service: decisions, proofs, tokens and checks for web sites."""
