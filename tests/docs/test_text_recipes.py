"""The pages of translation and generation, word for word: their commands are run by the real command line on assets and
checkpoints in small, then their Python; their recipes are short and taken."""

from __future__ import annotations

import importlib
import random
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from huggingface_hub import constants
from tests.cli.conftest import _settings_are_undone  # noqa: F401
from tests.cli.test_work import run
from tests.made_up import ABROAD, DID, WHERE, WHO, book
from tests.tasks.generate.test_continued import ENDS, FAMILIES, make
from transformers import LlamaConfig

from regard import assets, manifest
from regard import recipe as recipes
from regard.cli import app

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "recipes"
RECIPES = {
    "translation": ["translation-lstm", "translation-transformer"],
    "attention": ["translation-without-attention", "translation-lstm"],
    "text-generation": ["generate-lstm"],
    "pretrained-generation": ["generate-smollm2", "generate-transformer"],
}
STEPS = {"training.max_steps": 2, "tokens.minimum_frequency": 1}
PAIRS = {**STEPS, "tokens.vocabulary_size": 330, "model.hidden_size": 16, "head.max_output_tokens": 8}
SMALL: dict[str, dict[str, Any]] = {
    "translation-lstm": PAIRS,
    "translation-without-attention": PAIRS,
    "translation-transformer": {**PAIRS, "model.layers": 1},
    "generate-lstm": {**STEPS, "model.hidden_size": 16},
    "generate-transformer": {**STEPS, "model.layers": 1, "model.hidden_size": 16, "tokens.vocabulary_size": 330},
    "generate-smollm2": {"training.max_steps": 2, "training.batch_tokens": 512},
}


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page(name), re.DOTALL | re.MULTILINE)
    return [block for given, block in found if given == language]


def recipe_file(name: str) -> Path:
    return ROOT / "recipes" / f"{name}.toml"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages take for granted: the recipes, texts of one's own, a cache of assets and the hub's,
    each in small."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "recipes").symlink_to(ROOT / "recipes")
    write_pairs(folder / "mine.csv", "en,de", "{0},{1}", seed=2)
    write_pairs(folder / "later.jsonl", "", '{{"source": "{0}", "target": "{1}"}}', seed=3)
    for number, name in enumerate(("novel", "mine", "later")):
        (folder / f"{name}.txt").write_text(book(300, seed=number), encoding="utf-8")
    write_assets(folder / "home")
    (folder / "hub" / "models--gpt2" / "refs").mkdir(parents=True)
    (folder / "hub" / "models--gpt2" / "refs" / "main").write_text("0" * 40)
    make(FAMILIES["gpt2"], folder / "hub" / "models--gpt2" / "snapshots" / ("0" * 40))
    return folder


def write_pairs(path: Path, head: str, row: str, *, seed: int) -> None:
    generator = random.Random(seed)
    rows = [head] if head else []
    for number in range(60):
        who, did, where = generator.choice(WHO), generator.choice(DID), generator.choice(WHERE)
        rows.append(row.format(f"{who} {did} to {where} {number}", f"{ABROAD[who]} a {where} {number} {did}o"))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_assets(home: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGARD_HOME", str(home))
        messages, news, model = (assets.folder(assets.ASSETS[word]) for word in ("interface-de", "bbc", "smollm2"))
    for folder in (messages, news, model):
        (folder / "data").mkdir(parents=True)
    write_pairs(messages / "data" / "de.po", "", 'msgid "{0}"\nmsgstr "{1}"\n', seed=1)
    for number in range(12):
        topic = news / "data" / ("sport" if number % 2 else "business")
        topic.mkdir(exist_ok=True)
        (topic / f"{number:03}.txt").write_text(book(40, seed=number), encoding="utf-8")
    (model / "data" / "small.gguf").write_bytes(b"packed")
    unpacked = model.with_name(f"{model.name}-unpacked")
    make(llama, unpacked)
    for folder in (messages, news, model, unpacked):
        manifest.seal(folder)


def llama(size: int) -> LlamaConfig:
    sizes = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    return LlamaConfig(vocab_size=size, num_key_value_heads=1, max_position_embeddings=512, **sizes, **ENDS)


@pytest.fixture(autouse=True)
def _there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("REGARD_HOME", str(place / "home"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(place / "hub"))


@pytest.fixture(scope="module")
def done() -> set[str]:
    """Commands that were run already: two pages may name the same one."""
    return set()


@pytest.mark.parametrize("name", RECIPES)
def test_a_page_does_what_it_says(name: str, done: set[str], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    shutil.rmtree("runs/mine", ignore_errors=True)  # what the readers of two pages call theirs
    lines = [line for block in blocks(name, "") for line in block.splitlines()]
    assert len(lines) >= 5
    for line in lines:
        if line not in done:
            program, *words = shlex.split(line)
            if program == "python":
                look_at(words, monkeypatch)
            else:
                assert program == "regard"
                assert run(*words, *less(words)) == 0, f"{line}\n{capsys.readouterr().err}"
            done.add(line)
    assert capsys.readouterr().out
    [block] = blocks(name, "python")
    exec(compile(block, f"{name}.md", "exec"), {})
    assert capsys.readouterr().out


def less(words: list[str]) -> Iterator[str]:
    """What makes a training one of seconds."""
    if words[0] == "train":
        [recipe] = (word for word in words if word.endswith(".toml"))
        for path, value in SMALL[Path(recipe).stem].items():
            yield from ("--set", f"{path}={value}")
        yield "--quiet"


def look_at(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """That a benchmark takes these words; it has nothing to compare with."""
    script = ROOT / words[0]
    monkeypatch.syspath_prepend(script.parent)
    benchmark = importlib.import_module(script.stem)
    monkeypatch.setattr(benchmark, "found_backends", lambda given: [])
    monkeypatch.setattr("sys.argv", words)
    benchmark.main()


@pytest.mark.parametrize("name", sorted({recipe for own in RECIPES.values() for recipe in own}))
def test_a_recipe_is_short_and_says_its_command(name: str) -> None:
    lines = recipe_file(name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 120
    [command] = (line.removeprefix("# ") for line in lines if line.startswith("# regard train "))
    [home] = (line.rpartition("/")[2].removesuffix(".md") for line in lines if line.startswith("# Page: "))
    assert command in page(home).splitlines()
    assert f"](../../recipes/{name}.toml)" in page(home)
    assert recipes.load(recipe_file(name)).task == ("translate" if name.startswith("translation") else "generate")


@pytest.mark.parametrize("name", RECIPES)
def test_all_that_it_names_is_there(name: str) -> None:
    text = page(name)
    named = re.findall(r"\]\(\.\./\.\./recipes/([\w-]+)\.toml\)", text)
    assert named == RECIPES[name]
    recipe = recipes.load(recipe_file(named[0])).model_dump()
    for group, setting in re.findall(r"`(training|tokens|model|head)\.(\w+)", text):
        assert setting in recipe[group], f"{group}.{setting}"
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert (PAGES / target).exists(), target
    for block in blocks(name, "py"):
        compile(block, f"{name}.md", "exec")


@pytest.mark.parametrize("name", RECIPES)
def test_what_it_says_to_change_can_be_changed(name: str) -> None:
    base = recipes.read_toml(recipe_file(RECIPES[name][0]))
    spans = re.findall(r"`(--[^`]+ [^`]+|--greedy)`", page(name))
    assert spans
    for span in spans:
        words = shlex.split(span)
        if words[0] in ("--set", "--model", "--max-length"):
            given = parsed(["train", "mine.csv", *words])
            recipes.build(base, model=given["model"], sets=given["sets"] or [])
        else:
            parsed(["generate", "runs/mine", *words])


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What the real command line makes of a command. It ends the process where it does not understand one."""
    group = typer.main.get_command(app)
    context = group.make_context("regard", list(arguments), resilient_parsing=True)
    name, command, rest = group.resolve_command(context, list(arguments))
    return dict(command.make_context(name, list(rest), parent=context).params)


def test_the_recipes_of_attention_differ_by_one_line() -> None:
    """And the table of scores names all that `head.attention` can be."""
    plain, attending = (recipes.load(recipe_file(name)).model_dump() for name in RECIPES["attention"])
    assert (plain["head"].pop("attention"), attending["head"].pop("attention")) == ("none", "additive")
    assert plain == attending
    for word in re.findall(r"^\| `(\w+)` \|", page("attention"), re.MULTILINE):
        sets = {"head.attention": word}
        assert recipes.load(recipe_file("translation-lstm"), sets=sets).head_options.attention == word
