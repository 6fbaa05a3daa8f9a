"""The recipe: the one configuration of a run. Pydantic in Python, TOML on disk, `--set a.b=c` on the command line.

A recipe is put together from four layers, later ones winning: the defaults below, the architecture's own defaults
(its options class has `recipe_defaults`), the file, and what the call sets. What a run writes is fully resolved: no
layer is needed to read it back. Errors name the failing path: `training.epochs: Input should be greater than 0`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from regard import assets
from regard.errors import DataError, ModelError, UsageError
from regard.records import RunFolder
from regard.registry import ARCHITECTURES, PATTERNS, TASKS, Entry, resolve, unknown_word


class Options(BaseModel):
    """Base of every group of options: an unknown key is an error, not a silence.

    A model's options name in `unused` the groups and settings of a recipe that the model makes no use of.
    """

    model_config = ConfigDict(extra="forbid", validate_default=True)
    unused: ClassVar[tuple[str, ...]] = ()


class DataOptions(Options):
    """Where texts and labels come from. `train`, `validation` and `test` are a file, a folder, an asset's word or a
    hub id. `validation` is cut from `train` where it is not given; `test` is scored once."""

    train: str = Field("", description="a file, a folder, an asset's word or a hub id")
    validation: str | None = Field(None, description="every choice is made on it; cut from train when not given")
    test: str | None = Field(None, description="scored once, at the end")
    text_column: str | None = Field(
        None,
        description="of texts, words (tag), contexts (answer) or sources (translate); guessed and shown when not given",
    )
    label_column: str | None = Field(
        None, description="of labels, tags, answers or targets (translate); guessed and shown when not given"
    )
    question_column: str | None = Field(None, description="of questions (answer); guessed and shown when not given")
    label_separator: str | None = Field(None, description="splits one cell into several labels (multi-label)")
    validation_fraction: float = Field(0.1, gt=0, lt=1, description="share of train that validation is cut from")
    split: Literal["auto", "random", "blocks"] = Field(
        "auto",
        description="blocks keeps neighbouring rows of a label together; auto: where the source says they belong",
    )
    max_train_examples: int | None = Field(
        None, gt=0, description="train on at most so many texts, labels in proportion"
    )


class PreprocessOptions(Options):
    """Each step is a switch; character offsets always map back to the text as given."""

    html: bool = Field(True, description="breaks and tags go, entities are decoded")
    unicode: bool = Field(True, description="Unicode NFC")
    control: bool = Field(True, description="control characters and lone surrogates are replaced")
    whitespace: bool = Field(True, description="runs of white space become one blank")
    lowercase: bool = Field(False, description="lower case")
    emoji: bool = Field(False, description="an emoji becomes its name between colons")
    urls: bool = Field(False, description="a web address becomes a word for one")
    users: bool = Field(False, description="an @name becomes a word for one")


class TokenOptions(Options):
    """How text becomes tokens. `checkpoint` takes the checkpoint's own tokenizer and is all a checkpoint can take."""

    kind: Literal["wordpiece", "bpe", "word", "character", "checkpoint"] = Field(
        "wordpiece", description="trained on the training part; checkpoint: its own"
    )
    vocabulary_size: int = Field(16_000, ge=100, description="different tokens at most")
    minimum_frequency: int = Field(2, ge=1, description="rarer pieces are left out")
    lowercase: bool = Field(True, description="tokens in lower case (a checkpoint decides for itself)")
    max_length: int = Field(256, ge=3, description="tokens of a text, or of a window of it, that the model reads")
    strategy: Literal["head", "tail", "head+tail", "windows"] = Field(
        "head", description="which part of a longer text is read; windows: all of it, in pieces that overlap"
    )
    window_stride: int = Field(0, ge=0, description="tokens from one window's beginning to the next; 0: half a window")
    window_pooling: Literal["mean", "max"] = Field("mean", description="of the logits of a text's windows")
    max_windows: int = Field(16, ge=1, description="of one text; what lies behind the last one is not read")


class TrainingOptions(Options):
    """The training loop. Names are those of transformers' TrainingArguments where they mean the same."""

    epochs: int = Field(3, ge=1, description="passes over the training part")
    max_steps: int | None = Field(None, ge=1, description="stop after so many optimizer steps, whatever epochs says")
    learning_rate: float = Field(1e-3, gt=0, description="the highest, after the warm-up")
    weight_decay: float = Field(0.01, ge=0, description="of matrices; not of biases, norms and embeddings")
    adam_beta1: float = Field(0.9, ge=0, lt=1, description="decay of the mean of the gradients")
    adam_beta2: float = Field(0.999, ge=0, lt=1, description="decay of the mean of their squares")
    adam_epsilon: float = Field(1e-8, gt=0, description="added to the root of the second mean")
    warmup_steps: float = Field(0.1, ge=0, description="steps, or below 1 the share of all steps")
    lr_scheduler_type: Literal["linear", "cosine", "constant"] = Field("linear", description="after the warm-up")
    max_grad_norm: float = Field(1.0, ge=0, description="longer gradients are clipped; 0: none is")
    batch_tokens: int = Field(4096, ge=16, description="tokens a batch, padding included")
    max_batch_examples: int = Field(64, ge=1, description="texts a batch at most")
    gradient_accumulation_steps: int = Field(1, ge=1, description="batches a step")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of the target given to all labels alike")
    evaluations_per_epoch: int = Field(1, ge=1, description="on the validation part; the best checkpoint is kept")
    early_stopping_patience: int = Field(0, ge=0, description="evaluations without a gain before it stops; 0: never")
    metric_for_best_model: Literal[
        "loss", "accuracy", "macro_f1", "f1", "exact_match", "bleu", "chrf", "rouge_l", "bits_per_character"
    ] = Field("accuracy", description="of the validation part; what there is depends on the task")
    save_steps: int = Field(0, ge=0, description="a checkpoint every so many steps; 0: at every evaluation")
    save_total_limit: int = Field(2, ge=1, description="checkpoints kept, the best one besides")
    logging_steps: int = Field(10, ge=1, description="a line in log.jsonl every so many steps")
    mixed_precision: Literal["no", "bf16", "fp16"] = Field(
        "no", description="number format of the computation; bf16: faster on GPUs and on CPUs with AVX512_BF16 or AMX"
    )


class Recipe(Options):
    """One run: what is asked (`task`), of which data, by which model, trained how.

    `model` holds `name` (the architecture's word or a checkpoint) and the options of that architecture; `head` the
    options of the task; `attention`, where a checkpoint's attention is exchanged, `pattern` (its word) and the settings
    of that pattern.
    """

    task: str = "classify"
    seed: int = Field(1, ge=0, lt=2**32)
    data: DataOptions = Field(default_factory=DataOptions)
    preprocess: PreprocessOptions = Field(default_factory=PreprocessOptions)
    tokens: TokenOptions = Field(default_factory=TokenOptions)
    model: dict[str, Any] = Field(default_factory=dict)
    head: dict[str, Any] = Field(default_factory=dict)
    attention: dict[str, Any] | None = None
    augment: dict[str, Any] | None = None
    training: TrainingOptions = Field(default_factory=TrainingOptions)

    @property
    def model_name(self) -> str:
        return str(self.model["name"])

    @property
    def entry(self) -> Entry:
        return architecture(self.model_name)

    @property
    def model_options(self) -> Any:
        """The architecture's own options, as an instance of its options class."""
        options = {key: value for key, value in self.model.items() if key != "name"}
        return self.entry.load_options()(**options)

    @property
    def head_options(self) -> Any:
        """The task's own options, as an instance of its options class."""
        return TASKS[self.task].load_options()(**self.head)

    def to_toml(self) -> str:
        settings = _without_none(self.model_dump())
        return tomli_w.dumps({name: value for name, value in settings.items() if value != {}})


def architecture(name: str) -> Entry:
    """The registry line for a model's name: its word, or `checkpoint` for an asset, a folder or a hub id."""
    if name in ARCHITECTURES and name != "checkpoint":
        return ARCHITECTURES[name]
    if assets.is_model(name) or name.startswith("hub:") or "/" in name or Path(name).is_dir():
        return ARCHITECTURES["checkpoint"]
    known = [word for word in ARCHITECTURES if word != "checkpoint"] + assets.models()
    raise UsageError(
        unknown_word("model", name, known),
        mend="for a checkpoint give a folder or a hub id such as org/name (hub:name where it has no organisation)",
    )


def absolute(model: Mapping[str, Any]) -> dict[str, Any]:
    """`[model]` with a checkpoint's folder and a file of vectors as absolute paths; words stay words."""
    return {key: _absolute(value) if key in ("name", "vectors") else value for key, value in model.items()}


def _absolute(name: str) -> str:
    is_word = not name or name in ARCHITECTURES or name in assets.words()
    return name if is_word or not Path(name).exists() else str(Path(name).resolve())


def build(
    *layers: Mapping[str, Any],
    model: str | None = None,
    sets: Mapping[str, Any] | list[str] | None = None,
) -> Recipe:
    """Put a recipe together: defaults, the architecture's defaults, `layers` in order, then `sets` ("a.b" or "a.b=c").

    Raises `UsageError` naming the path that is wrong.
    """
    given: dict[str, Any] = {}
    for layer in layers:
        given = merge(given, layer)
    given = merge(given, nest(sets or {}))
    if model is not None:
        given = merge(given, {"model": {"name": model}})
    name = given.get("model", {}).get("name") if isinstance(given.get("model"), dict) else None
    if not isinstance(name, str) or not name:
        raise UsageError("model.name: no model is named", mend="add --model WORD; `regard models` lists the words")
    entry = architecture(name)
    task = given.get("task", "classify")
    TASKS[task]
    if task not in entry.tasks:
        pairs = ", ".join(f"{task}: {word}" for word, e in ARCHITECTURES.items() if task in e.tasks)
        raise UsageError(f"{name} does not do {task}. Pairs that exist: {pairs}")
    options_class = entry.load_options()
    given = merge(_defaults(task, entry, options_class), given)
    options = {key: value for key, value in given["model"].items() if key != "name"}
    given["model"] = {"name": name, **_resolved(options, "model", options_class)}
    given["head"] = _resolved(given.get("head") or {}, "head", TASKS[task].load_options())
    given["augment"] = _augment(given.get("augment"))
    given["attention"] = _attention(given.get("attention")) if _exchanges_attention(entry) else None
    try:
        recipe = Recipe(**given)
    except ValidationError as error:
        raise UsageError(_describe(error)) from None
    metric, metrics = recipe.training.metric_for_best_model, TASKS[task].load_options().metrics
    if metric not in metrics:
        raise UsageError(f"training.metric_for_best_model: {task} has no {metric}", mend=f"one of {', '.join(metrics)}")
    return recipe


def _defaults(task: str, entry: Entry, options_class: Any) -> dict[str, Any]:
    """What suits the architecture, then what suits the task with this kind of model and with this one, which wins."""
    of_task = TASKS[task].load_options()
    found = merge({"training": {"metric_for_best_model": of_task.metrics[0]}}, options_class.recipe_defaults)
    for who in (entry.kind, entry.word):
        found = merge(found, of_task.recipe_defaults.get(who, {}))
    return found


def _resolved(given: Any, group: str, options_class: Any) -> dict[str, Any]:
    """Every setting of a group. Raises `UsageError` naming the path that is wrong."""
    if not isinstance(given, Mapping):
        raise UsageError(f"{group}: a group of settings is expected (given: {given!r})")
    try:
        resolved: dict[str, Any] = options_class(**given).model_dump()
    except ValidationError as error:
        raise UsageError(_describe(error, group, options_class)) from None
    return resolved


def _attention(given: Any) -> dict[str, Any] | None:
    """`[attention]` with every setting of its pattern; None where there is none. Raises `UsageError`."""
    if given is None:
        return None
    if not isinstance(given, Mapping) or not isinstance(given.get("pattern"), str):
        raise UsageError(
            "attention.pattern: no pattern is named", mend=f"--attention with one of {', '.join(PATTERNS)}"
        )
    settings = dict(given)
    word = settings.pop("pattern")
    options_class = PATTERNS[word].load_options()
    if options_class.one_vector:
        others = [other for other, entry in PATTERNS.items() if not entry.load_options().one_vector]
        raise UsageError(f"attention.pattern: {options_class.one_vector}", mend=f"one of {', '.join(others)}")
    try:
        return {"pattern": word, **options_class(**settings).model_dump(mode="json")}
    except ValidationError as error:
        raise UsageError(_describe(error, "attention", options_class)) from None


def _augment(given: Any) -> dict[str, Any] | None:
    """`[augment]` with every setting of its methods; None where nothing is augmented. Raises `UsageError`."""
    if given is None:
        return None
    # By name: the methods are the text room's, which stands above this one.
    resolved = _resolved(given, "augment", resolve("regard.text.augment.options:AugmentOptions"))
    return resolved if resolved["methods"] else None


def _exchanges_attention(entry: Entry) -> bool:
    """Networks of our own have the attention that they are named after."""
    return entry.kind == "checkpoint"


def refuse_unused(sets: Mapping[str, Any] | list[str], models: Sequence[str], *, task: str = "classify") -> None:
    """Raise `UsageError` for a setting that no model named uses, or that the task has no use for: who sets it expects
    that it does something.

    For what a call sets; a recipe's file may well be whole, or another model's.
    """
    entries = [architecture(name) for name in models]
    asked = TASKS[task].load_options()
    for path in _leaves(nest(sets)):
        if any(f"{path}.".startswith(f"{group}.") for group in asked.unused):
            raise UsageError(f"{path}: {task} does not use this setting", mend="leave it out")
        heads = [word for word in asked.network_only if path == f"head.{word}"]
        if any(_uses(entry, path) and not (heads and entry.kind != "network") for entry in entries):
            continue
        who = f"{models[0]} does not use" if len(models) == 1 else f"none of {', '.join(models)} uses"
        others = ", ".join(
            word
            for word, entry in ARCHITECTURES.items()
            if task in entry.tasks and _uses(entry, path) and not (heads and entry.kind != "network")
        )
        raise UsageError(f"{path}: {who} this setting", mend=f"leave it out, or take a model that does: {others}")


def _uses(entry: Entry, path: str) -> bool:
    """Whether a model uses a setting; for its own settings, under `model`, see its options class."""
    if path.startswith("attention."):
        return _exchanges_attention(entry)
    return not any(f"{path}.".startswith(f"{group}.") for group in entry.load_options().unused)


def _leaves(nested: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of all settings in nested groups."""
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def load(path: str | Path, *, sets: Mapping[str, Any] | list[str] | None = None, **keywords: Any) -> Recipe:
    """The recipe in a TOML file. Raises `DataError` with the line where it is no TOML, `UsageError` for its content."""
    return build(read_toml(path), sets=sets, **keywords)


def of_run(run: RunFolder) -> Recipe:
    """The recipe that a run was trained with. Raises `ModelError` where it is missing or damaged."""
    given = tomllib.loads(run.read_recipe())
    try:
        return build(given)
    except UsageError as error:
        raise ModelError(f"{run.recipe} is damaged: {error.message}", mend="train again, or restore the file") from None


def read_toml(path: str | Path) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError("no such recipe", file=path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"this is no TOML: {error}", file=path) from None


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Nested mappings joined; where both say something, `above` wins."""
    joined = dict(below)
    for key, value in above.items():
        old = joined.get(key)
        joined[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return joined


def nest(sets: Mapping[str, Any] | list[str]) -> dict[str, Any]:
    """{"a.b": c} or ["a.b=c"] as {"a": {"b": c}}; text values are read as TOML where they are TOML, else as words."""
    nested: dict[str, Any] = {}
    for path, value in parse_sets(sets).items():
        for part in reversed(path.split(".")):
            value = {part: value}
        nested = merge(nested, value)
    return nested


def parse_sets(sets: Mapping[str, Any] | list[str]) -> dict[str, Any]:
    """{"a.b": c} from itself or from ["a.b=c"]."""
    return dict(sets) if isinstance(sets, Mapping) else dict(_parse_set(item) for item in sets)


def _parse_set(item: str) -> tuple[str, Any]:
    path, equals, text = item.partition("=")
    if not equals or not path.strip():
        raise UsageError(f"--set {item!r}: expected a.b=c", mend="for example --set training.epochs=5")
    try:
        return path.strip(), tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), text


def _describe(error: ValidationError, prefix: str = "", options: type[BaseModel] = Recipe) -> str:
    """The first failures of a pydantic error as `path: what is wrong`, an unknown key with its neighbours."""
    lines = []
    for problem in error.errors():
        path = ".".join([prefix, *map(str, problem["loc"])] if prefix else map(str, problem["loc"]))
        if problem["type"] == "extra_forbidden":
            lines.append(f"{path}: no such option{_neighbours(path, _paths(options, prefix))}")
        else:
            lines.append(f"{path}: {problem['msg']} (given: {problem['input']!r})")
    return "; ".join(lines)


def _paths(options: type[BaseModel], prefix: str = "") -> list[str]:
    """Every setting of a group by its dotted name."""
    found = []
    for name, field in options.model_fields.items():
        path, group = f"{prefix}.{name}" if prefix else name, field.annotation
        is_group = isinstance(group, type) and issubclass(group, BaseModel)
        found += _paths(group, path) if is_group else [path]  # type: ignore[arg-type]
    return found


def _neighbours(path: str, known: list[str]) -> str:
    group, _, name = path.rpartition(".")
    siblings = {other.rpartition(".")[2]: other for other in known if other.rpartition(".")[0] == group}
    near = [siblings[word] for word in get_close_matches(name, siblings, n=2)] or get_close_matches(path, known, n=1)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; known: {', '.join(siblings.values() or known)}"


def _without_none(value: Any) -> Any:
    """TOML has no null: what is None is left out, and reading it back gives the default, which is None."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value
