"""A broker or an agent run apart from a notebook, with INGInious's own argument order.

Each function serves until SIGINT or SIGTERM ends it cleanly. The command line calls them.
"""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import zmq

from inginious_nb.course import Course, CourseLibrary
from inginious_nb.course.ids import is_valid_id
from inginious_nb.course.probing import is_folder
from inginious_nb.errors import CourseNotFoundError, ServiceError
from inginious_nb.i18n import Message

from .broker import Broker
from .running import make_agents, run_in_order, run_until_signal
from .sandbox import choose_sandbox
from .ssh import SshSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .sandbox import SandboxKind

logger = logging.getLogger(__name__)


class TasksFolder(CourseLibrary):
    """The courses in one folder, as an INGInious agent sees them (docs/protocol.md, Input data).

    A course may also appear there while the agent runs, and needs no course.yaml.
    """

    def __init__(self, path: Path) -> None:
        super().__init__([path])
        self._path = path.absolute()

    def course(self, course_id: str) -> Course:
        """Return the course of that id.

        Raises:
            CourseNotFoundError: There is no such folder.
            CourseError: It cannot be used.
        """
        if course_id not in self._folders:
            folder = self._path / course_id
            if not is_valid_id(course_id) or not is_folder(folder):
                raise CourseNotFoundError(
                    Message(
                        "The grading agent has no course {course}: copy it into its tasks folder.",
                        course=course_id,
                    )
                )
            self._folders[course_id] = Course(folder)
        return self._folders[course_id]


def run_backend(agent_addr: str, client_addr: str) -> None:
    """Run a broker, as ``inginious-backend`` does.

    Args:
        agent_addr: ZeroMQ address to listen on for agents.
        client_addr: ZeroMQ address to listen on for clients.

    Raises:
        ServiceError: An address is in use or cannot be listened on.
    """

    async def serve() -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        broker = Broker(context, agent_addr, client_addr)
        try:
            client_port = broker.bind()
            logger.info("Listening for agents on %s, for clients on %s", agent_addr, client_port)
            await broker.run()
        finally:
            context.destroy(linger=1000)

    run_until_signal(serve())


def run_agent(
    backend_addr: str,
    tasks_dir: Path,
    slots: int | None = None,
    *,
    sandbox: SandboxKind = "auto",
    environment_aliases: Mapping[str, str] | None = None,
    friendly_name: str | None = None,
    ssh_ports: range | None = None,
) -> None:
    """Run the mcq agent and the local agent for a backend, ours or INGInious's.

    Args:
        backend_addr: The agent address of the backend.
        tasks_dir: The folder with the course folders.
        slots: How many scripts run at the same time; None is one per core.
        sandbox: "auto", "bubblewrap" or "plain".
        environment_aliases: More environment names, each with the one that stands for it.
        friendly_name: Shown to people in the queue; by default the name of the machine.
        ssh_ports: The ports for remote shells into jobs; by default INGInious's.

    Raises:
        ServiceError: There is no such folder or sandbox, or the address makes no sense.
    """
    if not is_folder(tasks_dir):
        raise ServiceError(f"There is no folder {tasks_dir}; give the folder of the courses.")
    chosen = choose_sandbox(sandbox)
    logger.info("Scripts run in the sandbox %s", chosen.kind)

    async def serve() -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        agents = make_agents(
            context,
            backend_addr,
            TasksFolder(tasks_dir),
            chosen,
            slots=slots,
            aliases=environment_aliases or {},
            friendly_name=friendly_name or socket.gethostname(),
            shells=SshSettings(ssh_ports) if ssh_ports else SshSettings(),
        )
        logger.info("Grading the courses in %s for the backend at %s", tasks_dir, backend_addr)
        try:
            await run_in_order(agent.run() for agent in agents)
        finally:
            context.destroy(linger=1000)

    run_until_signal(serve())
