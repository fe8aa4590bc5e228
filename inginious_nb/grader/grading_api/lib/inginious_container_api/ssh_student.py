"""Lets the student work in the container over ssh, in environments that have it."""

import os

from inginious_container_api import _control


def ssh_student(
    setup_script=None,
    memory_limit=0,
    hard_time_limit=0,
    time_limit=0,
    container=None,
    run_as_root=False,
    teardown_script=None,
):
    """Open a remote shell for the student, who has two minutes to come.

    The scripts are shell commands, run before and after it where only ``student/`` of the task is
    visible. A limit of 0 is that of the task: CPU seconds, seconds, megabytes.

    Returns 0 when the student has left, 253 if nobody came or the time was over, 252 if too much
    memory was used. In an environment without ssh the whole job ends as a crash.
    """
    run = _control.StudentRun(
        "ssh_student",
        {
            "setup_script": setup_script or "",
            "container": container or "",
            "time_limit": time_limit or 0,
            "hard_time_limit": hard_time_limit or 0,
            "memory_limit": memory_limit or 0,
            "share_network": 1,
            "working_dir": os.getcwd(),
            "as_root": int(bool(run_as_root)),
            "teardown_script": teardown_script or "",
            "ssh": 1,
        },
        (None, None, None),
    )
    return run.wait()
