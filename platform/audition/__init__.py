"""Audition: assess ML engineers by real work."""

__version__ = "0.1.0"

#: Loggers of libraries that say more than anybody wants to read; their warnings are shown.
NOISY = ("httpx", "alembic", "rq.worker", "urllib3")
