"""Bound what reading a hostile file may take, so that it fails there and then and not with its whole container."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAGE = resource.getpagesize()


@contextmanager
def bounded_memory(extra_bytes: int) -> Iterator[None]:
    """Let this process grow by no more than this; beyond it allocations raise `MemoryError`.

    A decoder allocates what a file claims to need. Without the bound the kernel would end the container for it,
    which looks like a failure of ours.
    """
    before = resource.getrlimit(resource.RLIMIT_AS)
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE
    wanted = mapped + extra_bytes
    ceilings = [limit for limit in before if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([wanted, *ceilings]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
