"""Tests of the host room, without an engine and without touching this machine."""
