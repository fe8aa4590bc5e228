"""INGInious 0.9.2 as processes of their own, on free ports of the loopback, ended by their ids."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import zmq

from inginious_nb import messages

REPOSITORY = Path(__file__).parents[2]


def peer_bin():
    """Where the commands of INGInious are: ``$INGINIOUS_PEER/bin``, or ``.peer/bin`` here."""
    folder = Path(os.environ.get("INGINIOUS_PEER", REPOSITORY / ".peer")) / "bin"
    if not (folder / "inginious-backend").exists():
        raise FileNotFoundError(f"{folder} has no inginious-backend: run `make peer` first.")
    return folder


def free_port():
    """A port of the loopback that the system gives to nobody else while this process lasts.

    A server can listen there, more than once: servers set SO_REUSEADDR, as this bound socket does,
    which is never closed.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    port = reserved.getsockname()[1]
    if sys.platform == "linux":  # elsewhere it would be in the way of the server
        reserved.detach()
    reserved.close()
    return port


def wait_for_port(port, process, timeout_s=60):
    """Return once somebody listens on the port; fail if the process ends or takes too long."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ChildProcessError(f"The process ended with {process.returncode}.")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    raise TimeoutError(f"Nobody listens on port {port}.")


class Process:
    """A subprocess with the signals that tests send."""

    def __init__(self, *command):
        self._popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self):
        return self._popen.pid

    @property
    def alive(self):
        return self._popen.poll() is None

    def poll(self):
        return self._popen.poll()

    def wait(self, timeout_s):
        return self._popen.wait(timeout_s)

    @property
    def returncode(self):
        return self._popen.returncode

    def stall(self):
        self._popen.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._popen.send_signal(signal.SIGCONT)

    def kill(self):
        self._popen.kill()
        self._popen.wait(10)


class InginiousSite:
    """INGInious's backend and mcq agents.

    Attributes:
        address: Where clients connect.
        agent_address: Where agents connect.
        tasks: The folder in which agents look for tasks; `add_task` puts one there.
    """

    def __init__(self, folder, *, agents=1):
        self.bin = peer_bin()
        self.agent_port, self.client_port = free_port(), free_port()
        self.agent_address = f"tcp://127.0.0.1:{self.agent_port}"
        self.address = f"tcp://127.0.0.1:{self.client_port}"
        self.tasks = Path(folder)
        self.agents = []
        self.backend = None
        try:
            self.start_backend()
        except BaseException:
            self.stop()
            raise
        for _ in range(agents):
            self.start_agent()

    def add_task(self, course_id, task_id):
        (self.tasks / course_id / task_id).mkdir(parents=True, exist_ok=True)

    def start_backend(self):
        self.backend = Process(self.bin / "inginious-backend", self.agent_address, self.address)
        wait_for_port(self.client_port, self.backend)

    def start_agent(self):
        agent = Process(self.bin / "inginious-agent-mcq", self.agent_address, "--tasks", self.tasks)
        self.agents.append(agent)
        return agent

    def wait_until_offered(self, kind, timeout_s=120):
        """Return once an agent offers environments of a kind, as each client is told."""
        with zmq.Context() as context, context.socket(zmq.DEALER) as client:
            client.linger, client.rcvtimeo = 0, timeout_s * 1000
            client.connect(self.address)
            client.send(messages.encode(messages.ClientHello("me")))
            kinds = ()
            while kind not in kinds:
                kinds = messages.decode(client.recv(), messages.TO_CLIENT).available_environments

    def restart_backend(self):
        self.backend.kill()
        self.start_backend()

    def stop(self):
        for process in (*self.agents, self.backend):
            if process is not None and process.alive:
                process.go_on()
                process.kill()


def run_in_peer(script, *arguments, timeout_s=60):
    """Run a script with INGInious's Python and return what it printed."""
    done = subprocess.run(
        [str(peer_bin() / "python"), str(script), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise ChildProcessError(f"{script} ended with {done.returncode}")
    return done.stdout
