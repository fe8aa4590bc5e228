"""Keeps what is secret in our requests out of the logs of the HTTP client.

At the level DEBUG httpcore writes the headers of requests and answers, the cookie of the session
among them. What other code of this process sends is logged as before.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOGGERS = ("connection", "http11", "http2", "proxy", "socks")
_is_ours: contextvars.ContextVar[bool] = contextvars.ContextVar("is_ours", default=False)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Log nothing of the requests that are made within."""
    token = _is_ours.set(True)
    try:
        yield
    finally:
        _is_ours.reset(token)


def _is_others(_record: logging.LogRecord) -> bool:
    return not _is_ours.get()


for _name in _LOGGERS:
    # A logger asks its own filters only, not those of the loggers above it.
    logging.getLogger(f"httpcore.{_name}").addFilter(_is_others)
