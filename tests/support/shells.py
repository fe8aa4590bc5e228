"""Going into the shells of jobs, as their submitters do."""

from __future__ import annotations

import asyncssh


def connected(access, **options):
    """A connection to enter as a context; ``access`` is host, port, user and password."""
    host, port, user, password = access
    return asyncssh.connect(
        host,
        port,
        **{
            "username": user,
            "password": password,
            "known_hosts": None,
            "config": None,
            "client_keys": None,
            **options,
        },
    )


async def run_in_shell(access, command, **options):
    """Run one command, as ``ssh HOST COMMAND`` does."""
    async with connected(access) as connection:
        return await connection.run(command, **options)
