"""An identity provider for tests: a browser is who its first address says, ``?person=grace``."""

from __future__ import annotations

from jupyter_server.auth.identity import IdentityProvider, User


class People(IdentityProvider):
    """Knows everybody who has the token, by name; a cookie keeps it."""

    def generate_anonymous_user(self, handler):
        """Return the person that the address names."""
        name = handler.get_argument("person", "ada")
        return User(name, name.title(), name.title(), name[0].upper())
