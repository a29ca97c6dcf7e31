"""Measures the widget beside a bare page and a floor: ``python -m bench.widget``."""
