"""The JSON API, version 1: the same verbs as the pages, for programs with a bearer token.

Each route stands beside what describes it (`describes`), and the OpenAPI document is made from both.
"""

from audition.web.api import (
    access,
    authoring,
    candidates,
    cohorts,
    disputing,
    documents,
    once,
    reviewing,
    runs,
    submissions,
    webhooks,
)
from audition.web.api.routing import blueprint

__all__ = [
    "access",
    "authoring",
    "blueprint",
    "candidates",
    "cohorts",
    "disputing",
    "documents",
    "once",
    "reviewing",
    "runs",
    "submissions",
    "webhooks",
]
