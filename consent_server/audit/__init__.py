"""Look at a site as visitors do, in a real browser, and compare it with what it has declared.

Reading what was seen (``judging``, ``report``) needs no browser. What drives one needs the optional
extra ``audit``, and nothing else of the service imports it.
"""
