"""Copies of public data that name who leaked them: made and traced by programs in a grader container."""
