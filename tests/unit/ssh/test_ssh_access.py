"""The port of a remote shell: who gets in, and that no user can use up the service."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import AsyncExitStack
from functools import partial

import asyncssh
import psutil
import pytest

from inginious_nb.grader.ssh.server import _passing
from tests.support.ssh import connected, run_in_shell
from tests.support.tcp_server import closing

# ---- who gets in ------------------------------------------------------------------------------


async def test_a_wrong_password_a_wrong_user_and_no_password_stay_out(site, caplog):
    caplog.set_level(logging.DEBUG)
    ssh_session = site.ssh_session()
    host, port, user, password = await ssh_session.access()
    assert len(password) >= 20
    for wrong in (user, password[:-1]), ("root", password), (user, ""), (user, password * 2):
        with pytest.raises(asyncssh.PermissionDenied):
            await connected((host, port, *wrong))
    with pytest.raises(asyncssh.PermissionDenied):
        await connected(
            (host, port, user, None),
            client_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            kbdint_auth=True,
        )
    left = await ssh_session.run("feedback-result success; echo in")
    assert left.stdout == "in\n"
    assert (await ssh_session.result()).result[0] == "success"
    assert password not in caplog.text


async def test_three_wrong_passwords_end_a_connection(site):
    ssh_session = site.ssh_session()
    host, port, user, _ = await ssh_session.access()
    tried = []

    class Guesser(asyncssh.SSHClient):
        def password_auth_requested(self):
            tried.append(1)
            return f"guess {len(tried)}" if len(tried) < 100 else None

    with pytest.raises(asyncssh.DisconnectError):
        await connected((host, port, user, None), client_factory=Guesser)
    assert len(tried) == 3
    ssh_session.kill.set()
    await ssh_session.result()


async def test_nothing_but_a_shell_is_to_be_had(site, unused_tcp_port):
    ssh_session = site.ssh_session()
    async with connected(await ssh_session.access()) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", unused_tcp_port)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection("/run/x")
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", unused_tcp_port)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_path("/tmp/inginious-x", "/tmp/inginious-y")
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.start_sftp_client()
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.create_process("true", x11_forwarding=True, x11_display=":0")
        other = await connection.create_process(subsystem="netconf")
        assert (await other.wait()).exit_status == 1
        assert (await connection.run("echo in")).stdout == "in\n"
    await ssh_session.result()


async def test_agents_are_not_forwarded(site, tmp_path):
    ssh_session = site.ssh_session()
    path = tmp_path / "agent"
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(path))
        agent.listen()
        async with connected(
            await ssh_session.access(), agent_forwarding=True, agent_path=str(path)
        ) as connection:
            left = await connection.run('echo "[$SSH_AUTH_SOCK]"; ssh-add -l')
    assert left.stdout == "[]\n"
    await ssh_session.result()


async def test_one_user_at_a_time(site):
    ssh_session = site.ssh_session()
    access = await ssh_session.access()
    async with connected(access) as connection:
        shell = await connection.create_process("echo in; read x; feedback-result $x")
        assert await shell.stdout.readline() == "in\n"
        for run in (connection.run, partial(run_in_shell, access)):
            refused = await run("echo too")
            assert (refused.stdout, refused.exit_status) == ("", 1)
            assert "one shell" in refused.stderr
        shell.stdin.write("success\n")
        assert (await shell.wait()).exit_status == 0
    assert (await ssh_session.result()).result[0] == "success"


async def test_it_listens_on_this_machine_alone(site):
    ssh_session = site.ssh_session()
    host, port, *_ = await ssh_session.access()
    listening = [
        connection.laddr.ip
        for connection in psutil.Process().net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    ]
    assert listening == [host] == ["127.0.0.1"]
    ssh_session.kill.set()
    await ssh_session.result()


async def test_many_who_only_knock_do_not_keep_others_out(site):
    ssh_session = site.ssh_session()
    host, port, *_ = await ssh_session.access()
    async with AsyncExitStack() as unauthenticated:
        readers = []
        for _ in range(30):
            reader, writer = await asyncio.open_connection(host, port)
            await unauthenticated.enter_async_context(closing(writer))
            readers.append(reader)
        assert (await ssh_session.run("feedback-result success")).exit_status == 0
        for reader in readers[:22]:
            assert (await reader.read()).startswith(b"SSH-2.0-")
        await ssh_session.result()


async def test_who_does_not_log_in_is_sent_away(site, monkeypatch):
    monkeypatch.setattr("inginious_nb.grader.ssh.server._LOGIN_S", 0.1)
    ssh_session = site.ssh_session()
    host, port, *_ = await ssh_session.access()
    reader, writer = await asyncio.open_connection(host, port)
    async with closing(writer):
        assert b"SSH-2.0-" in await reader.read()
    ssh_session.kill.set()
    await ssh_session.result()


# ---- who has come in cannot use up the service --------------------------------------------------


async def test_nothing_is_uncompressed(site):
    ssh_session = site.ssh_session()
    access = await ssh_session.access()
    with pytest.raises(asyncssh.KeyExchangeFailed):
        await connected(access, compression_algs="zlib@openssh.com")
    ssh_session.kill.set()
    await ssh_session.result()


async def test_variables_are_refused_and_very_many_are_not_listened_to(site):
    ssh_session = site.ssh_session()
    access = await ssh_session.access()
    async with connected(access) as connection:
        with pytest.raises(asyncssh.Error):
            await connection.run("echo in", env={f"x{number}": "x" for number in range(1000)})
        await connection.wait_closed()
    some = {f"x{number}": "x" for number in range(20)}
    assert (await ssh_session.run("echo $LANG", env={**some, "LANG": "fr"})).stdout == "fr\n"
    await ssh_session.result()


async def test_a_connection_has_few_channels(site):
    ssh_session = site.ssh_session()
    async with connected(await ssh_session.access()) as connection:
        loop = asyncio.get_running_loop()
        channels = [
            asyncssh.SSHClientChannel(connection, loop, "strict", None, "strict", 1 << 20, 1 << 15)
            for _ in range(5)
        ]
        for channel in channels[:4]:
            await channel._open(b"session")
        with pytest.raises(asyncssh.ChannelOpenError, match="Too many"):
            await channels[4]._open(b"session")
    ssh_session.kill.set()
    await ssh_session.result()


async def test_very_many_sizes_of_a_terminal_are_one(site):
    ssh_session = site.ssh_session()
    async with connected(await ssh_session.access()) as connection:
        shell = await connection.create_process("cat", term_type="xterm", term_size=(80, 24))
        shell.stdin.write("in\n")
        assert await shell.stdout.readline() == "in\r\n"
        for number in range(20_000):
            shell.change_terminal_size(80 + number % 2, 24)
        shell.change_terminal_size(50, 20)
        shell.stdin.write("\x03")
        await shell.wait()
    await ssh_session.result()


async def test_a_stream_is_closed_even_if_it_was_never_used():
    async def never():
        raise AssertionError

    reading, writing = os.pipe()
    try:
        passing = _passing(never(), reading)
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
        with pytest.raises(BrokenPipeError):
            os.write(writing, b"x")
    finally:
        os.close(writing)
