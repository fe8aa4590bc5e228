"""A site that costs nothing, so that what is left to measure is the client and its manners.

Run as ``python echo_site.py PORT``. Each task's name says how long its submissions take: ``t3-10``
takes 10 s. It answers as INGInious's task page does (docs/site.md), and ``GET /figures`` tells what
was asked. Nothing but the standard library is needed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from urllib.parse import parse_qs

_PAGE = b"""<body><form id="task"><div class="problem"><h5 class="card-header">Question 1:
Word</h5><div id="task_alert_word" class="task_alert_problem"></div>
<input type="text" name="word"></div><button id="task-submit">Submit</button></form>
<script>var problems_types = {"word": "match"};</script></body>"""
_COURSES = b'<body><a href="/course/bench">Bench</a></body>'
_TASKS = b'<body><a class="list-group-item" href="/course/bench/t0-2">Two seconds</a></body>'


class Site:
    """The submissions by id, and what was asked."""

    def __init__(self):
        self.done_at = {}
        self.kinds = Counter()
        self.times = []
        self.under_way = self.at_once = 0

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.under_way += 1
                self.at_once = max(self.at_once, self.under_way)
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                answer = self.answer(*first.split(" ")[:2], parse_qs(body.decode()))
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer
                )
                await writer.drain()
                self.under_way -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def answer(self, method, path, fields):
        if path == "/figures":
            told = {"kinds": self.kinds, "times": self.times, "at_once": self.at_once}
            return json.dumps({**told, "done_at": self.done_at}).encode()
        action = fields.get("@action", [""])[0]
        self.kinds[action or method] += 1
        self.times.append(time.time())
        if path.startswith("/api/"):
            return b'{"status": "success", "username": "bench"}'
        if action == "submit":
            submission = f"{len(self.done_at):024x}"
            self.done_at[submission] = time.time() + float(path.rpartition("-")[2])
            return json.dumps({"status": "ok", "submissionid": submission}).encode()
        if action == "check":
            if time.time() < self.done_at[fields["submissionid"][0]]:
                return b'{"status": "waiting", "text": ""}'
            return b'{"status": "done", "result": "success", "grade": "100.0", "text": ""}'
        return {"/mycourses": _COURSES, "/course/bench": _TASKS}.get(path, _PAGE)


async def main():
    server = await asyncio.start_server(Site().serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
