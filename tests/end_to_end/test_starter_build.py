"""The whole road with the real starter model, a few steps of it: what the tiny model cannot show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from domaintune import data, prompts
from domaintune.cli import app
from domaintune.models import base as models
from domaintune.runs import Run
from domaintune.settings import ModelSettings

pytestmark = [pytest.mark.starter, pytest.mark.timeout(400)]

SHORT = [
    "train.steps=3",
    "train.batch_size=2",
    "train.micro_batch_size=2",
    "eval.limit=6",
    "eval.max_new_tokens=6",
    "eval.draws=50",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One short build for all tests of this file."""
    runs = tmp_path_factory.mktemp("starter")
    options = [part for setting in SHORT for part in ("--set", setting)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOMAINTUNE_RUNS", str(runs))
        torch.set_num_threads(2)
        done = CliRunner().invoke(
            app(), ["build", "medical", "--preset", "quick", "--name", "short", "--json", *options]
        )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["report"]["n"]["all"] == 6
    return Run(runs / "medical-short")


def test_every_token_asked_in_training_is_asked_in_grading(built: Run) -> None:
    tokenizer = models.load_tokenizer(models.locate(ModelSettings()))
    for example in data.load(built.file("data"), "train")[:20]:
        ids = prompts.example_ids(tokenizer, example)
        assert ids.prompt == prompts.prompt_ids(tokenizer, example.prompt)
        assert tokenizer.decode(ids.prompt).endswith("<|im_start|>assistant\n")
        assert tokenizer.decode(ids.completion) == example.reference + "<|im_end|>"


def test_plain_peft_loads_the_package_and_its_answers_differ_from_the_base(built: Run) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place = models.locate(ModelSettings())
    tokenizer = AutoTokenizer.from_pretrained(built.file("adapter"))
    base = AutoModelForCausalLM.from_pretrained(place.place)
    ids = torch.tensor([prompts.prompt_ids(tokenizer, data.load(built.file("data"), "test")[0].prompt)])
    with torch.inference_mode():
        before = base(ids).logits
        after = PeftModel.from_pretrained(base, built.file("adapter"))(ids).logits
    assert (before - after).abs().max() > 0.01


def test_the_package_names_the_model_as_others_know_it(built: Run) -> None:
    config = json.loads(built.file("adapter/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    for path in built.file("adapter").iterdir():
        if path.suffix in {".json", ".md", ".jsonl"}:
            assert str(Path.home()) not in path.read_text(), f"{path.name} names a folder of this machine"
