"""Does with a client what it is told on stdin, and tells what came of it on stdout, line by line.

Run as ``PYTHON drive_client.py ours|inginious ADDRESS``: with the Python that has INGInious the
latter is a user of INGInious's own client. Lines are JSON; bytes travel as ``{"hex": …}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading

import zmq.asyncio

if sys.argv[1] == "ours":
    from inginious_nb.client import ClientOptions
    from inginious_nb.client.client import Client
    from inginious_nb.client.client_sync import ClientSync

    MORE = {"options": ClientOptions(environment_wait_s=0.5)}
else:
    from inginious.client.client import Client
    from inginious.client.client_sync import ClientSync

    MORE = {}


class Task:
    """The task of a command."""

    def __init__(self, fields):
        self._fields = fields

    def get_course_id(self):
        return self._fields["course_id"]

    def get_id(self):
        return self._fields["task_id"]

    def get_problems_dict(self):
        return self._fields["problems"]

    def get_environment_type(self):
        return self._fields["type"]

    def get_environment_id(self):
        return self._fields["environment"]

    def get_environment_parameters(self):
        return self._fields["parameters"]


class Driver:
    """One client, and the jobs it was given by name."""

    def __init__(self, address):
        self.context = zmq.asyncio.Context()
        self.client = Client(self.context, address, 0.2, **MORE)
        self.client.start()
        self.ids = {}
        self.calls = {}
        self.shells = {}

    async def environments(self, kinds):
        await until(lambda: set(kinds) <= self.client.get_available_environments().keys())
        return self.client.get_available_environments()

    def job(self, name, task, inputdata, priority, launcher, debug, with_ssh):
        calls, shells = self.calls.setdefault(name, []), self.shells.setdefault(name, [])

        def callback(result, grade, problems, tests, custom, state, archive, stdout, stderr):
            calls.append((result, grade, problems, tests, custom, state, archive, stdout, stderr))

        def ssh_callback(host, port, user, password):
            shells.append((host, port, user, password))

        self.ids[name] = self.client.new_job(
            priority,
            Task(task),
            inputdata,
            callback,
            launcher,
            debug,
            ssh_callback if with_ssh else None,
        )

    def kill(self, name):
        self.client.kill_job(self.ids[name])

    async def result(self, name):
        await until(lambda: self.calls[name])
        return {"calls": self.calls[name], "shells": self.shells[name]}

    async def shell(self, name):
        await until(lambda: self.shells[name])
        return self.shells[name][0]

    async def synchronous(self, task, inputdata, priority):
        values = []
        sync = ClientSync(self.client)
        thread = threading.Thread(
            target=lambda: values.append(sync.new_job(priority, Task(task), inputdata, "sync"))
        )
        thread.start()
        await until(lambda: not thread.is_alive())
        # Six values are documented; INGInious 0.9.2 gives nine.
        six = values[0] if len(values[0]) == 6 else (*values[0][:5], values[0][6])
        return tuple(six)

    async def queue(self, running, waiting):
        snapshot = self.client.get_job_queue_snapshot
        await until(lambda: [len(jobs or ()) for jobs in snapshot()] == [running, waiting])
        return {
            "ids": self.ids,
            "running": snapshot()[0],
            "waiting": snapshot()[1],
            "infos": {
                name: self.client.get_job_queue_info(job_id) for name, job_id in self.ids.items()
            },
            "stranger": self.client.get_job_queue_info("stranger"),
        }


async def until(condition):
    while not condition():  # noqa: ASYNC110 - INGInious's client has no event to wait for
        await asyncio.sleep(0.01)


def from_json(value):
    return bytes.fromhex(value["hex"]) if value.keys() == {"hex"} else value


def to_json(value):
    return {"hex": value.hex()}


async def main():
    driver = Driver(sys.argv[2])
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line, object_hook=from_json)
        answer = getattr(driver, command.pop("do"))(**command)
        if asyncio.iscoroutine(answer):
            answer = await answer
        sys.stdout.write(json.dumps(answer, default=to_json) + "\n")
        sys.stdout.flush()
    driver.client.close()


asyncio.run(main())
