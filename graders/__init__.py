"""Audition's graders. Each is registered in `audition.graders` exactly as a stranger's would be."""
