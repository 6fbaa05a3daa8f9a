"""`classify`: one label for a text, or several. Targets, the network with its head, loss, and what a prediction is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from regard import manifest
from regard.errors import DataError, ModelError
from regard.recipe import Recipe
from regard.records import Corpus, Label, Prediction, RunFolder
from regard.text.batch import TokenBudget, pad
from regard.text.normalise import Normaliser
from regard.text.tokenise import Encoded, TextEncoder, load_tokenizer

if TYPE_CHECKING:
    from torch import Tensor, nn

THRESHOLD = 0.5  # multi-label: a label is given when its probability is above this


class Classify:
    """The task's word in the registry; its parts are the functions of this module."""

    name = "classify"


class Classifier(Protocol):
    """A trained model, whatever its kind: probabilities of `labels` for texts as given."""

    labels: list[str]
    multi_label: bool
    architecture: str
    kind: str

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """`[n k]`, float64. Rows sum to 1; multi-label: each in [0, 1]."""
        ...


@dataclass
class BaselineClassifier:
    """A baseline with the preprocessing that it was trained on."""

    model: Any
    normaliser: Normaliser
    labels: list[str]
    multi_label: bool
    architecture: str
    kind: str = "baseline"

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        if not len(texts):
            return np.zeros((0, len(self.labels)))
        return self.model.probabilities([self.normaliser(text).text for text in texts])


@dataclass
class NetworkClassifier:
    """A network or checkpoint with its tokenizer. `batch_tokens` bounds the memory of one batch.

    A text in windows (`tokens.strategy`) has the logits of its windows, pooled by `window_pooling`.
    """

    model: Any
    encoder: TextEncoder
    labels: list[str]
    multi_label: bool
    architecture: str
    kind: str = "network"
    batch_tokens: int = 8192
    window_pooling: str = "mean"

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self.encoded_probabilities(self.encoder.encode(texts, offsets=False))

    def encoded_probabilities(self, encoded: Sequence[Encoded]) -> np.ndarray:
        return probabilities_of(self.logits(encoded), self.multi_label)

    def logits(self, encoded: Sequence[Encoded]) -> np.ndarray:
        """`[n k]`, float64, in the order given. Evaluation mode for the call, the mode of before after it.

        A batch may hold some of a text's windows: however many a text has, memory is that of a batch.
        """
        import torch

        training = self.model.training
        self.model.eval()
        windows = [window for item in encoded for window in item.windows]
        rows = np.zeros((len(windows), len(self.labels)))
        budget = TokenBudget([len(item.ids) for item in windows], self.batch_tokens, max_examples=256)
        try:
            with torch.no_grad():
                for batch in budget.longest_first():
                    inputs = _padded([windows[row] for row in batch], self.encoder.pad_id)
                    inputs = {key: value.to(self.model.device) for key, value in inputs.items()}
                    rows[batch] = self.model(**inputs).logits.double().cpu().numpy()
        finally:
            self.model.train(training)
        return pooled(torch.from_numpy(rows), [len(item.windows) for item in encoded], self.window_pooling).numpy()


def batch_of(encoded: Sequence[Encoded], pad_id: int) -> dict[str, Tensor]:
    """`input_ids` and `attention_mask` `[w t]` of all windows of these texts, padded on the right to the longest.

    Where a text has several, `windows` `[b]` counts each text's; else w = b.
    """
    import torch

    windows = [window for item in encoded for window in item.windows]
    inputs = _padded(windows, pad_id)
    if len(windows) > len(encoded):
        inputs["windows"] = torch.tensor([len(item.windows) for item in encoded])
    return inputs


def _padded(windows: Sequence[Encoded], pad_id: int) -> dict[str, Tensor]:
    import torch

    ids, keep = pad([window.ids for window in windows], pad_id)
    return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(keep).long()}


def pooled(logits: Tensor, windows: Sequence[int], pooling: str) -> Tensor:
    """`[b k]`, the logits of texts, from `[w k]`, those of all their windows in order; text i has `windows[i]`.

    `pooling` is `mean` or `max`, of each label by itself. A text of one window keeps its logits bit for bit.
    """
    import torch

    if len(logits) == len(windows):
        return logits
    texts = logits.split(list(windows))
    return torch.stack([text.amax(0) if pooling == "max" else text.mean(0) for text in texts])


def probabilities_of(logits: np.ndarray, multi_label: bool) -> np.ndarray:
    """Softmax over the labels, or (multi-label) a sigmoid for each."""
    if multi_label:
        return 1.0 / (1.0 + np.exp(-np.clip(logits, -700, 700)))
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True)) if len(logits) else logits
    return shifted / shifted.sum(axis=1, keepdims=True) if len(logits) else shifted


def targets(corpus: Corpus, labels: Sequence[str], multi_label: bool) -> np.ndarray:
    """`[n]` label numbers, or (multi-label) `[n k]` of 0 and 1. Raises `DataError` for a label not in `labels`."""
    place = {label: index for index, label in enumerate(labels)}
    if corpus.labels is None:
        raise DataError("no labels in it", file=corpus.source, mend="name the column with --label-column")
    rows = np.zeros((len(corpus), len(labels)), dtype=np.int64)
    for row, label in enumerate(corpus.labels):
        for word in [label] if isinstance(label, str) else label:
            if word not in place:
                raise DataError(
                    f"label {word!r} does not occur in the training data ({', '.join(labels[:20])})",
                    file=corpus.source,
                    line=None if corpus.lines is None else corpus.lines[row],
                    mend="correct the label, or add examples of it to the training data",
                )
            rows[row, place[word]] = 1
    return rows if multi_label else rows.argmax(1)


def loss_function(multi_label: bool, label_smoothing: float, window_pooling: str = "mean") -> Any:
    """`loss(model, batch) -> (sum over the batch, examples)`: a sum, so that accumulation is exact.

    The loss of a text in windows is that of its pooled logits.
    """
    from regard.tasks.networks import classification_loss

    def loss(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, int]:
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.float()
        if "windows" in batch:
            logits = pooled(logits, batch["windows"].tolist(), window_pooling)
        total = classification_loss(
            logits,
            batch["labels"],
            multi_label=multi_label,
            label_smoothing=label_smoothing,
            reduction="sum",
        )
        return total, len(logits)

    return loss


def mean_loss(probabilities: np.ndarray, target: np.ndarray, multi_label: bool) -> float:
    """The loss of `loss_function` without smoothing, from probabilities, averaged over the texts."""
    clipped = np.clip(probabilities, 1e-12, 1 - 1e-12)
    if multi_label:
        return float(-(target * np.log(clipped) + (1 - target) * np.log(1 - clipped)).mean())
    return float(-np.log(clipped[np.arange(len(target)), target]).mean())


def decode(row: np.ndarray, labels: Sequence[str], multi_label: bool) -> tuple[Label, float]:
    """The output for one row of probabilities `[k]`, and the probability of that output as a whole."""
    if multi_label:
        given = row > THRESHOLD
        chosen = tuple(sorted(label for label, yes in zip(labels, given, strict=True) if yes))
        return chosen, float(np.where(given, row, 1 - row).prod())
    best = int(row.argmax())
    return labels[best], float(row[best])


def as_predictions(
    probabilities: np.ndarray, corpus: Corpus, labels: Sequence[str], multi_label: bool
) -> list[Prediction]:
    """One `Prediction` a text, from rows of probabilities `[n k]`."""
    found = []
    for row, (identity, text, gold) in zip(probabilities, corpus, strict=True):
        output, confidence = decode(row, labels, multi_label)
        named = dict(zip(labels, map(float, row), strict=True))
        found.append(Prediction(identity, text, output, gold, confidence, named))
    return found


def predictions(classifier: Classifier, corpus: Corpus) -> list[Prediction]:
    """What a classifier says of each text."""
    rows = classifier.probabilities(corpus.texts)
    return as_predictions(rows, corpus, classifier.labels, classifier.multi_label)


def load_classifier(run: RunFolder) -> Classifier:
    """The trained model of a finished run folder. Raises `ModelError` where it is missing or damaged."""
    from regard import recipe as recipes

    recipe = recipes.of_run(run)
    facts = run.read_json(run.run_json)
    if damage := manifest.damage(run.model):
        raise ModelError(f"{run.model} is not as training left it: {damage}", mend="train again, or restore the folder")
    labels, multi_label = facts["labels"], facts["multi_label"]
    if recipe.entry.kind == "baseline":
        model = recipe.entry.load().load(run.model)
        return BaselineClassifier(model, Normaliser(recipe.preprocess), labels, multi_label, recipe.model_name)
    return NetworkClassifier(
        model=_load_network(run.model, recipe),
        encoder=text_encoder(recipe, load_tokenizer(str(run.model))),
        labels=labels,
        multi_label=multi_label,
        architecture=recipe.model_name,
        kind=recipe.entry.kind,
        window_pooling=recipe.tokens.window_pooling,
    )


def _load_network(folder: Path, recipe: Recipe) -> Any:
    from transformers import AutoModelForSequenceClassification

    from regard import auto
    from regard.encoders.first_token import read_first_token_only
    from regard.encoders.quiet import quiet

    auto.register()
    try:
        with quiet():
            model = AutoModelForSequenceClassification.from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=False, use_safetensors=True
            )
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{folder}: the model can't be loaded: {first}", mend="train again") from None
    read_first_token_only(model)
    return model.eval()


def text_encoder(recipe: Recipe, tokenizer: Any) -> TextEncoder:
    """The encoder that a recipe describes, around a tokenizer."""
    tokens = recipe.tokens
    return TextEncoder(
        tokenizer,
        Normaliser(recipe.preprocess),
        tokens.max_length,
        tokens.strategy,
        window_stride=tokens.window_stride,
        max_windows=tokens.max_windows,
    )


def build_network(
    recipe: Recipe, encoder: TextEncoder, labels: Sequence[str], multi_label: bool, *, offline: bool = False
) -> Any:
    """An untrained network, or a checkpoint with a new head, for `labels`. Its weights begin from `recipe.seed`."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        if recipe.entry.kind == "checkpoint":
            return recipe.entry.load()(
                recipe.model_name,
                list(labels),
                multi_label=multi_label,
                options=recipe.model_options,
                offline=offline,
                pad_token_id=encoder.pad_id,
                attention=recipe.attention,
                max_length=recipe.tokens.max_length,
            )
        return _from_scratch(recipe, encoder, labels, multi_label)


def _from_scratch(recipe: Recipe, encoder: TextEncoder, labels: Sequence[str], multi_label: bool) -> Any:
    import torch

    from regard.tasks.networks import classifier_class
    from regard.text import vectors

    options = recipe.model_options.model_dump()
    rows = None
    if source := options.pop("vectors"):
        rows, _ = vectors.load(source).rows_for(encoder.vocabulary, recipe.seed)
        options["embedding_size"] = rows.shape[1]
    config_class = recipe.entry.load()
    config = config_class(
        architecture=recipe.entry.word,
        vocab_size=max(encoder.vocabulary.values()) + 1,
        max_position_embeddings=recipe.tokens.max_length,
        pad_token_id=encoder.pad_id,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        problem_type="multi_label_classification" if multi_label else "single_label_classification",
        **options,
    )
    model = classifier_class(config_class)(config)
    if rows is not None:
        model.set_word_vectors(torch.from_numpy(rows))
    return model
