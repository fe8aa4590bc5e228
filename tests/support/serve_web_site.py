"""INGInious 0.9.2's web application on mongomock; run by the peer's Python, never imported here.

    python serve_web_site.py CONFIGURATION PORT [USER …]

Every user's password is the name and "-password". Everything lives in memory.
"""

from __future__ import annotations

import sys
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
run_simple("127.0.0.1", int(sys.argv[2]), site, threaded=True)
