"""Tests that need nothing but what training and service need: python -m unittest discover -s tests -t . ."""
