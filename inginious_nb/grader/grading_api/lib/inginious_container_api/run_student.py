"""Runs the student's program apart from the grading, with limits of its own."""

import os

from inginious_container_api import _control


def run_student(
    cmd,
    container=None,
    time_limit=0,
    hard_time_limit=0,
    memory_limit=0,
    share_network=False,
    working_dir=None,
    stdin=None,
    stdout=None,
    stderr=None,
    signal_handler_callback=None,
    ssh=False,
    start_student_as_root=False,
    teardown_script="",
):
    """Run a command where only ``student/`` of the task is visible.

    The command, at most 32768 characters, is split like a shell would, but no shell runs it. The
    streams are descriptors; None is /dev/null. A limit of 0 is that of the task: CPU seconds,
    seconds, megabytes.

    Returns the exit status of the command, 256 - N if signal N ended it, 1 if it could not be
    started, 252 if it used too much memory, 253 if too much time, 254 for an error of the grading.

    With ``ssh`` the student gets a remote shell when the command has ended, and 0 is returned, 253
    if nobody came, 254 where the environment of the task has no ssh.
    """
    run = _control.StudentRun(
        "run_student",
        {
            "cmd": cmd,
            "container": container or "",
            "time_limit": time_limit or 0,
            "hard_time_limit": hard_time_limit or 0,
            "memory_limit": memory_limit or 0,
            "share_network": int(bool(share_network)),
            "working_dir": working_dir or os.getcwd(),
            "as_root": int(bool(start_student_as_root)),
            "ssh": int(bool(ssh)),
            "teardown_script": teardown_script or "",
        },
        (stdin, stdout, stderr),
    )
    if signal_handler_callback is not None:
        signal_handler_callback(run.send_signal)
    return run.wait()


def run_student_simple(
    cmd,
    cmd_input=None,
    container=None,
    time_limit=0,
    hard_time_limit=0,
    memory_limit=0,
    share_network=False,
    working_dir=None,
    stdout_err_fuse=False,
    text="utf-8",
):
    """Run a command with an input, and give its output.

    Returns (stdout, stderr, return value), or (stdout, return value) if both are fused. The
    outputs are decoded by the encoding ``text``; if it is False they are bytes.
    """
    import tempfile

    # Files, not pipes: nobody has to read while the program runs, so nothing can block.
    file = tempfile.TemporaryFile
    with file() as stdin, file() as stdout, file() as stderr:
        if cmd_input is not None:
            if isinstance(cmd_input, str):
                cmd_input = cmd_input.encode(_encoding(text))
            stdin.write(cmd_input)
            stdin.seek(0)
        retval = run_student(
            cmd,
            container=container,
            time_limit=time_limit,
            hard_time_limit=hard_time_limit,
            memory_limit=memory_limit,
            share_network=share_network,
            working_dir=working_dir,
            stdin=stdin.fileno(),
            stdout=stdout.fileno(),
            stderr=(stdout if stdout_err_fuse else stderr).fileno(),
        )
        outputs = [_content(stdout, text)]
        if not stdout_err_fuse:
            outputs.append(_content(stderr, text))
    return (*outputs, retval)


def _encoding(text):
    return text if isinstance(text, str) else "utf-8"


def _content(file, text):
    file.seek(0)
    content = file.read()
    return content.decode(_encoding(text)) if text else content


run = run_student  # the names before April 2019
run_simple = run_student_simple
