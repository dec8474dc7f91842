"""Lead the exercises: write workspaces, say what is to be run in them, look at what was left.

Only the trusted container runs this, and it runs nothing of a candidate's: it copies, reads and writes files.
"""
