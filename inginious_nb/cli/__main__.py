"""``python -m inginious_nb.cli``, where the command ``inginious-nb`` is not on the PATH."""

from .main import main

main()
