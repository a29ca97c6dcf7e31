"""What breaks around the service and the widget, and what must hold all the same."""
