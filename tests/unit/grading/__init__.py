"""Tests of the grading kit."""
