"""What the graders of this course share: checks, and the feedback made from them.

A grader adds its checks one by one and publishes them at the end. Each counts the same.
"""

from inginious_container_api import feedback, lang, rst

lang.init()  # from here on _() speaks the student's language


class Checks:
    """The checks of one answer."""

    def __init__(self, problem_id):
        self.problem_id = problem_id
        self._checks = []

    def add(self, title, passed, hint="", tag=None):
        """Add a check; hint is reStructuredText for a student who did not pass it."""
        self._checks.append((title, bool(passed), hint, tag))
        return bool(passed)

    def publish(self, praise):
        """Set grade, results, tags and feedback."""
        missed = [check for check in self._checks if not check[1]]
        total = len(self._checks)
        code = "failed" if missed else "success"
        feedback.set_global_result(code)
        feedback.set_grade(100 * (total - len(missed)) / total)
        feedback.set_problem_result(code, self.problem_id)

        lines = [f"* {'✓' if check[1] else '✗'} {check[0]}" for check in self._checks]
        feedback.set_problem_feedback("\n".join(lines) + "\n", self.problem_id)
        if missed:
            title, hint = missed[0][0], missed[0][2]
            feedback.set_global_feedback(
                _("{passed} of {total} checks passed.").format(
                    passed=total - len(missed), total=total
                )
                + rst.get_admonition("info", _("Next step"), hint or title)
            )
        else:
            feedback.set_global_feedback(praise)

        for tag in dict.fromkeys(check[3] for check in self._checks if check[3]):
            feedback.set_tag(tag, all(check[1] for check in self._checks if check[3] == tag))


def refuse(problem_id, text):
    """End with no points and an explanation: the answer cannot be checked at all."""
    feedback.set_global_result("failed")
    feedback.set_grade(0)
    feedback.set_problem_result("failed", problem_id)
    feedback.set_problem_feedback(text, problem_id)
