"""The demonstration: the service, a shop that asks for consent, and the analytics host it loads.

``python -m demo`` starts all three on this machine; nothing here is part of the service.
"""
