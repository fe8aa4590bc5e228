"""The containers that INGInious publishes, by name: facts for messages, no I/O.

Source: the folders of https://github.com/INGInious/containers, today's and those of older versions.
A site may have images of its own beside them; nothing is known of those here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Container:
    """A published grading container.

    Attributes:
        about: The languages or tools that it is for, by names that all languages share.
        programs: What scripts written for it call, beside python3 and bash.
    """

    about: str
    programs: tuple[str, ...] = ()


_JAVA = Container("Java", ("javac", "java"))
_SCALA = Container("Java, Scala", ("javac", "scala"))
_C = Container("C", ("gcc", "make"))
_MPI = Container("C, OpenMPI", ("mpicc",))
_PYTHON = Container("Python")

PUBLISHED = {
    "default": Container("Python, bash"),
    "ccorrect": _C,
    "cpp": Container("C, C++", ("gcc", "g++", "make")),
    "cpp-ccorrect": Container("C, C++", ("gcc", "g++")),
    "dafny": Container("Dafny", ("dafny",)),
    "data_science": Container("Python"),
    "dotnet": Container(".NET", ("dotnet",)),
    **{f"gcc{version}": _C for version in range(5, 10)},
    **{f"gcc{version}-openmpi": _MPI for version in range(5, 10)},
    "htmlcss": Container("HTML, CSS"),
    "ipmininet": Container("IPMininet"),
    **dict.fromkeys(
        ("java7", "java7mockito", "java8", "java-8", "java15", "java-21", "java-25"), _JAVA
    ),
    "java8scala": _SCALA,
    "javascript": Container("JavaScript", ("node",)),
    "math": Container("Python"),
    "mechanics": Container("Python"),
    "minizinc": Container("MiniZinc", ("minizinc",)),
    "mono": Container("C#", ("mcs", "mono")),
    "mpi": _MPI,
    "ngspice": Container("SPICE", ("ngspice",)),
    "oz": Container("Oz", ("ozc",)),
    "php": Container("PHP", ("php",)),
    "pocl": Container("OpenCL"),
    "prolog": Container("Prolog", ("swipl",)),
    "pyjavacpp": Container("Python, Java, C++", ("javac", "g++")),
    "pythia0compat": Container("Pythia"),
    "pythia1compat": Container("Pythia"),
    **dict.fromkeys(
        (
            "python3",
            "python3-ai",
            "python3-deeplearning",
            "python3-deeplearning-gpu",
            "python3-forbiddenfruit",
            "python3-health-informatics",
            "python3-imageprocessing",
            "python3-pandapower",
            "python3-pycsp3",
            "python3-pylint",
            "python3-scapy",
            "python3-turtle",
        ),
        _PYTHON,
    ),
    "r": Container("R", ("Rscript",)),
    "r-bio": Container("R", ("Rscript",)),
    "racket": Container("Racket", ("racket",)),
    "sagemath": Container("SageMath", ("sage",)),
    "scala": _SCALA,
    "sekexe": Container("User Mode Linux"),
    "sml": Container("Standard ML", ("sml",)),
    "sql": Container("SQL", ("sqlite3",)),
    "ssh-toolkit": Container("ssh"),
    "unitex-nlp": Container("Unitex"),
    "verilog": Container("Verilog", ("iverilog",)),
}
"""Container by the name that tasks ask for."""
