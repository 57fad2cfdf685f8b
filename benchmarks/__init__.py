"""Measures the bars of the project as ratios within one run. Never imported by the product."""
