"""Puts one load on one client and prints what it cost, as JSON.

Run as ``PYTHON drive.py LOAD KIND ADDRESS JSON``. KIND is ``ours``, ``inginious`` (needs the Python
that has INGInious) or ``floor``: bare pyzmq and msgpack with the same messages. CPU is that of this
process with all its threads, from the first job to the last result.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
import time
import uuid
from pathlib import Path

import msgpack
import zmq
import zmq.asyncio

PROBLEMS = {"q": {"type": "match", "name": "The answer", "header": "", "answer": "42"}}


class Task:
    """The task of all jobs."""

    def get_course_id(self):
        return "bench"

    def get_id(self):
        return "match"

    def get_problems_dict(self):
        return PROBLEMS

    def get_environment_type(self):
        return "mcq"

    def get_environment_id(self):
        return "mcq"

    def get_environment_parameters(self):
        return {}


def an_input(size_bytes):
    return {
        "q": "x" * size_bytes if size_bytes else "42",
        "@username": "student",
        "@email": "student@example.org",
        "@lang": "en",
        "@time": "2026-11-24 12:00:00.000001",
        "@attempts": "1",
        "@random": [],
        "@state": "",
    }


class Meter:
    """CPU and wall time since it was made, and the round trips noted meanwhile."""

    def __init__(self):
        gc.collect()
        self.trips_s = []
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def report(self):
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        trips = sorted(self.trips_s)
        return {
            "cpu_us_per_job": cpu / len(trips) * 1e6,
            "jobs_per_s": len(trips) / wall,
            "p50_us": trips[len(trips) // 2] * 1e6,
            "p99_us": trips[len(trips) * 99 // 100] * 1e6,
        }


def resident_bytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


async def start_clients(kind, address, count=1, queue_update=10):
    package = "inginious_nb" if kind == "ours" else "inginious"
    client_class = importlib.import_module(f"{package}.client.client").Client
    context = zmq.asyncio.Context()
    clients = [client_class(context, address, queue_update) for _ in range(count)]
    for client in clients:
        client.start()
    # INGInious's client has no event to wait for.
    while not all(client.get_available_environments() for client in clients):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return clients


async def jobs(kind, address, *, count, in_flight, answer_bytes=0, clients=1):
    """So many jobs, a fixed number of them in flight."""
    many = await start_clients(kind, address, clients)
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    task, data = Task(), an_input(answer_bytes)
    left = count
    meter = Meter()

    def submit(client):
        nonlocal left
        if left == 0:
            return
        left -= 1
        begun = time.perf_counter()

        def done(result, grade, problems, tests, custom, *rest):
            meter.trips_s.append(time.perf_counter() - begun)
            if result[0] not in ("success", "failed"):
                ended.set_exception(RuntimeError(result))
            elif len(meter.trips_s) == count:
                ended.set_result(None)
            else:
                loop.call_soon(submit, client)

        client.new_job(0, task, data, done, "bench")

    for number in range(in_flight):
        submit(many[number % clients])
    await ended
    return meter.report()


async def memory(kind, address, *, count):
    """Memory of each of so many jobs without a result."""
    (client,) = await start_clients(kind, address)
    task, data = Task(), an_input(0)
    gc.collect()
    before = resident_bytes()
    for _ in range(count):
        client.new_job(0, task, dict(data), lambda *values: None, "hold")
        await asyncio.sleep(0)
    await asyncio.sleep(0.5)
    gc.collect()
    return {"bytes_per_job": (resident_bytes() - before) / count}


async def queue(kind, address, *, seconds, own_jobs=0):
    """How long each snapshot of a long queue holds the loop, in CPU time of its thread."""
    (client,) = await start_clients(kind, address, queue_update=1)
    for _ in range(own_jobs):
        client.new_job(0, Task(), an_input(0), lambda *values: None, "hold")
        await asyncio.sleep(0)
    await asyncio.sleep(2)
    gc.collect()  # what starting left behind would be collected in the middle of it
    holds = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.thread_time()
        await asyncio.sleep(0)
        holds.append(time.thread_time() - begun)
    longest = sorted(holds)[-seconds:]
    return {"hold_p50_ms": longest[len(longest) // 2] * 1e3, "hold_max_ms": longest[-1] * 1e3}


def floor_jobs(address, *, count, in_flight, answer_bytes=0):
    socket = zmq.Context().socket(zmq.DEALER)
    socket.connect(address)

    def receive():
        return msgpack.unpackb(socket.recv(), use_list=False, strict_map_key=False)

    socket.send(msgpack.packb({"name": "me", "@type": "ClientHello"}))
    while receive()["@type"] != "BackendUpdateEnvironments":
        pass
    data = an_input(answer_bytes)
    begun = {}
    meter = Meter()

    def submit():
        job_id = str(uuid.uuid4())
        begun[job_id] = time.perf_counter()
        message = {
            "job_id": job_id,
            "priority": 0,
            "course_id": "bench",
            "task_id": "match",
            "task_problems": PROBLEMS,
            "inputdata": data,
            "environment_type": "mcq",
            "environment": "mcq",
            "environment_parameters": {},
            "debug": False,
            "launcher": "bench",
            "@type": "ClientNewJob",
        }
        socket.send(msgpack.packb(message))

    for _ in range(in_flight):
        submit()
    while len(meter.trips_s) < count:
        message = receive()
        if message["@type"] == "BackendJobDone":
            meter.trips_s.append(time.perf_counter() - begun.pop(message["job_id"]))
            if len(meter.trips_s) + len(begun) < count:
                submit()
    return meter.report()


def main():
    load, kind, address, options = sys.argv[1:]
    options = json.loads(options)
    if kind == "floor":
        report = floor_jobs(address, **options)
    else:
        loads = {"jobs": jobs, "memory": memory, "queue": queue}
        report = asyncio.run(loads[load](kind, address, **options))
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


main()
