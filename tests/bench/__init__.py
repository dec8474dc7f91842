"""Measurements, as ratios within one run: the machines are shared and noisy. Nothing here passes or fails."""
