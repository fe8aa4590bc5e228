"""The accounts that submissions belong to where people sign in."""

from __future__ import annotations

from msgspec import Struct


class Account(Struct, frozen=True):
    """An account at a site.

    Attributes:
        site: The address of the site.
        name: The name there, empty as long as nobody has signed in.
    """

    site: str
    name: str
