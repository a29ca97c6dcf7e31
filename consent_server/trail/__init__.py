"""The audit trail: who of the house looked at what, or changed it, when and why; in the log."""
