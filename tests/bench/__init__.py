"""Figures. Each is a ratio to a floor measured in the same run, because machines differ and ratios travel."""
