"""Tests, which may also be run by a scheduler that closes stdin."""

import os
import sys

if sys.__stdin__ is None:
    # Of what pytest puts in its place IPython asks the encoding, which it takes from here.
    sys.__stdin__ = open(os.devnull)  # noqa: PTH123, SIM115 - short, and as long as the process
