"""A backend that answers at once, so that what is left to measure is the client.

Run as ``python echo_backend.py ADDRESS ARCHIVE_BYTES QUEUE_ROWS``. Each ClientNewJob is answered by
a JobStarted and a JobDone with the values that INGInious's mcq agent gives, unless its launcher is
``hold``: such a job waits for ever, and its client sees it in the queue. Needs pyzmq and msgpack
only.
"""

from __future__ import annotations

import sys

import msgpack
import zmq


def main():
    address, archive_bytes, queue_rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    archive = bytes(archive_bytes) if archive_bytes else None
    waiting = [(f"{number:036}", False, "bench/match", "bench", 30) for number in range(queue_rows)]
    answers = {
        "Ping": msgpack.packb({"@type": "Pong"}),
        "ClientHello": msgpack.packb(
            {
                "available_environments": {"mcq": ["mcq"]},
                "@type": "BackendUpdateEnvironments",
            }
        ),
    }
    held = {}
    socket = zmq.Context().socket(zmq.ROUTER)
    socket.setsockopt(zmq.SNDHWM, 0)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.bind(address)
    while True:
        identity, frame = socket.recv_multipart()
        message = msgpack.unpackb(frame, use_list=False)
        kind = message["@type"]
        if kind in answers:
            socket.send_multipart([identity, answers[kind]])
        elif kind == "ClientGetQueue":
            rows = waiting + held.get(identity, [])
            snapshot = {"jobs_running": [], "jobs_waiting": rows, "@type": "BackendGetQueue"}
            socket.send_multipart([identity, msgpack.packb(snapshot)])
        elif kind == "ClientNewJob" and message["launcher"] == "hold":
            row = (message["job_id"], True, "bench/match", "hold", 30)
            held.setdefault(identity, []).append(row)
        elif kind == "ClientNewJob":
            job_id = message["job_id"]
            started = {"job_id": job_id, "@type": "BackendJobStarted"}
            done = {
                "job_id": job_id,
                "result": ("success", ""),
                "grade": 100.0,
                "problems": {"q": ("success", "Correct answer")},
                "tests": {},
                "custom": {},
                "state": '{"q": ""}',
                "archive": archive,
                "stdout": None,
                "stderr": None,
                "@type": "BackendJobDone",
            }
            socket.send_multipart([identity, msgpack.packb(started)])
            socket.send_multipart([identity, msgpack.packb(done)])


main()
