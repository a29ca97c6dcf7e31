"""The demonstration, started as a person starts it."""
