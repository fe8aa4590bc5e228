"""Grade the task temperatures: is the uploaded file one that a program can read?"""

import csv
import sys

from inginious_container_api import feedback
from inginious_container_api.input import get_input

sys.path.append("../course/common")
from marking import Checks, refuse

PROBLEM = "measurements"
WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def celsius(text):
    """Return the number, or None if it is not one with a decimal point."""
    try:
        return float(text)
    except ValueError:
        return None


def grade(content):
    rows = [[cell.strip() for cell in row] for row in csv.reader(content.splitlines()) if row]
    header, days = (rows[0], rows[1:]) if rows else ([], [])
    values = [celsius(row[1]) if len(row) == 2 else None for row in days]
    readable = [value for value in values if value is not None]

    checks = Checks(PROBLEM)
    checks.add(
        "The first line names the columns",
        header == ["day", "celsius"],
        "The first line must be exactly ``day,celsius``.",
    )
    checks.add(
        "Seven days, Monday first",
        [row[0] for row in days] == WEEK,
        f"The days must be {', '.join(WEEK[:-1])} and {WEEK[-1]}, each on its own line.",
    )
    wrong = next((number for number, value in enumerate(values, start=2) if value is None), None)
    checks.add(
        "Every temperature is a number",
        days and wrong is None,
        f"Line {wrong or 2} is not a day, a comma and a number. In a CSV file the comma separates "
        "the columns, so the decimals of a number stand behind a point: ``11.5``, not ``11,5``.",
    )
    checks.add(
        "The temperatures are plausible",
        readable and all(-60 <= value <= 60 for value in readable),
        "They should lie between -60 and 60 degrees Celsius; beyond that, nobody goes to school.",
    )
    if readable:
        feedback.set_custom_value("mean temperature", round(sum(readable) / len(readable), 1))
    checks.publish("A file that every program will be happy to read.")


try:
    text = get_input(PROBLEM).decode("utf-8-sig")
except UnicodeDecodeError:
    refuse(PROBLEM, "The file is not plain text. Export it as CSV in the encoding UTF-8.")
else:
    grade(text)
