"""The way to a site: proxies of the network, and certificates."""

from __future__ import annotations

import ssl
import subprocess

import pytest

from inginious_nb.services.inginious_web.failure_texts import of_no_answer
from inginious_nb.services.inginious_web.failures import InBetweenError, SiteError
from inginious_nb.services.inginious_web.sign_in import Credentials
from inginious_nb.services.inginious_web.site import Site
from tests.support.tcp_server import TcpServer

ALICE = Credentials("alice", "alice-password")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def web_server():
    async def serve(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with TcpServer(serve) as server:
        server.address = f"http://localhost:{server.port}"
        yield server


async def signed_in(address):
    site = Site(address, ALICE)
    try:
        await site.sign_in()
    finally:
        await site.close()
    return site.username


async def test_a_proxy_is_the_way_out_and_not_to_this_machine(proxy, web_site, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
    assert await signed_in("http://inginious.invalid") == "alice"
    assert proxy.count(b"POST http://inginious.invalid/") == 1
    assert await signed_in(web_site.address) == "alice"
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("answer", [b"407 Proxy Authentication Required", b"403 Forbidden"])
async def test_a_proxy_that_refuses_is_named(answer, monkeypatch):
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with TcpServer(refuse) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:proxy-password@127.0.0.1:{proxy.port}")
        with pytest.raises(SiteError, match="proxy of this network") as refused:
            await signed_in("https://inginious.invalid")
    assert "proxy-password" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("HTTPS_PROXY", "gopher://me:proxy-password@host", "proxy"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "SSL_CERT_FILE"),
        ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE"),
    ],
)
async def test_settings_that_cannot_be_used_are_named(name, value, text, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SiteError, match=text) as refused:
        await signed_in("https://inginious.invalid")
    assert "proxy-password" not in str(refused.value)


@pytest.fixture
def self_signed(tmp_path):
    """A certificate for localhost, and its key."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "1"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


async def test_a_certificate_is_trusted_only_if_somebody_says_so(self_signed, monkeypatch):
    certificate, key = self_signed
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    asked = []

    async def serve(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        body = b'{"status": "success", "username": "alice"}'
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    async with TcpServer(serve, ssl=context) as server:
        address = f"https://localhost:{server.port}"
        with pytest.raises(SiteError, match=r"cannot be trusted.*SSL_CERT_FILE"):
            await signed_in(address)
        assert asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert await signed_in(address) == "alice"
        # It is for another name.
        with pytest.raises(InBetweenError, match=r"cannot be trusted.*Check the address") as failed:
            await signed_in(address.replace("localhost", "127.0.0.1"))
        assert "_ssl.c" not in str(failed.value)


async def test_an_https_address_at_which_no_https_is_spoken_is_named(web_server):
    with pytest.raises(InBetweenError, match="does not speak https as it should"):
        await signed_in(web_server.address.replace("http:", "https:"))


@pytest.mark.parametrize("code", [9, 10])
def test_a_certificate_that_is_out_of_date_may_be_the_fault_of_a_clock(code):
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code, error.verify_message = code, "certificate has expired"
    failure = of_no_answer("https://inginious.invalid", error)
    assert "clock" in str(failure)
    assert "(certificate has expired)" in str(failure)
