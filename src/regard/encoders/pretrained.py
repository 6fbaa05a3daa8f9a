"""A Hugging Face checkpoint as it is published: an asset's word, a folder or a hub id.

Notable: weights come from safetensors only, and code that a checkpoint brings along is never run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard import assets
from regard.assets.quiet import quiet
from regard.encoders.options import CheckpointOptions
from regard.errors import ModelError, UsageError
from regard.registry import resolve

# The same two things have other names in other families; what a configuration has is set, the rest left alone.
DROPOUTS = (
    "hidden_dropout_prob",
    "dropout",
    "resid_pdrop",
    "embd_pdrop",
    "classifier_dropout",
    "seq_classif_dropout",
    "qa_dropout",
)
ATTENTION_DROPOUTS = ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop")

WRITERS = ("AutoModelForCausalLM", "AutoModelForSeq2SeqLM")
"""Heads that are never new: what begins as chance can't write, and nothing would say so."""


def locate(name: str, *, offline: bool) -> tuple[str, bool]:
    """Where transformers finds `name`, and whether that is local: an asset's folder, a folder (of a run the one of its
    model), or a hub id.

    Raises `ModelError` for what is there but can be no checkpoint.
    """
    if assets.is_model(name):
        return str(assets.checkpoint(name)), True
    if Path(name).is_dir():
        if (Path(name) / "run.json").is_file() and (Path(name) / "model" / "config.json").is_file():
            return str(Path(name) / "model"), True
        if not (Path(name) / "config.json").is_file():
            raise ModelError(f"{name} is no checkpoint: it has no config.json", mend="give the folder of a model")
        return name, True
    if Path(name).exists():
        raise ModelError(f"{name} is a file, not the folder of a checkpoint", mend="give the folder of a model")
    return name.removeprefix("hub:"), offline


def load_classifier(
    name: str,
    labels: list[str],
    *,
    multi_label: bool,
    options: CheckpointOptions,
    offline: bool = False,
    pad_token_id: int | None = None,
    attention: dict[str, Any] | None = None,
    max_length: int = 0,
) -> Any:
    """transformers' own ...ForSequenceClassification for `labels`; its head is new unless it was trained for the same.

    With `attention` (a recipe's group) it carries that pattern, and is lengthened where it has learned fewer than
    `max_length` positions. Raises `ModelError`, and `UsageError` for a model that can't carry a pattern.
    """
    from regard.encoders.first_token import read_first_token_only

    model, pattern, _ = _read(
        "AutoModelForSequenceClassification",
        name,
        "a text classifier",
        labels=labels,
        problem_type="multi_label_classification" if multi_label else "single_label_classification",
        options=options,
        offline=offline,
        pad_token_id=pad_token_id,
    )
    read_first_token_only(model)
    return _carry(model, attention or pattern, max_length)


def load_head(
    auto_class: str,
    name: str,
    what: str,
    *,
    labels: list[str] | None,
    options: CheckpointOptions,
    offline: bool = False,
    pad_token_id: int | None = None,
    attention: dict[str, Any] | None = None,
    max_length: int = 0,
) -> Any:
    """A checkpoint under a head of transformers, which `auto_class` (AutoModelForTokenClassification, ...) names.

    `what` says in errors what it was to be. With `labels` the head is new unless it was trained for the same; None
    stands for a head without labels, which has two outputs, a beginning and an end, and is new where the checkpoint has
    none. `attention` and `max_length` as in `load_classifier`. Raises `ModelError`, and `UsageError` for a model that
    can't carry a pattern.
    """
    model, pattern, new = _read(
        auto_class, name, what, labels=labels, options=options, offline=offline, pad_token_id=pad_token_id
    )
    if new and auto_class in WRITERS:
        raise ModelError(
            f"{name} is not {what}: it lacks {len(new)} of its weights ({new[0]}, ...)",
            mend="give a checkpoint that was trained to write",
        )
    carrying = _carry(model, attention or pattern, max_length)
    if auto_class in WRITERS:
        _refuse_changing(carrying)
    return carrying


def load_masked(
    name: str,
    *,
    pairs: bool,
    options: CheckpointOptions,
    offline: bool = False,
    pad_token_id: int | None = None,
    attention: dict[str, Any] | None = None,
    max_length: int = 0,
) -> tuple[Any, list[str]]:
    """transformers' own ...ForMaskedLM, and the names of its weights that the checkpoint does not have: they are new.

    With `pairs` it is ...ForPreTraining, which also judges whether one half of its input follows the other. `attention`
    and `max_length` as in `load_classifier`. Raises `ModelError`, and `UsageError` for a model that judges no halves or
    can't carry a pattern.
    """
    model, pattern, new = _read(
        "AutoModelForPreTraining" if pairs else "AutoModelForMaskedLM",
        name,
        "a masked language model",
        labels=None,
        options=options,
        offline=offline,
        pad_token_id=pad_token_id,
    )
    if pairs and getattr(model, "follows", getattr(getattr(model, "cls", None), "seq_relationship", None)) is None:
        raise UsageError(
            f"head.next_sentence: {name} has no place for whether one half follows the other",
            mend="leave it out, or take a checkpoint of BERT's own kind",
        )
    return _carry(model, attention or pattern, max_length), new


def _read(
    auto_class: str,
    name: str,
    what: str,
    *,
    labels: list[str] | None,
    problem_type: str | None = None,
    options: CheckpointOptions,
    offline: bool,
    pad_token_id: int | None,
) -> tuple[Any, dict[str, Any] | None, list[str]]:
    """The model as its checkpoint has it, the attention pattern that this was saved with, if any, and the names of the
    weights that are not in it."""
    import transformers

    from regard.encoders import patterned_auto
    from regard.nn.linear import take_over

    # By name: what a pretraining of ours left behind has its heads in the room of the tasks, which stands above.
    resolve("regard.auto:register")()

    place, local = locate(name, offline=offline)
    pattern = None
    try:
        config = transformers.AutoConfig.from_pretrained(place, local_files_only=local, trust_remote_code=False)
        if isinstance(config, patterned_auto.PatternedConfig):
            pattern, config = config.attention_pattern, config.base()
        trained_labels = dict(config.label2id or {})
        _configure(config, labels, problem_type, options, pad_token_id)
        with quiet():
            model, told = getattr(transformers, auto_class).from_pretrained(
                place,
                config=config,
                output_loading_info=True,
                local_files_only=local,
                trust_remote_code=False,
                use_safetensors=True,
                ignore_mismatched_sizes=True,  # a head for other labels is replaced anyhow
            )
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        raise ModelError(
            f"{name}: it can't be loaded as {what}: {first}",
            mend="give a folder with config.json and model.safetensors, an asset's word, or a hub id that is reachable",
        ) from None
    if labels is not None and trained_labels != config.label2id:
        _begin_heads_again(model)
    take_over(model)
    return model, pattern, sorted(told["missing_keys"])


def _carry(model: Any, attention: dict[str, Any] | None, max_length: int) -> Any:
    """The model, with an attention pattern where one is named."""
    if attention is None:
        return model
    from regard.encoders.lengthen import lengthen, positions
    from regard.encoders.patterned import use

    now = positions(model)
    if now is not None and max_length > now:
        lengthen(model, max_length)
    settings = dict(attention)
    use(model, settings.pop("pattern"), **settings)
    return model


def _refuse_changing(model: Any) -> None:
    """Of patterns whose pairs change as a text grows: better now than at the first word after hours of training."""
    from regard.encoders.carrier import ROLE, unfit_for_writing

    for module in model.modules():
        carrier = getattr(module, ROLE, None)
        # What only reads (an encoder) keeps nothing.
        if carrier is not None and not carrier.pattern.extends and getattr(module, "is_causal", True):
            raise unfit_for_writing(carrier.pattern)


def _begin_heads_again(model: Any) -> None:
    """New weights for all that stands on the encoder: a head for other labels knows nothing of these."""
    learned = (model.base_model, model.get_input_embeddings())  # in networks of ours these stand beside each other
    for part in model.children():
        if part in learned:
            continue
        for module in part.modules():
            module._is_hf_initialized = False
            for parameter in module.parameters(recurse=False):
                parameter._is_hf_initialized = False
        part.apply(model._init_weights)


def _configure(
    config: Any,
    labels: list[str] | None,
    problem_type: str | None,
    options: CheckpointOptions,
    pad_token_id: int | None,
) -> None:
    config.num_labels = 2 if labels is None else len(labels)
    if labels is not None:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
    config.problem_type = problem_type
    for names, value in ((DROPOUTS, options.dropout), (ATTENTION_DROPOUTS, options.attention_dropout)):
        for field in names:
            if hasattr(config, field):
                setattr(config, field, value)
    if getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = pad_token_id
