"""The way of a person into the remote shell of a job in ssh debug mode.

A service says where that is, and a person pastes it into a terminal: what a terminal would take for
anything but a word is never shown. No I/O.
"""

from __future__ import annotations

import re

Ssh = tuple[str, int, str, str]
"""Host, port, user and password of a remote shell into a job."""

_HOST = re.compile(r"[0-9A-Za-z:][0-9A-Za-z.:%_-]{0,254}")
_USER = re.compile(r"[0-9A-Za-z_][0-9A-Za-z._-]{0,63}")
_MAX_PASSWORD_CHARS = 200


def can_be_pasted(ssh: Ssh) -> bool:
    """Return whether a terminal takes all of it for words: no command, option or end of line."""
    host, _port, user, password = ssh
    return (
        _HOST.fullmatch(host) is not None
        and _USER.fullmatch(user) is not None
        and password.isprintable()
        and len(password) <= _MAX_PASSWORD_CHARS
    )


def ssh_command(ssh: Ssh) -> tuple[str, str]:
    """Return the command that a person types to get into a shell, and the password it asks for."""
    host, port, user, password = ssh
    # Each job has a host key of its own, and ports of this machine come again: ssh would refuse.
    option = "-o NoHostAuthenticationForLocalhost=yes " if host == "127.0.0.1" else ""
    return f"ssh {option}{user}@{host} -p {port}", password
