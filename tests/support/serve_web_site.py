"""INGInious 0.9.2's web application on mongomock; run by the peer's Python, never imported here.

    python serve_web_site.py CONFIGURATION PORT [USER …]

Every user's password is the name and "-password". Everything lives in memory.

A request that is under way while another ends its session would store the session again, and
nobody would be signed out: each end of a session is served alone.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import inginious.frontend.app as webapp
import mongomock
import mongomock.gridfs
import yaml
from inginious.frontend.submission_manager import WebAppSubmissionManager
from inginious.frontend.user_manager import UserManager
from werkzeug.serving import run_simple

mongomock.gridfs.enable_gridfs_integration()
# mongomock lacks an aggregation operator that the course page needs.
WebAppSubmissionManager.get_user_last_submissions = lambda *_args, **_named: []
store = mongomock.MongoClient()
webapp.MongoClient = lambda *_args, **_named: store
site, _close = webapp.get_app(yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8")))
for name in sys.argv[3:]:
    store["INGInious"].users.insert_one(
        {
            "username": name,
            "realname": name.title(),
            "email": f"{name}@example.org",
            "language": "en",
            "password": UserManager.hash_password(f"{name}-password"),
            "bindings": {},
            "code_indentation": "4",
        }
    )


class EndsSessionsAlone:
    """An application of which ``/logout`` is called when nothing else is."""

    def __init__(self, application):
        self._application = application
        self._changed = threading.Condition()
        self._under_way = 0

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/logout":
            with self._changed:
                self._changed.wait_for(lambda: not self._under_way)
                return self._application(environ, start_response)
        with self._changed:
            self._under_way += 1
        try:
            return self._application(environ, start_response)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()


run_simple("127.0.0.1", int(sys.argv[2]), EndsSessionsAlone(site), threaded=True)
