"""The standard sentences of the mcq agent, in the languages of INGInious.

Source: docs/protocol.md, Multiple-choice agent.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StandardTexts:
    """The standard texts of the agent. ``{n}`` is a number.

    Attributes:
        right: About a problem.
        wrong: About a problem with one answer.
        wrong_set: About a problem with several valid choices.
        wrong_problems: About the task: how many problems were answered wrongly.
        wrong_choices: About the task: how many choices were made or left out wrongly.
    """

    right: str
    wrong: str
    wrong_set: str
    wrong_problems: str
    wrong_choices: str


_ENGLISH = StandardTexts(
    right="This answer is right.",
    wrong="This answer is not right.",
    wrong_set="This answer is not right: select all the choices that apply, and only those.",
    wrong_problems="Number of wrong answers: {n}.",
    wrong_choices="Number of wrong choices in the multiple-choice questions: {n}.",
)

_TEXTS = {
    "en": _ENGLISH,
    "de": StandardTexts(
        right="Diese Antwort ist richtig.",
        wrong="Diese Antwort ist nicht richtig.",
        wrong_set="Diese Antwort ist nicht richtig: "
        "Wählen Sie alle zutreffenden Möglichkeiten aus, und nur diese.",
        wrong_problems="Anzahl der falschen Antworten: {n}.",
        wrong_choices="Anzahl der falsch gesetzten oder fehlenden Kreuze: {n}.",
    ),
    "es": StandardTexts(
        right="Esta respuesta es correcta.",
        wrong="Esta respuesta no es correcta.",
        wrong_set="Esta respuesta no es correcta: "
        "seleccione todas las opciones que correspondan, y solo esas.",
        wrong_problems="Número de respuestas incorrectas: {n}.",
        wrong_choices="Número de opciones mal elegidas u olvidadas: {n}.",
    ),
    "fr": StandardTexts(
        right="Cette réponse est correcte.",
        wrong="Cette réponse n’est pas correcte.",
        wrong_set="Cette réponse n’est pas correcte\u00a0: "
        "sélectionnez tous les choix qui conviennent, et seulement ceux-là.",
        wrong_problems="Nombre de réponses incorrectes\u00a0: {n}.",
        wrong_choices="Nombre de choix cochés ou oubliés à tort\u00a0: {n}.",
    ),
    "he": StandardTexts(
        right="התשובה הזאת נכונה.",
        wrong="התשובה הזאת אינה נכונה.",
        wrong_set="התשובה הזאת אינה נכונה: יש לסמן את כל האפשרויות המתאימות, ורק אותן.",
        wrong_problems="מספר התשובות השגויות: {n}.",
        wrong_choices="מספר הבחירות השגויות או החסרות: {n}.",
    ),
    "nb": StandardTexts(
        right="Dette svaret er riktig.",
        wrong="Dette svaret er ikke riktig.",
        wrong_set="Dette svaret er ikke riktig: velg alle alternativene som passer, og bare dem.",
        wrong_problems="Antall gale svar: {n}.",
        wrong_choices="Antall valg som er gale eller mangler: {n}.",
    ),
}

LANGUAGES = frozenset(_TEXTS)
"""Language codes without country."""


def standard_texts(language: object) -> StandardTexts:
    """Return the texts for an ``@lang`` such as ``fr`` or ``nb_NO``, English if there are none."""
    code = language.replace("-", "_").partition("_")[0] if isinstance(language, str) else ""
    return _TEXTS.get(code.lower(), _ENGLISH)
