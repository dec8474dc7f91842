"""Looks for ways in which what candidates get tells what they have to predict. Run as a program, before publishing."""
