"""The commands `run_student` and `ssh_student`.

Tasks start them for every test case, so nothing is imported that costs a millisecond: no
argparse, no shlex. The arguments are joined by blanks; the service splits them again, as the
peer does (protocol.md 4.9).
"""

import sys

_VALUES = {
    "--container": "container",
    "--time": "time_limit",
    "--hard-time": "hard_time_limit",
    "--memory": "memory_limit",
    "--teardown-script": "teardown_script",
    "--setup-script": "cmd",
}
_FLAGS = {"--share-network": "share_network", "--run-as-root": "start_student_as_root"}
_SSH_ONLY = ("--setup-script",)
_NUMBERS = ("--time", "--hard-time", "--memory")


def run_student(arguments):
    """Run the student's command with our streams; exit with its return value."""
    options, command = _read("run_student", arguments)
    if not command:
        _bad_usage("run_student", "a command is missing")
    from inginious_container_api.run_student import run_student

    sys.exit(
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
    """Open a remote shell for the student."""
    options, rest = _read("ssh_student", arguments)
    if rest:
        _bad_usage("ssh_student", "unknown argument " + rest[0])
    options.pop("share_network", None)
    from inginious_container_api.run_student import run_student

    sys.exit(run_student(options.pop("cmd", ""), ssh=True, share_network=True, **options))


def _read(name, arguments):
    options = {}
    position = 0
    while position < len(arguments) and arguments[position].startswith("-"):
        option, equals, value = arguments[position].partition("=")
        position += 1
        if option == "--" and not equals:
            break
        if option in _FLAGS and not equals:
            options[_FLAGS[option]] = True
            continue
        if option not in _VALUES or (option in _SSH_ONLY and name != "ssh_student"):
            _bad_usage(name, "unknown option " + option)
        if not equals:
            if position == len(arguments):
                _bad_usage(name, option + " needs a value")
            value = arguments[position]
            position += 1
        if option in _NUMBERS:
            try:
                value = int(value)
            except ValueError:
                _bad_usage(name, option + " needs a whole number")
        options[_VALUES[option]] = value
    return options, arguments[position:]


def _bad_usage(name, text):
    sys.stderr.write("%s: %s\n" % (name, text))
    sys.exit(2)


def _forward_signals(send):
    import _signal

    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT"):
        _signal.signal(getattr(_signal, name), lambda number, frame: send(number))
