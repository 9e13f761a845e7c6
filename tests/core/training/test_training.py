"""Training learns, stops where it should, and goes on after a kill as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from domaintune import Example, Message, Origin, files, prompts
from domaintune.errors import SettingsError, TrainingError
from domaintune.models import base as models
from domaintune.settings import LoraSettings, ModelSettings, Settings, TrainSettings
from domaintune.training import checkpoints, lean, sft


def examples(count: int = 24, answer: str = "yes {}") -> list[Example]:
    return [
        Example(
            prompt=(Message(role="user", content=f"Is {i} a number?"),),
            completion=(Message(role="assistant", content=answer.format(i)),),
            origin=Origin(source="test", place=f"line {i}"),
        )
        for i in range(count)
    ]


def settings(base: Path, **train: Any) -> Settings:
    given = {"steps": 12, "batch_size": 4, "micro_batch_size": 2, "checkpoint_every": 3, "learning_rate": 1e-2, **train}
    return Settings(
        model=ModelSettings(base=str(base), dtype="float32", device="cpu"),
        lora=LoraSettings(r=4, alpha=8, dropout=0.1),  # dropout, so that the state of the generators matters
        train=TrainSettings(**given),
    )


def load(given: Settings) -> tuple[Any, Any]:
    place = models.locate(given.model)
    return models.load_model(place, given.model), models.load_tokenizer(place)


def run(given: Settings, folder: Path, data: list[Example]) -> dict[str, Any]:
    return sft.train(*load(given), data, given, folder)


def test_the_loss_falls_and_the_folder_holds_adapter_log_and_picture(tiny: Path, tmp_path: Path) -> None:
    record = run(settings(tiny, steps=40), tmp_path / "t", examples(answer="yes"))
    log = files.read_jsonl(tmp_path / "t" / "train_log.jsonl")
    assert [row["step"] for row in log] == list(range(1, 41))
    assert log[-1]["loss"] < log[0]["loss"] - 0.3
    assert record["steps"] == 40
    assert record["loss"] == log[-1]["loss"]
    assert (tmp_path / "t" / "training_loss.png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in (tmp_path / "t" / "adapter").iterdir()} >= {
        "adapter_config.json",
        "adapter_model.safetensors",
    }


def test_what_is_trained_on_is_what_prompts_says(tiny: Path, tmp_path: Path) -> None:
    given, data = settings(tiny), examples(3)
    model, tokenizer = load(given)
    trainer = sft.make_trainer(model, tokenizer, data, given, tmp_path)
    for row, made in zip(trainer.train_dataset, data, strict=True):
        ids = prompts.example_ids(tokenizer, made)
        assert row["input_ids"] == ids.prompt + ids.completion
        assert row["labels"] == [-100] * len(ids.prompt) + ids.completion
        assert ids.prompt == prompts.prompt_ids(tokenizer, made.prompt)


def test_flattened_batches_teach_the_same_as_padded_ones(tiny: Path, tmp_path: Path) -> None:
    losses = []
    for flat in (True, False):
        given = settings(tiny, padding_free=flat, steps=3, micro_batch_size=4)
        run(given, tmp_path / str(flat), examples())
        losses.append([row["loss"] for row in files.read_jsonl(tmp_path / str(flat) / "train_log.jsonl")])
    assert losses[0][0] == pytest.approx(losses[1][0], rel=2e-3)


def test_lean_batches_compute_less_and_teach_the_same(tiny: Path, tmp_path: Path) -> None:
    logs, weights, tokens = [], [], []
    for lean_ in (True, False):
        given = settings(tiny, lean=lean_, steps=6, batch_size=8, micro_batch_size=4)
        given = replace(given, lora=LoraSettings(r=4, alpha=8))
        trainer = sft.make_trainer(*load(given), examples(), given, tmp_path / str(lean_))
        trainer.train()
        logs.append([entry["loss"] for entry in trainer.state.log_history if "loss" in entry])
        weights.append(dict(trainer.model.named_parameters()))
        tokens.append(trainer.tokens_seen)
    assert logs[0] == pytest.approx(logs[1], rel=1e-5)
    for name, value in weights[0].items():
        assert torch.allclose(value, weights[1][name], atol=1e-5), name
    assert tokens[0] < tokens[1]


def test_a_shared_beginning_ends_before_the_token_that_predicts_the_answer() -> None:
    rows = [
        {"input_ids": [1, 2, 3, 8], "labels": [-100, -100, -100, 8]},
        {"input_ids": [1, 2, 3, 8, 9], "labels": [-100, -100, -100, 8, 9]},
    ]
    batch = lean.collate(rows)
    assert batch["input_ids"].tolist() == [[1, 2, 3, 8, 3, 8, 9]]
    assert batch["labels"].tolist() == [[-100, -100, -100, 8, -100, 8, 9]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 2, 3, 4]]
    assert batch["attention_mask"][0, 0, 5].tolist() == [True, True, False, False, True, True, False]


@pytest.mark.parametrize("train", [{"packing": True}, {"padding_free": False}])
def test_lean_batches_are_flat(tiny: Path, tmp_path: Path, train: dict[str, Any]) -> None:
    given = settings(tiny, lean=True, **train)
    with pytest.raises(SettingsError, match=r"train\.lean needs"):
        sft.make_trainer(*load(given), examples(), given, tmp_path)


def test_packing_keeps_examples_apart(tiny: Path, tmp_path: Path) -> None:
    given = settings(tiny, packing=True, max_length=64, steps=2)
    record = run(given, tmp_path / "p", examples())
    assert record["steps"] == 2


@pytest.mark.parametrize("answer", ["", "   "])
def test_an_empty_completion_is_an_error_that_names_the_row(tiny: Path, tmp_path: Path, answer: str) -> None:
    with pytest.raises(TrainingError, match="line 0"):
        run(settings(tiny), tmp_path / "t", examples(answer=answer))


def test_an_example_that_would_be_cut_is_an_error(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="max_length=8"):
        run(settings(tiny, max_length=8), tmp_path / "t", examples())


def test_a_batch_with_nothing_to_learn_is_an_error_not_a_loss_of_zero(tiny: Path, tmp_path: Path) -> None:
    given = settings(tiny)
    trainer = sft.make_trainer(*load(given), examples(), given, tmp_path)
    batch = {"input_ids": torch.ones(1, 4, dtype=torch.long), "labels": torch.full((1, 4), -100)}
    with pytest.raises(TrainingError, match="all labels are masked"):
        trainer.compute_loss(trainer.model, batch)


def test_a_loss_that_is_not_a_number_ends_the_run(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"train\.learning_rate"):
        run(settings(tiny, learning_rate=1e30, steps=12), tmp_path / "t", examples())


def test_a_checkpoint_that_changed_is_passed_over(tmp_path: Path) -> None:
    for step in (3, 6, 9):
        made = tmp_path / "saving" / f"checkpoint-{step}"
        made.mkdir(parents=True)
        (made / "weights").write_text(f"weights {step}")
        checkpoints.finish(made, tmp_path / f"checkpoint-{step}")
    newest, middle = tmp_path / "checkpoint-9", tmp_path / "checkpoint-6"
    assert checkpoints.latest_valid(tmp_path) == newest
    (newest / "weights").write_text("weights 8")
    assert checkpoints.latest_valid(tmp_path) == middle
    (middle / checkpoints.MARKER).write_text("{")
    assert checkpoints.latest_valid(tmp_path) == tmp_path / "checkpoint-3"
    (tmp_path / "checkpoint-3" / "weights").unlink()
    assert checkpoints.latest_valid(tmp_path) is None


CHILD = textwrap.dedent("""
    import os, signal, sys
    sys.path[:0] = {path!r}
    from domaintune.home import quiet_libraries
    quiet_libraries()
    import torch
    from pathlib import Path
    from test_training import examples, run, settings
    from domaintune.training import trainer
    point, folder = sys.argv[1], Path(sys.argv[2])
    die = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
    T = trainer.DurableTrainer
    if point == "before-optimizer":
        save = T._save_optimizer_and_scheduler
        T._save_optimizer_and_scheduler = lambda self, f: die() if f.endswith("checkpoint-6") else save(self, f)
    if point == "before-rng":
        save = T._save_rng_state
        T._save_rng_state = lambda self, f: die() if f.endswith("checkpoint-6") else save(self, f)
    if point == "in-state":
        from transformers import TrainerState
        save_state = TrainerState.save_to_json
        def half(self, path):
            save_state(self, path)
            if "checkpoint-6/" in path:
                Path(path).write_text(Path(path).read_text()[:100]); die()
        TrainerState.save_to_json = half
    if point == "before-rename":
        finish = trainer.checkpoints.finish
        trainer.checkpoints.finish = lambda made, to: die() if str(to).endswith("checkpoint-6") else finish(made, to)
    run(settings(Path({tiny!r})), folder, examples())
""")


@pytest.mark.timeout(300)
def test_killed_inside_a_save_it_goes_on_to_the_same_weights_bit_for_bit(tiny: Path, tmp_path: Path) -> None:
    code = CHILD.format(path=[str(Path(__file__).parent)], tiny=str(tiny))

    def child(point: str, folder: Path) -> int:
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [sys.executable, "-c", code, point, str(folder)], capture_output=True, env=environment, check=False
        )
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()[-2000:]
        return done.returncode

    assert child("never", tmp_path / "whole") == 0
    expected = load_file(tmp_path / "whole/adapter/adapter_model.safetensors")
    for point in ("before-optimizer", "before-rng", "in-state", "before-rename"):
        folder = tmp_path / point
        assert child(point, folder) == -signal.SIGKILL
        assert [path.name for path in folder.glob("checkpoint-*")] == ["checkpoint-3"]
        assert child("never", folder) == 0
        resumed = load_file(folder / "adapter/adapter_model.safetensors")
        assert all(torch.equal(expected[name], resumed[name]) for name in expected), point
        assert (folder / "train_log.jsonl").read_text() == (tmp_path / "whole/train_log.jsonl").read_text()


def test_packed_epochs_count_sequences_not_examples(tiny: Path, tmp_path: Path) -> None:
    given = settings(tiny, packing=True, max_length=128, steps=None, epochs=2.0, batch_size=1, micro_batch_size=1)
    record = run(given, tmp_path / "p", examples(40))
    assert record["epochs"] == pytest.approx(2.0, abs=0.3)
    assert record["steps"] < 40
