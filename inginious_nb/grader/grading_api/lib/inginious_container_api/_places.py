"""The places of the files of a job.

In an isolated job they are at the places that INGInious documents. Without isolation the same
tree stands below a directory of the job, which the environment names.
"""

import os

ROOT = os.environ.get("INGINIOUS_JOB_ROOT", "")
INPUT = ROOT + "/.__input/__inputdata.json"
FEEDBACK = ROOT + "/.__output/__feedback.json"
ARCHIVE = ROOT + "/archive"
TASK = ROOT + "/task"
LANG = TASK + "/lang"
