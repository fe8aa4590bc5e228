"""A backend on a real socket in a thread of its own, for tests whose own thread may block."""

from __future__ import annotations

import contextlib
import queue
import threading

import zmq

from inginious_nb import messages

from .model_backend import ModelBackend


class ThreadBackend:
    """The model backend behind a ROUTER socket.

    Attributes:
        address: Where clients connect.
        by_itself: Whether it ends each job at once.
        received: All messages that came, oldest first.
    """

    def __init__(self, *, by_itself=True, address="tcp://127.0.0.1:*", curve=None):
        self.model = ModelBackend()
        self.by_itself = by_itself
        self.received = []
        self._news = threading.Condition()
        self._commands = queue.SimpleQueue()
        self._context = zmq.Context()
        self._wake = self._context.socket(zmq.PAIR)
        self._wake.sndtimeo = 20_000  # nobody is there any more where its thread has failed
        self._wake.bind("inproc://wake")
        self._ready = threading.Event()
        self._requested = address
        self._curve = curve
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._thread.is_alive():
            self.do(None)
        self._thread.join()
        self._wake.close(linger=0)
        self._context.term()

    def do(self, action):
        """Have ``action(model)`` done in the backend's thread."""
        self._commands.put(action)
        self._wake.send(b"")

    def finish(self, job_id, **fields):
        self.do(lambda model: model.finish(job_id, **fields))

    def say(self, message):
        """Say something to every client."""
        frame = message if isinstance(message, bytes) else messages.encode(message)
        self.do(
            lambda model: model.outbox.extend((identity, frame) for identity in model.registered)
        )

    def wait_for(self, condition, timeout_s=60):
        """Return once ``condition(model)`` holds."""
        with self._news:
            if not self._news.wait_for(lambda: condition(self.model), timeout_s):
                raise TimeoutError

    def count(self, kind):
        """How many messages of that kind came."""
        return sum(isinstance(message, kind) for message in list(self.received))

    def _run(self):
        # Closed whatever fails here: a context ends with its last socket.
        with self._context.socket(zmq.ROUTER) as socket, self._context.socket(zmq.PAIR) as commands:
            socket.linger = commands.linger = 0
            try:
                self._serve(socket, commands)
            finally:
                self._ready.set()

    def _serve(self, socket, commands):
        socket.setsockopt(zmq.SNDHWM, 0)
        if self._curve is not None:
            socket.curve_publickey, socket.curve_secretkey = self._curve
            socket.curve_server = True
        socket.bind(self._requested)
        self.address = socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")
        commands.connect("inproc://wake")
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        poller.register(commands, zmq.POLLIN)
        self._ready.set()
        going_on = True
        while going_on:
            ready = dict(poller.poll())
            with self._news:
                if commands in ready:
                    commands.recv()
                    action = self._commands.get()
                    going_on = action is not None
                    if action is not None:
                        action(self.model)
                if socket in ready:
                    identity, frame = socket.recv_multipart()
                    self._take(identity, frame)
                self._news.notify_all()
            for to, frame in self.model.outbox:
                socket.send_multipart([to, frame])
            self.model.outbox.clear()

    def _take(self, identity, frame):
        message = messages.decode(frame, messages.FROM_CLIENT)
        self.received.append(message)
        self.model.receive(identity, frame)
        if isinstance(message, messages.ClientNewJob) and self.by_itself:
            with contextlib.suppress(KeyError):
                self.model.start(message.job_id)
                self.model.finish(message.job_id)
