"""Waiting for what must become true, always with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds. What a scenario waits for comes within a few; an emulated machine that others load as well may need minutes,
# and a scenario that passes waits no longer for it.
PATIENCE = 180


def wait_for(what: str, condition: Callable[[], T], seconds: float = PATIENCE, every: float = 0.1) -> T:
    """Calls `condition` until it returns something true, and returns that.

    Fails after `seconds` with `what` and the last value, so that the report says what was seen instead.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s; last seen: {value!r}")
        time.sleep(every)
    return value
