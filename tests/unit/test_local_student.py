"""run_student and its relatives: return values, limits, streams, what it sees.

Source: docs/grading-api.md.
"""

from __future__ import annotations

import ast

import pytest

SCRIPT = "#!/bin/bash\nfeedback-result success\n"
SECRETS = "ls /.__input ../.__input ../task ../archive /archive; cat ../run ../task.yaml"


async def status(course, arguments: str, **files) -> int:
    run = f"{SCRIPT}run_student {arguments}\nfeedback-custom status $?"
    result = await course.grade({"run": run, **files})
    return result.custom["status"]


async def python(course, expression: str, **options):
    """The value of an expression in a Python run script that has imported the API."""
    run = (
        "#!/usr/bin/python3\nimport os, signal, subprocess, sys, tempfile, threading, time\n"
        "from inginious import feedback\n"
        "from inginious.run_student import run_student, run_student_simple\n"
        f"feedback.set_global_feedback(repr({expression}))\n"
    )
    result = await course.grade(run, **options)
    assert result.result[0] == "error", result
    return ast.literal_eval(result.result[1])


# ---- return values ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("true", 0),
        ("false", 1),
        ("student/exit 127", 127),
        *((f"student/exit {number}", number) for number in (129, 130, 137, 139, 141, 143, 192)),
        ("student/exit 255", 255),
        ("student/die SEGV", 245),
        ("student/die KILL", 247),
        ("student/die ABRT", 250),
        ("student/die FPE", 248),
        ("student/die TERM", 241),
        ("student/die INT", 254),
        ("student/die PIPE", 243),
        ("missing-command", 1),
        ("student/missing", 1),
        ("student/die", 1),
        ("--container nothing true", 254),
        ("--container python3 true", 0),
        ("--time 1 student/loop", 253),
        ("--hard-time 1 sleep 60", 253),
        ("--memory 50 student/hog", 252),
    ],
)
async def test_return_values(course, arguments, expected):
    found = await status(
        course,
        arguments,
        **{
            "student/exit": "#!/bin/sh\nexit $1",
            "student/die": "#!/bin/sh\nkill -s ${1:?} $$",
            "student/loop": "#!/bin/sh\nwhile :; do :; done",
            "student/hog": "#!/usr/bin/python3\nx = b'x' * (1 << 30)\nimport time; time.sleep(60)",
        },
    )
    assert found == (2 if arguments == "student/die" else expected)


async def test_limits_are_at_most_those_of_the_task(course):
    run = f"{SCRIPT}run_student --time 100 --hard-time 100 sleep 60; feedback-custom status $?"
    result = await course.grade(run, limits={"hard_time": 2})
    assert result.result == ("timeout", "")


async def test_the_students_cpu_time_is_not_that_of_the_task(course):
    loop = "timeout 0.8 sh -c 'while :; do :; done'"
    run = f"{SCRIPT}for i in 1 2; do run_student student/loop; done"
    result = await course.grade(
        {"run": run, "student/loop": f"#!/bin/sh\n{loop}"}, limits={"time": 1, "hard_time": 20}
    )
    assert result.result[0] == "success"


# ---- the command ------------------------------------------------------------------------------


async def test_no_shell_runs_the_command(course):
    output = await python(course, "run_student_simple('echo a \"b  c\" > * | $HOME `id`')")
    assert output == ("a b  c > * | $HOME `id`\n", "", 0)


async def test_words_are_no_builtins_of_a_shell(course):
    assert await python(course, r"run_student_simple(r'echo \\n')") == ("\\n\n", "", 0)
    assert await python(course, "run_student_simple('exit 3')[2]") == 1


async def test_the_command_loses_quotes(course):
    run = f"{SCRIPT}run_student printf '%s.' 'a b'"
    result = await course.grade(run)
    assert result.stdout == "a.b."


async def test_an_empty_command_is_harmless(course):
    assert await python(course, "run_student('')") == 0


async def test_a_command_that_cannot_be_split(course):
    assert await python(course, "run_student('echo \"')") == 1


async def test_a_command_that_takes_long_to_split_is_refused(course):
    assert await python(course, "run_student('echo ' + 'a' * 33000)") == 1
    assert await python(course, "run_student('echo ' + 'a' * 32000)") == 0


# ---- streams ----------------------------------------------------------------------------------


async def test_streams_pass_through(course):
    run = f'{SCRIPT}echo in | run_student student/cat > o 2> e; echo "$(cat o)-$(cat e)"'
    result = await course.grade({"run": run, "student/cat": "#!/bin/sh\ncat; echo err >&2"})
    assert result.stdout == "in-err\n"


async def test_both_outputs_can_be_one_file(course):
    run = f"{SCRIPT}run_student student/two > both 2>&1; cat both"
    files = {"run": run, "student/two": "#!/bin/sh\necho 1; echo 2 >&2; echo 3"}
    assert (await course.grade(files)).stdout == "1\n2\n3\n"


async def test_closed_streams_are_empty(course):
    run = f"{SCRIPT}run_student cat <&- >&- 2>&-; feedback-custom status $?"
    assert (await course.grade(run)).custom["status"] == 0


@pytest.mark.parametrize("size", [0, 65536, 1 << 20])
async def test_much_output_and_input_block_nobody(course, size):
    # The peer blocks above 64 KiB (its fault B12).
    expression = f"run_student_simple('cat', 'x' * {size}) == ('x' * {size}, '', 0)"
    assert await python(course, expression) is True


async def test_simple_outputs(course):
    code = "'sh -c \"echo out; echo err >&2; exit 4\"'"
    assert await python(course, f"run_student_simple({code})") == ("out\n", "err\n", 4)
    fused = await python(course, f"run_student_simple({code}, stdout_err_fuse=True)")
    assert fused == ("out\nerr\n", 4)
    raw = await python(course, "run_student_simple('cat', b'\\xff', text=False)")
    assert raw == (b"\xff", b"", 0)


async def test_bad_output_is_a_unicode_error(course):
    run = (
        "#!/usr/bin/python3\nfrom inginious.run_student import run_student_simple\n"
        "from inginious import feedback\n"
        "try:\n    run_student_simple('cat', b'\\xff')\n"
        "except UnicodeDecodeError:\n    feedback.set_global_result('success')\n"
    )
    assert (await course.grade(run)).result[0] == "success"


# ---- many at once ----------------------------------------------------------------------------


async def test_many_at_once(course):
    run = (
        f"{SCRIPT}for i in $(seq 48); do run_student --hard-time 15 true & done\n"
        "for i in $(seq 48); do wait -n || echo $?; done"
    )
    for _ in range(3):
        result = await course.grade(run, limits={"time": 30, "hard_time": 30, "memory": 1000})
        assert (result.result[0], result.stdout) == ("success", "")


async def test_each_has_its_own_temporary_folder(course):
    if course.kind != "bubblewrap":
        return
    look = "#!/bin/sh\necho > /tmp/$1; ls /tmp"
    run = (
        f"{SCRIPT}for i in $(seq 48); do run_student student/look $i > $i & done; wait\n"
        "cat [0-9]* | wc -l"
    )
    limits = {"time": 30, "hard_time": 30, "memory": 1000}
    result = await course.grade({"run": run, "student/look": look}, limits=limits)
    assert result.stdout == "48\n"


# ---- signals ----------------------------------------------------------------------------------


async def test_signals_are_passed_on(course):
    run = (
        f"{SCRIPT}run_student student/wait > out &\n"
        "until grep -q ready out; do sleep 0.05; done\n"
        "kill -USR1 $!; wait $!; wait $!; feedback-custom status $?\ncat out"
    )
    wait = "#!/bin/sh\ntrap 'echo got; exit 9' USR1\necho ready\nwhile :; do sleep 0.05; done"
    result = await course.grade({"run": run, "student/wait": wait})
    assert result.stdout == "ready\ngot\n"
    assert result.custom["status"] == 9


async def test_signals_that_do_not_exist_are_ignored(course):
    expression = (
        "run_student('sleep 60', signal_handler_callback=lambda send: threading.Timer(0.3, lambda: "
        "[send(number) for number in (0, 65, 1000, 1 << 40, -1, signal.SIGTERM)]).start())"
    )
    assert await python(course, expression) == 241


async def test_the_callback_gets_a_way_to_signal(course):
    expression = (
        "run_student('sleep 60', signal_handler_callback="
        "lambda send: threading.Timer(0.3, send, [signal.SIGTERM]).start())"
    )
    assert await python(course, expression) == 241


# ---- what it sees -----------------------------------------------------------------------------


async def test_files_left_in_student_are_seen(course):
    run = f"{SCRIPT}run_student student/write; cat student/new"
    files = {"run": run, "student/write": "#!/bin/sh\necho mine > student/new"}
    result = await course.grade(files)
    assert result.stdout == "mine\n"


async def test_it_starts_where_the_script_is(course):
    run = f"{SCRIPT}cd student && run_student ./where"
    result = await course.grade({"run": run, "student/where": "#!/bin/sh\npwd"})
    assert result.stdout.endswith("/task/student\n")
    assert await python(course, "run_student('pwd', working_dir='/nowhere')") == 1


async def test_its_environment(course):
    run = f"{SCRIPT}SECRET=1 run_student student/env"
    result = await course.grade({"run": run, "student/env": "#!/bin/sh\nenv"})
    assert "HOME=" in result.stdout
    assert "SECRET" not in result.stdout
    assert "INGINIOUS_CONTROL" not in result.stdout


async def test_only_student_is_visible_where_there_is_isolation(course):
    course.write({"secret": "x", "student/shared": "ok", "run": ""}, "$common")
    run = f"{SCRIPT}cd student; run_student ./look"
    files = {
        "run": run,
        "systemfiles/hosts": "10.1.1.1 other",
        "student/look": f"#!/bin/sh\n{SECRETS} /course/common/secret\ncat /etc/hosts\n"
        "cat /course/common/student/shared; getinput q1; ls /.control /.inginious",
    }
    result = await course.grade(files, {"q1": "the answer"})
    seen = result.stdout
    if course.kind == "bubblewrap":
        assert "environment_type" not in seen
        assert "feedback-result" not in seen
        assert "__inputdata" not in seen
        assert "the answer" not in seen
        assert "10.1.1.1 other" in seen
        assert "ok" in seen
    else:
        assert "environment_type" in seen  # and says so in its description


async def test_a_link_out_of_student_leads_nowhere(course):
    run = f"{SCRIPT}mv student real; ln -s /etc student; run_student ls student/passwd 2>&1\n"
    result = await course.grade(run + "feedback-custom status $?")
    if course.kind == "bubblewrap":
        assert result.custom["status"] == 254
        assert course.grader._shared_files._jobs.name not in result.stdout
        assert "hidden" not in result.stdout


async def test_a_teardown_script_runs_afterwards(course):
    run = f"{SCRIPT}run_student --teardown-script 'echo down > student/t' false\n"
    result = await course.grade(run + "feedback-custom status $?; cat student/t")
    assert (result.stdout, result.custom["status"]) == ("down\n", 1)


async def test_a_teardown_script_has_the_rights_of_the_command(course):
    run = (
        f"{SCRIPT}run_student --teardown-script 'sh student/rights > student/after' "
        "sh student/rights > before\ncmp before student/after && cat before"
    )
    rights = "id -u; id -g; id -G; grep ^Cap /proc/self/status"
    result = await course.grade({"run": run, "student/rights": rights})
    assert "CapEff:\t0000000000000000\n" in result.stdout


async def test_only_the_streams_are_inherited(course):
    run = f"{SCRIPT}run_student ls -l /proc/self/fd"
    result = await course.grade(run)
    numbers = [line.split(" -> ")[0].split()[-1] for line in result.stdout.splitlines()[1:]]
    assert numbers == ["0", "1", "2", "3"]  # 3 is the folder that ls reads


# ---- ends -------------------------------------------------------------------------------------


async def test_it_ends_with_the_command_that_started_it(course):
    run = (
        f"{SCRIPT}run_student student/wait > out &\nuntil grep -q ready out; do sleep 0.05; done\n"
        "kill -KILL $!; wait $! ; sleep 0.3; a=$(wc -c < out); sleep 0.3; b=$(wc -c < out)\n"
        "[ $a = $b ] && echo stopped"
    )
    wait = "#!/bin/sh\nwhile :; do echo ready; sleep 0.02; done"
    result = await course.grade({"run": run, "student/wait": wait})
    assert "stopped" in result.stdout


async def test_it_ends_with_the_job(course):
    run = f"{SCRIPT}run_student sleep 60 &\nsleep 0.3"
    assert (await course.grade(run)).result[0] == "success"


@pytest.mark.parametrize("call", ["ssh_student", "ssh_student --setup-script true --time 3"])
async def test_there_is_no_remote_shell(course, call):
    result = await course.grade(f"{SCRIPT}{call}\nsleep 30")
    assert result.result[0] == "crash"
    assert "remote shell" in result.result[1]
    assert result.state == "before"


async def test_the_control_socket_survives_nonsense(course):
    run = (
        "#!/usr/bin/python3\nimport os, socket\nfrom inginious import feedback\n"
        "from inginious.run_student import run_student\n"
        "for message in (b'', b'x', b'zzzzzzzzzz', b'9999999999', b'0000000004kind', b'\\0' * 9):\n"
        "    s = socket.socket(socket.AF_UNIX)\n"
        "    s.connect(os.environ.get('INGINIOUS_CONTROL', '/.control/ask'))\n"
        "    s.sendall(message)\n    s.close()\n"
        "feedback.set_global_result('success' if run_student('true') == 0 else 'failed')\n"
    )
    assert (await course.grade(run)).result[0] == "success"


# ---- the command in Perl, and the one in Python --------------------------------------------------

CALLS = {
    "run_student echo --time 5": (0, "--time 5\n"),
    "run_student --time=3 --hard-time 4 --memory 100 echo a  'b  c'": (0, "a b c\n"),
    "run_student --share-network --run-as-root --container c true": (0, ""),
    "run_student --container nowhere true": (254, ""),
    "run_student --teardown-script 'exit 3' sh -c 'exit\\ 7'": (7, ""),
    "run_student --tim 5 echo completed": (0, "completed\n"),
    "run_student --time five true": (2, ""),
    "run_student --nonsense true": (2, ""),
    "run_student --time": (2, ""),
    "run_student": (2, ""),
    "run_student -- echo after": (0, "after\n"),
    "run_student nonsense": (1, ""),
    "cd student && run_student pwd": (0, "/student\n"),
    "echo given | run_student cat": (0, "given\n"),
    "run_student cat <&-": (0, ""),
    "run_student echo lost >&-": (0, ""),
    "run_student sh -c 'kill\\ -9\\ $$'": (247, ""),
    "run_student --time 1 sh -c 'while\\ :;\\ do\\ :;\\ done'": (253, ""),
    "run_student echo 'é \xff'": (0, "é \xff\n"),
    "INGINIOUS_CONTROL=/nowhere run_student true": (1, ""),
}  # fmt: skip


@pytest.mark.parametrize("language", ["perl", "bin"])
async def test_the_commands_in_both_languages_do_the_same(course, language):
    commands = course.grader._shared_files.commands
    if f"/{language}/" not in commands["run_student"] and language == "perl":
        pytest.skip("there is no Perl here")
    folder = f"{course.grader._shared_files.seen_at}/{language}"
    lines = ["#!/bin/bash", f'PATH="{folder}:$PATH"']
    for number, call in enumerate(CALLS):
        lines.append(f'out=$({call} 2>/dev/null); feedback-custom {number} "$?:$out"')
    result = await course.grade("\n".join([*lines, "feedback-result success"]) + "\n")
    got = {call: result.custom.get(str(n)) for n, call in enumerate(CALLS)}
    for call, (status, output) in CALLS.items():
        assert got[call].partition(":")[0] == str(status), call
        assert got[call].partition(":")[2].endswith(output.strip("\n")), call


@pytest.mark.parametrize("language", ["perl", "bin"])
async def test_signals_are_passed_on_in_both_languages(course, language):
    commands = course.grader._shared_files.commands
    if f"/{language}/" not in commands["run_student"] and language == "perl":
        pytest.skip("there is no Perl here")
    folder = f"{course.grader._shared_files.seen_at}/{language}"
    script = f"""#!/bin/bash
PATH="{folder}:$PATH"
run_student student/wait & asked=$!
until [ -e student/at ]; do sleep 0.01; done
kill -USR1 $asked
wait $asked
feedback-custom status $?
feedback-result success
"""
    wait = "#!/bin/sh\ntrap 'exit 5' USR1\ntouch student/at\nwhile :; do sleep 0.01; done\n"
    result = await course.grade({"run": script, "student/wait": wait})
    assert result.custom == {"status": 5}
