"""Settings: defaults < preset < file < --set, and mistakes that are answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from domaintune import Domain
from domaintune.errors import SettingsError
from domaintune.settings import Settings, resolve

LEGAL = Domain(
    name="legal",
    summary="",
    data="legal-cases",
    evaluators=("legal-exact",),
    presets={"quick": {"train": {"steps": 60, "batch_size": 4}, "data": {"balance": {"won": 0.5}}}},
)


def test_a_later_source_wins_over_an_earlier_one(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[train]\nsteps = 70\nepochs = 2.0\n")
    settings = resolve(LEGAL, preset="quick", file=file, overrides=["train.steps=80"])
    assert (settings.train.steps, settings.train.epochs, settings.train.batch_size) == (80, 2.0, 4)
    assert settings.lora == Settings().lora


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data.test_source=dev.json", ("dev.json",)),
        ('data.test_source=["a.csv", "b.csv"]', ("a.csv", "b.csv")),
        ("data.test_source=/a path/with spaces.csv", ("/a path/with spaces.csv",)),
    ],
)
def test_a_value_that_is_not_toml_is_a_string(text: str, expected: tuple[str, ...]) -> None:
    assert resolve(LEGAL, overrides=[text]).data.test_source == expected


def test_options_of_a_grader_are_written_under_its_name() -> None:
    settings = resolve(LEGAL, overrides=["eval.legal-exact.strict=true", "eval.draws=10"])
    assert settings.eval.graders == {"legal-exact": {"strict": True}}
    assert settings.eval.draws == 10


def test_nested_tables_are_merged_key_by_key() -> None:
    settings = resolve(LEGAL, preset="quick", overrides=["data.balance.lost=0.5", "data.columns.facts=Tatbestand"])
    assert settings.data.balance == {"won": 0.5, "lost": 0.5}
    assert settings.data.columns == {"facts": "Tatbestand"}


def test_an_empty_table_clears_what_a_preset_set() -> None:
    settings = resolve(LEGAL, preset="quick", overrides=["data.balance={}"])
    assert settings.data.balance == {}
    assert settings.train.steps == 60


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train.stepz=4", ["'train.stepz'", "'train.steps'"]),
        ("modle.base=x", ["'modle'", "'model'"]),
        ("train=4", ["section"]),
        ("train.steps=many", ["train.steps", "'many'", "integer"]),
        ("train.steps=0", ["train.steps", "greater than 0"]),
        ("model.device=tpu", ["model.device", "'cuda'"]),
        ("train.steps", ["key=value"]),
        ("=4", ["key=value"]),
        ("a..b=4", ["key=value"]),
        ("data.near=1.5", ["data.near", "less than or equal to 1"]),
        ("eval.legal-exakt.strict=1", ["'eval.legal-exakt'"]),
    ],
)
def test_a_mistake_is_answered_with_what_and_where(text: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as refused:
        resolve(LEGAL, overrides=[text])
    assert all(word in str(refused.value) for word in words), str(refused.value)
    assert refused.value.exit_code == 2


def test_every_single_letter_typo_of_a_key_is_refused_with_the_right_key() -> None:
    values = Settings().as_dict()
    keys = [f"{section}.{key}" for section, inner in values.items() if isinstance(inner, dict) for key in inner]
    typos = [(key, key[:-2] + key[-1]) for key in keys if len(key.split(".")[1]) > 3]
    assert len(typos) > 35
    right = 0
    for key, typo in typos:
        with pytest.raises(SettingsError) as refused:
            resolve(LEGAL, overrides=[f"{typo}=1"])
        right += repr(key) in str(refused.value)
    assert right / len(typos) >= 0.95


@pytest.mark.parametrize("content", ["train = [", "[train]\nsteps = 1\nsteps = 2\n", "\x00", "a = " + "[" * 5000])
def test_a_settings_file_that_is_not_toml_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=r"bad\.toml"):
        resolve(LEGAL, file=file)


def test_a_missing_settings_file_and_an_unknown_preset_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        resolve(LEGAL, file=tmp_path / "none.toml")
    with pytest.raises(SettingsError, match=r"'quik' \(did you mean 'quick'"):
        resolve(LEGAL, preset="quik")
