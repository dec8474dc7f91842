"""Honest in-memory implementations of the ports, for tests; they pass the same contract suites."""

from audition.adapters.memory.storage import MemoryDatabase, MemoryUnitOfWork, memory_storage
from audition.adapters.memory.world import (
    FixedClock,
    MemoryBlobs,
    MemoryMailer,
    MemoryQueue,
    PlainPasswords,
    SeededTokens,
    SentMail,
)

__all__ = [
    "FixedClock",
    "MemoryBlobs",
    "MemoryDatabase",
    "MemoryMailer",
    "MemoryQueue",
    "MemoryUnitOfWork",
    "PlainPasswords",
    "SeededTokens",
    "SentMail",
    "memory_storage",
]
