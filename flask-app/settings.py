"""The environment variables of the server, read in one place, so that a wrong value stops it with a sentence."""

from __future__ import annotations

import os


def positive_int(name: str, default: int) -> int:
    """The whole number >= 1 in the environment variable `name`, or `default` where it is unset or empty."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise SystemExit(f"{name} must be a whole number of at least 1, not {text!r}")
    return value
