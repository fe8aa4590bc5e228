"""Lets the student work in the container over ssh, in environments that have it."""

from inginious_container_api.run_student import run_student


def ssh_student(
    setup_script=None,
    memory_limit=0,
    hard_time_limit=0,
    time_limit=0,
    container=None,
    run_as_root=False,
    teardown_script=None,
):
    """Open a remote shell for the student. Returns 0, or 253 if nobody came."""
    return run_student(
        setup_script or "",
        container=container,
        time_limit=time_limit,
        hard_time_limit=hard_time_limit,
        memory_limit=memory_limit,
        share_network=True,
        ssh=True,
        start_student_as_root=run_as_root,
        teardown_script=teardown_script or "",
    )
