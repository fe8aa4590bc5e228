"""The words of static snapshots; those of the live widget are in ``js/i18n``, and the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Words:
    """The words of one language; ``{}`` stands for what is filled in."""

    results: Mapping[str, str]
    by: str
    attempts: tuple[str, str, str]
    submission: str
    tests: str
    test: str
    outcome: str
    passed: str
    not_passed: str
    tests_passed: str
    more_tests: str
    cut: str
    saved: str


_WORDS = {
    "en": Words(
        results={
            "success": "Success",
            "failed": "Failed",
            "killed": "Stopped",
            "crash": "Grader crashed",
            "overflow": "Out of memory",
            "timeout": "Out of time",
            "error": "Grader error",
        },
        by="by {}",
        attempts=("Not submitted yet", "1 attempt", "{} attempts"),
        submission="Submission {}",
        tests="Tests",
        test="Test",
        outcome="Outcome",
        passed="passed",
        not_passed="not passed",
        tests_passed="{} of {} passed",
        more_tests="… and {} more tests.",
        cut="Only the beginning is shown.",
        saved="This is the last result that was saved. To go on, run %load_ext inginious_nb, "
        "then this cell.",
    ),
    "fr": Words(
        results={
            "success": "Réussi",
            "failed": "Échoué",
            "killed": "Arrêtée",
            "crash": "Le correcteur a planté",
            "overflow": "Mémoire dépassée",
            "timeout": "Temps dépassé",
            "error": "Erreur du correcteur",
        },
        by="par {}",
        attempts=("Pas encore soumise", "1 tentative", "{} tentatives"),
        submission="Soumission {}",
        tests="Tests",
        test="Test",
        outcome="Résultat",
        passed="réussi",
        not_passed="non réussi",
        tests_passed="{} réussis sur {}",
        more_tests="… et {} tests de plus.",
        cut="Seul le début est affiché.",
        saved="Voici le dernier résultat enregistré. Pour continuer, exécutez "
        "%load_ext inginious_nb, puis cette cellule.",
    ),
}

RESULT_CODES = tuple(_WORDS["en"].results)
"""The documented results (protocol.md 1.4)."""


def words(lang: str) -> Words:
    """The words of a language, English where there are none."""
    return _WORDS.get(lang.replace("_", "-").partition("-")[0].lower(), _WORDS["en"])
