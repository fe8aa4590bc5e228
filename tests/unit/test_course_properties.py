"""Whatever a task.yaml holds becomes a task that can be sent, or a CourseError; nothing else."""

from __future__ import annotations

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inginious_nb import messages
from inginious_nb.course import CourseLibrary, Task
from inginious_nb.errors import AnswerError, CourseError

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["30", "1.5", "", " ", "docker", "mcq", "multiple_choice", "on"]),
    st.dates(),
    st.datetimes(),
    st.binary(max_size=4),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3),
    max_leaves=8,
)


def mapping(names, inner):
    return st.dictionaries(st.sampled_from(names.split()), inner, max_size=6)


problem = mapping(
    "type name header language optional default offset max_size allowed_exts choices multiple limit"
    " unshuffle answer",
    values
    | st.sampled_from(["code", "code-single-line", "file", "match", "multiple_choice"])
    | st.lists(mapping("text valid feedback", values), max_size=3),
)
limits = mapping("time hard_time memory disk", values)
environment = mapping(
    "limits run_cmd network_grading response_is_html ssh_allowed", values | limits
)
task_data = mapping(
    "name author context environment_type environment_id environment environment_parameters limits"
    " input_random accessible weight evaluate submission_limit categories order contact_url",
    values | limits | environment | st.sampled_from(["docker", "mcq"]),
).flatmap(
    lambda data: st.dictionaries(st.sampled_from(["q", "a b", "q.1"]), problem, max_size=2).map(
        lambda problems: {**data, "problems": problems}
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=task_data, raw=values)
def test_any_mapping_is_a_task_or_a_course_error(tmp_path, data, raw):
    (tmp_path / "task.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    try:
        task = Task.load(tmp_path, "c")
    except CourseError:
        return
    try:
        answers = task.check(dict.fromkeys(task.problems, raw))
    except AnswerError:
        answers = {}
    assert messages.encode(
        messages.ClientNewJob(
            job_id="j",
            priority=0,
            course_id=task.course_id,
            task_id=task.id,
            task_problems=task.get_problems_dict(),
            inputdata=answers,
            environment_type=task.get_environment_type(),
            environment=task.get_environment_id(),
            environment_parameters=task.get_environment_parameters(),
            debug=False,
            launcher="l",
        )
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.binary(max_size=60)
    | st.text("ab:-[]{}&*!|>'\"#%@` \n\t0123", max_size=60).map(str.encode)
)
def test_any_file_is_read_or_refused(tmp_path, content):
    folder = tmp_path / "c" / "t"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "task.yaml").write_bytes(content)
    (tmp_path / "c" / "course.yaml").write_bytes(content)
    course = CourseLibrary([tmp_path]).course("c")
    assert isinstance(course.name, str)
    assert [*course.tasks, *course.broken] == ["t"]
