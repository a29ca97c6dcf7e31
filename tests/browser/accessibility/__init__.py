"""Everyone can read and work the widget: WCAG 2.2 AA, in every language; see docs/accessibility.md.

A test names the success criteria that it shows: ``@pytest.mark.criterion("1.4.3")``.
"""
