"""The served process itself: clients that are slow, reloads under load, stops."""
