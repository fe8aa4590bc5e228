"""The commands `run_student` and `ssh_student`.

Tasks start them for every test case, so nothing is imported that costs a millisecond. The
arguments are joined by blanks; the service splits them again, as the peer does (docs/grading-api.md).
"""

from inginious_container_api._options import fail, leave, read

_LIMITS = {
    "--container": ("container", str),
    "--time": ("time_limit", int),
    "--hard-time": ("hard_time_limit", int),
    "--memory": ("memory_limit", int),
    "--teardown-script": ("teardown_script", str),
    "--run-as-root": ("start_student_as_root", bool),
}


def run_student(arguments):
    """Run the student's command with our streams; exit with its return value."""
    spellings = {**_LIMITS, "--share-network": ("share_network", bool)}
    options = read("run_student", arguments, spellings, rest="command")
    command = options.pop("command")
    if not command:
        fail("run_student", "a command is missing")
    from inginious_container_api.run_student import run_student

    leave(
        run_student(
            " ".join(command),
            stdin=0,
            stdout=1,
            stderr=2,
            signal_handler_callback=_forward_signals,
            **options,
        )
    )


def ssh_student(arguments):
    """Open a remote shell for the student; exit with the return value."""
    spellings = {
        **_LIMITS,
        "--run-as-root": ("run_as_root", bool),
        "--setup-script": ("setup_script", str),
    }
    options = read("ssh_student", arguments, spellings)
    from inginious_container_api.ssh_student import ssh_student

    leave(ssh_student(**options))


def _forward_signals(send):
    import _signal

    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT"):
        _signal.signal(getattr(_signal, name), lambda number, frame: send(number))
