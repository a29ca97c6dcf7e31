"""Proof packs: complete, exact, and refused where anything in them is not what was signed."""
