"""Ended by a signal: a native crash.

A real fault and not a kill(): the kernel ignores signals that the first process sends to itself.
"""

import ctypes

ctypes.string_at(0)
