"""Further numbers found by the pattern recognizers of presidio-analyzer, which comes with the extra `privacy`.

Presidio's names and places need a language model that no package index has, so it runs on a blank pipeline: its patterns
and checksums only. Recognizers that would fetch a list of domains from the network are left out; ours find these.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from domaintune.errors import DataError
from domaintune.privacy.spans import Finder, Span

KINDS = {
    "CREDIT_CARD": "ID",
    "CRYPTO": "ID",
    "IBAN_CODE": "ID",
    "IP_ADDRESS": "IP",
    "MAC_ADDRESS": "ID",
    "MEDICAL_LICENSE": "ID",
    "PHONE_NUMBER": "PHONE",
    "UK_NHS": "ID",
    "US_ITIN": "ID",
    "US_MBI": "ID",
    "US_NPI": "ID",
    "US_SSN": "ID",
}
"""What is looked for; of the other kinds some are clinical numbers as often as not, and two use the network."""

SURE = 0.4
"""Presidio gives a form that is just some digits less than this."""


def presidio_finder() -> Finder:
    """Open presidio; DataError where it is not installed."""
    try:
        presidio, nlp, spacy = map(import_module, ("presidio_analyzer", "presidio_analyzer.nlp_engine", "spacy"))
    except ModuleNotFoundError as error:
        raise DataError(
            f"data.scrub = 'presidio' needs the package {error.name!r}, which is not installed; run: "
            "pip install 'domaintune[privacy]', or set data.scrub = 'patterns'"
        ) from None
    engine = nlp.SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "blank"}])
    engine.nlp = {"en": spacy.blank("en")}
    registry = presidio.RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    registry.recognizers = [one for one in registry.recognizers if set(one.supported_entities) & set(KINDS)]
    offered = {kind for one in registry.recognizers for kind in one.supported_entities} & set(KINDS)
    analyzer = presidio.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    return _Presidio(analyzer, sorted(offered))


class _Presidio:
    """Asks an analyzer; what it finds without a digit is left out."""

    def __init__(self, analyzer: Any, kinds: list[str]) -> None:
        self._analyzer = analyzer
        self._kinds = kinds

    def __call__(self, text: str) -> Iterator[Span]:
        if any(char.isdigit() for char in text):
            for found in self._analyzer.analyze(text, language="en", entities=self._kinds, score_threshold=SURE):
                if any(char.isdigit() for char in text[found.start : found.end]):
                    yield Span(found.start, found.end, KINDS[found.entity_type])
