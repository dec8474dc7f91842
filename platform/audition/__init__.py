"""Audition: assess ML engineers by real work."""

__version__ = "0.1.0"
