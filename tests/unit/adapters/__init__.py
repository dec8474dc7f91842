"""Adapters, one at a time."""
