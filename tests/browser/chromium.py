"""The Chromium of this machine, as tests, bench and pictures start it."""

import subprocess
from pathlib import Path

_FIND = Path(__file__).parent / "find-chromium"
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch(playwright):
    """Start it, found or installed, and return the browser."""
    found = subprocess.run([_FIND], capture_output=True, text=True, check=True)
    path = found.stdout.strip().splitlines()[-1]
    return playwright.chromium.launch(executable_path=path, args=_FLAGS)
