"""The command line: one file per persona."""
