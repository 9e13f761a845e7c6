"""`domaintune build medical` on a tiny model: what it leaves, what it says, and what it does not do twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from building import STAGES, arguments, hashes, invoke, runs_in
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from domaintune import Request, Sampling, data, files, prompts
from domaintune.engine.session import TransformersEngine
from domaintune.models import base as models
from domaintune.settings import ModelSettings, resolve
from domaintune.training import sft

SAMPLE = ("--limit", 80, "--name", "tiny")
FILES = {
    "settings.toml", "stages.json", "report.json", "report.html", "data/train.jsonl", "data/test.jsonl",
    "data/ledger.json", "evaluation/report.html",
    "data/lengths.json", "train/train_log.jsonl", "train/training_loss.png", "train/adapter/adapter_config.json",
    "train/adapter/adapter_model.safetensors", "evaluation/report.json", "evaluation/results.jsonl",
    "adapter/adapter_config.json",
    "adapter/adapter_model.safetensors", "adapter/tokenizer.json", "adapter/tokenizer_config.json",
    "adapter/chat_template.jinja", "adapter/domaintune.json", "adapter/README.md", "adapter/train_log.jsonl",
    "adapter/training_loss.png",
}  # fmt: skip

WRITTEN_ANEW = {"settings.toml", "report.json", "report.html"}
"""The same every time, and put in place by every build."""


@pytest.fixture(scope="module")
def built(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A finished run, and what its build said on stdout and stderr."""
    folder = tmp_path_factory.mktemp("built")
    with runs_in(folder):
        result = invoke(arguments(tiny, *SAMPLE))
    assert result.exit_code == 0, result.stderr
    return folder / "medical-tiny", result.stdout, result.stderr


@pytest.fixture
def run(built: tuple[Path, str, str]) -> Iterator[Path]:
    """The finished run, with DOMAINTUNE_RUNS pointing at its folder."""
    with runs_in(built[0].parent):
        yield built[0]


def test_a_build_leaves_the_files_that_the_design_names(run: Path) -> None:
    found = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert found >= FILES
    assert {name for name in found - FILES if not name.startswith(("answers/", "train/adapter/"))} <= {".lock"}
    assert (run.parent / "latest-medical").resolve() == run.resolve()


def test_stages_json_says_what_was_done_with_what_and_when(run: Path) -> None:
    stages = files.read_json(run / "stages.json")
    assert tuple(sorted(stages, key=STAGES.index)) == STAGES
    for name, stage in stages.items():
        assert stage["status"] == "done"
        assert stage["files"] == files.folder_hashes(run / name)
        assert {"fingerprint", "started", "seconds", "inputs", "counts", "versions"} <= stage.keys()
    assert stages["train"]["counts"]["steps"] == 24


def test_the_ledger_adds_up(run: Path) -> None:
    ledger = files.read_json(run / "data/ledger.json")
    assert ledger["rows_in"] == 80 == sum(ledger["kept"].values()) + len(ledger["dropped"])
    assert ledger["kept"] == {side: len(files.read_jsonl(run / f"data/{side}.jsonl")) for side in ("train", "test")}


def test_stdout_is_the_report_and_stderr_the_progress(built: tuple[Path, str, str]) -> None:
    folder, stdout, stderr = built
    assert [words for words in ("medical-rouge", "tuned - base", "floor:constant") if words not in stdout] == []
    assert "not for clinical use" in " ".join(stdout.split())
    assert stdout.rstrip().endswith(f"report: {folder / 'report.html'}\nadapter: {folder / 'adapter'}")
    assert [line for line in stdout.splitlines() if line.startswith(("data:", "train:", "  step "))] == []
    for stage in STAGES:
        assert re.search(rf"^{stage}: working$(.*\n)+?^{stage}: done in [\d.]+ s$", stderr, re.MULTILINE)
    assert re.search(r"step 24/24 +loss \d\.\d\d +[\d,]+ tokens/s", stderr)
    assert "nothing leaves this machine" in stderr


def test_no_line_is_wider_than_80_columns_and_none_has_colour(built: tuple[Path, str, str]) -> None:
    folder, stdout, stderr = built
    assert "\x1b" not in stdout + stderr
    lines = [line for line in (stdout + stderr).splitlines() if str(folder) not in line and "/tiny on cpu" not in line]
    assert [line for line in lines if len(line) > 80] == []


def test_with_json_stdout_is_one_document(run: Path, tiny: Path) -> None:
    result = invoke(arguments(tiny, *SAMPLE, "--json"))
    document = json.loads(result.stdout)
    assert document["schema_version"] == 1
    assert document["run"] == str(run)
    assert document["report"] == files.read_json(run / "report.json")
    assert document["ledger"] == files.read_json(run / "data/ledger.json")
    assert result.stderr.count("unchanged, nothing to do") == 4


RERUN = """
import sys
from domaintune.cli import main
try:
    main()
finally:
    heavy = {"torch", "transformers", "trl", "peft", "datasets", "faiss"} & set(sys.modules)
    print("imported:", *sorted(heavy), file=sys.stderr)
"""


def test_a_rerun_does_no_work_says_so_and_imports_no_torch(run: Path, tiny: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.name not in WRITTEN_ANEW}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", RERUN, *arguments(tiny, *SAMPLE)], capture_output=True, text=True, check=False
    )
    took = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    for stage in STAGES:
        assert f"{stage}: unchanged, nothing to do" in done.stderr
    assert "working" not in done.stderr
    after = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.name not in WRITTEN_ANEW}
    assert {path for path in before | after if before.get(path) != after.get(path) and path != run} == set()
    assert took < 5
    assert done.stderr.splitlines()[-1] == "imported:"


def test_the_settings_of_a_run_read_back_to_the_same_run(run: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text((run / "settings.toml").read_text())
    result = invoke(["build", "medical", "-c", str(tmp_path / "settings.toml"), "--name", "tiny"])
    assert result.stderr.count("unchanged, nothing to do") == 4


def test_another_evaluation_setting_asks_nothing_again_and_trains_nothing(
    run: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {path.name: path.read_bytes() for path in (run / "answers").iterdir()}
    before = files.read_json(run / "stages.json")
    monkeypatch.setattr(TransformersEngine, "open", lambda *_: pytest.fail("the model was opened again"))
    result = invoke(arguments(tiny, *SAMPLE, eval__draws=120))
    assert result.exit_code == 0
    assert said(result.stderr) == {
        "data": "unchanged",
        "train": "unchanged",
        "evaluation": "working",
        "adapter": "working",
    }
    after = files.read_json(run / "stages.json")
    assert {name for name in STAGES if before[name] != after[name]} == {"evaluation", "adapter"}
    assert {path.name: path.read_bytes() for path in (run / "answers").iterdir()} == asked
    assert files.read_json(run / "report.json")["draws"] == 120
    assert invoke(arguments(tiny, *SAMPLE)).exit_code == 0  # as it was, for the other tests


def said(stderr: str) -> dict[str, str]:
    """Return what a build said it would do with each stage."""
    return {stage: re.search(rf"^{stage}: (working|unchanged)", stderr, re.MULTILINE)[1] for stage in STAGES}


def test_a_source_that_changed_is_built_anew_with_all_that_follows(tiny: Path, tmp_path: Path) -> None:
    source = tmp_path / "reports.csv"
    rows = [
        f"The heart is normal and the lungs are clear; view {i * 7919} of today shows no change,Normal {i}."
        for i in range(30)
    ]
    source.write_text("\n".join(["findings,impression", *rows]))
    words = arguments(tiny, "--source", source, "--name", "changing", train__steps=2, eval__draws=20, data__near=1)
    assert invoke(words).exit_code == 0
    assert set(said(invoke(words).stderr).values()) == {"unchanged"}
    source.write_text("\n".join(["findings,impression", *rows[:-1], rows[-1].replace("Normal", "Abnormal")]))
    assert set(said(invoke(words).stderr).values()) == {"working"}


def test_a_stage_whose_file_was_touched_is_done_again(tiny: Path, tmp_path: Path) -> None:
    words = arguments(tiny, *SAMPLE, train__steps=2, eval__draws=20)
    assert invoke(words).exit_code == 0
    run = tmp_path / "runs/medical-tiny"
    whole = hashes(run)
    (run / "adapter/README.md").write_text("torn")
    (run / "train/train_log.jsonl").unlink()
    assert said(invoke(words).stderr) == {
        "data": "unchanged", "train": "working", "evaluation": "unchanged", "adapter": "working",
    }  # fmt: skip
    assert hashes(run) == whole


def test_train_and_eval_stop_where_they_say_and_build_goes_on(tiny: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs/medical-tiny"
    small = {"train__steps": 2, "eval__draws": 20}
    assert invoke(arguments(tiny, *SAMPLE, verb="data", **small)).exit_code == 0
    assert not (run / "train").exists()
    train = invoke(arguments(tiny, *SAMPLE, verb="train", **small))
    assert train.stdout.strip() == f"train: {run / 'train'}"
    assert not any((run / name).exists() for name in ("report.json", "report.html"))
    assert "tuned - base" in invoke(arguments(tiny, *SAMPLE, verb="eval", **small)).stdout
    assert not (run / "adapter").exists()
    assert said(invoke(arguments(tiny, *SAMPLE, **small)).stderr)["adapter"] == "working"


LOAD = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "domaintune":
            raise ImportError("there is no domaintune here")
sys.meta_path.insert(0, Refuse())
from transformers import AutoModelForCausalLM, AutoTokenizer
from peft import PeftModel
base, adapter = sys.argv[1:]
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter)
tokenizer = AutoTokenizer.from_pretrained(adapter)
ask = [{"role": "user", "content": "Is it?"}]
ids = tokenizer.apply_chat_template(ask, add_generation_prompt=True, return_tensors="pt", return_dict=True)
print(model.generate(**ids, max_new_tokens=3, do_sample=False).shape[1] - ids["input_ids"].shape[1])
"""


def test_the_package_loads_with_peft_where_domaintune_is_not_installed(run: Path, tiny: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tiny), str(run / "adapter")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) in {1, 2, 3}


def test_the_package_holds_no_folder_of_this_machine(run: Path, tiny: Path) -> None:
    for path in (run / "adapter").iterdir():
        if path.suffix not in {".safetensors", ".png"}:
            text = path.read_text(encoding="utf-8")
            for place in (str(tiny), str(tiny.parent), str(run.parent), str(Path.home()) + "/", str(Path.cwd())):
                assert place not in text, f"{path.name} names {place}"
    manifest = files.read_json(run / "adapter/domaintune.json")
    assert manifest["base"]["published_as"] == "tiny"
    assert files.read_json(run / "adapter/adapter_config.json")["base_model_name_or_path"] == "tiny"


def test_the_manifest_tells_where_everything_comes_from(run: Path) -> None:
    manifest = files.read_json(run / "adapter/domaintune.json")
    report = files.read_json(run / "report.json")
    assert (manifest["metrics"], manifest["comparisons"]) == (report["scores"], report["comparisons"])
    for side in ("train", "test"):
        assert manifest["data"][f"{side}_sha256"] == files.sha256(run / f"data/{side}.jsonl")
    assert {"torch", "transformers", "trl", "peft", "python"} <= manifest["versions"].keys()
    for name, digest in manifest["files"].items():
        assert files.sha256(run / "adapter" / name) == digest
    assert manifest["settings"]["train"]["steps"] == 24
    assert manifest["data"]["sample"] is True


def card(run: Path) -> tuple[dict[str, Any], str]:
    _, front, body = (run / "adapter/README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def test_the_head_of_the_card_is_yaml_that_a_hub_understands(run: Path) -> None:
    front, body = card(run)
    assert (front["library_name"], front["base_model"], front["pipeline_tag"]) == ("peft", "tiny", "text-generation")
    (index,) = front["model-index"]
    (result,) = index["results"]
    assert {metric["type"] for metric in result["metrics"]} == set(front["metrics"]) == {"rouge1", "rouge2", "rougeL"}
    assert {"name", "type"} <= result["dataset"].keys()
    assert "not for clinical use" in body


def test_every_number_in_the_results_of_the_card_is_in_the_manifest(run: Path) -> None:
    manifest = files.read_json(run / "adapter/domaintune.json")
    known = {
        f"{abs(100 * value):.1f}"
        for row in manifest["metrics"] + manifest["comparisons"]
        for value in row.values()
        if isinstance(value, float)
    }
    front, body = card(run)
    table = [line for line in body.split("## Results")[1].split("## Data")[0].splitlines() if line.startswith("|")]
    shown = re.findall(r"\d+\.\d+", "\n".join(table))
    assert len(shown) > 30
    assert [number for number in shown if number not in known] == []
    listed = [f"{metric['value']:.1f}" for metric in front["model-index"][0]["results"][0]["metrics"]]
    assert [number for number in listed if number not in known] == []


def plain_answer(model: Any, tokenizer: Any, messages: Any) -> str:
    """Return what peft and transformers alone say: greedy, one prompt at a time."""
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = model.generate(**ids, max_new_tokens=8, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    return tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True).strip()


def test_the_engine_answers_as_peft_and_transformers_alone_do(run: Path, tiny: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(run / "adapter")
    base = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32)
    held_out = data.load(run / "data", "test")[:5]
    before = [plain_answer(base, tokenizer, list(example.prompt)) for example in held_out]
    tuned = PeftModel.from_pretrained(base, str(run / "adapter")).eval()
    after = [plain_answer(tuned, tokenizer, list(example.prompt)) for example in held_out]
    assert before != after
    session = open_session(tiny, run)
    for adapter, expected in ((None, before), ("tuned", after)):
        requests = [Request(messages=e.prompt, adapter=adapter, sampling=Sampling(max_new_tokens=8)) for e in held_out]
        said = [""] * len(requests)
        for event in session.generate(requests):
            said[event.request] += event.text
        assert [text.strip() for text in said] == expected


def test_the_answers_in_the_report_are_those_of_the_package(run: Path, tiny: Path) -> None:
    report = files.read_json(run / "report.json")
    tokenizer = AutoTokenizer.from_pretrained(run / "adapter")
    tuned = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32), str(run / "adapter")
    )
    by_origin = {(e.origin.source, e.origin.place): e for e in data.load(run / "data", "test")}
    assert len(report["samples"]) == 10
    for sample in report["samples"]:
        example = by_origin[sample["origin"]["source"], sample["origin"]["place"]]
        assert sample["tuned"] == plain_answer(tuned.eval(), tokenizer, list(example.prompt))


def open_session(tiny: Path, run: Path) -> Any:
    session = TransformersEngine().open(ModelSettings(base=str(tiny), device="cpu", dtype="float32"))
    session.load("tuned", run / "adapter")
    return session


def test_training_and_answering_see_the_same_tokens_of_a_prompt(
    run: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domaintune.plugins import catalog

    examples = data.load(run / "data", "train")[:4]
    settings = resolve(
        catalog().domain("medical"), overrides=[f"model.base={tiny}", "model.device=cpu", "train.steps=1"]
    )
    place = models.locate(settings.model)
    tokenizer = models.load_tokenizer(place)
    expected = [prompts.prompt_ids(tokenizer, example.prompt) for example in examples]
    trainer = sft.make_trainer(models.load_model(place, settings.model), tokenizer, examples, settings, tmp_path)
    rows = trainer.train_dataset
    trained_on = [
        [i for i, label in zip(row["input_ids"], row["labels"], strict=True) if label == -100] for row in rows
    ]
    assert trained_on == expected
    session = open_session(tiny, run)
    seen: list[list[int]] = []
    session.model.register_forward_pre_hook(
        lambda _, __, given: seen.append(given["input_ids"][0].tolist()), with_kwargs=True
    )
    for example in examples:
        seen.append([])
        list(session.generate([Request(messages=example.prompt, sampling=Sampling(max_new_tokens=1))]))
    found: list[list[int]] = []
    for piece in seen:  # a long prompt is read in several passes
        found.append([]) if not piece else found[-1].extend(piece)
    assert found == expected


def test_too_many_malformed_rows_stop_the_build_before_training_and_the_ledger_is_kept(
    tiny: Path, tmp_path: Path
) -> None:
    source = tmp_path / "bad.jsonl"
    good = (
        '{"findings": "The heart is mildly enlarged and the lungs are clear of disease.", "impression": "Big heart."}'
    )
    source.write_text("\n".join([good] * 8 + ['{"findings": "cut'] * 2) + "\n")
    with runs_in(tmp_path / "runs"):
        result = invoke(arguments(tiny, "--name", "bad", "--source", source))
    assert result.exit_code == 2
    assert "2 of 10 rows are malformed" in result.stderr
    assert "dropped: malformed" in result.stderr
    ledger = files.read_json(tmp_path / "runs/medical-bad/refused.json")
    assert ledger["rows_in"] == 10 == sum(ledger["counts"].values())
    assert ledger["dropped"][-1]["line"] == 10
    assert not (tmp_path / "runs/medical-bad/train").exists()
