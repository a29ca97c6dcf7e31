"""A record in the words of others: pure functions of the exported record and its bundle.

``dpv``: ISO/IEC TS 27560 by the W3C community's profile, JSON-LD. ``kantara``: Consent Receipt 1.1.
``words``: what a person reads.
"""
