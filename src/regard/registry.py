"""Words and what they stand for, resolved late: nothing is imported until a word is used.

A part is registered by one line here. Its `target` is a string, so that listing words costs nothing; a test resolves
every one of them and counts them, since no import linter sees through a string.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from regard.errors import UsageError


def resolve(target: str) -> Any:
    """The object that "package.module:Name" names."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


@dataclass(frozen=True)
class Entry:
    """One word. `options` names its pydantic options class; `tasks` says what it can do."""

    word: str
    target: str
    summary: str
    options: str | None = None
    tasks: tuple[str, ...] = ()
    kind: str = ""

    def load(self) -> Any:
        return resolve(self.target)

    def load_options(self) -> Any:
        if self.options is None:
            raise UsageError(f"{self.word!r} takes no options")
        return resolve(self.options)


class Registry(Mapping[str, Entry]):
    """A table of words. An unknown one raises `UsageError` with its nearest neighbours."""

    def __init__(self, noun: str, *entries: Entry) -> None:
        self.noun = noun
        self._entries = {entry.word: entry for entry in entries}
        if len(self._entries) != len(entries):
            raise ValueError(f"a {noun} is registered twice")

    def __getitem__(self, word: str) -> Entry:
        try:
            return self._entries[word]
        except KeyError:
            raise self.unknown(word) from None

    def __contains__(self, word: object) -> bool:
        return word in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def unknown(self, word: str, *, mend: str | None = None) -> UsageError:
        return UsageError(unknown_word(self.noun, word, self._entries), mend=mend)


def unknown_word(noun: str, word: str, known: Iterator[str] | Mapping[str, Any] | list[str]) -> str:
    """One sentence: the unknown word, its nearest neighbours, and all that is known."""
    words = sorted(known)
    near = get_close_matches(word, words, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"unknown {noun} {word!r}.{hint} Known: {', '.join(words)}"


ARCHITECTURES = Registry(
    "model",
    Entry(
        "tfidf",
        "regard.baselines.tfidf:TfidfClassifier",
        "word n-grams weighted by TF-IDF, logistic regression",
        options="regard.baselines.options:TfidfOptions",
        tasks=("classify",),
        kind="baseline",
    ),
    Entry(
        "nbsvm",
        "regard.baselines.nbsvm:NbsvmClassifier",
        "word n-grams scaled by naive Bayes log-count ratios, linear SVM (Wang and Manning 2012)",
        options="regard.baselines.options:NbsvmOptions",
        tasks=("classify",),
        kind="baseline",
    ),
    Entry(
        "spacy",
        "regard.baselines.spacy:SpacyTagger",
        "spaCy's packaged English pipeline as it is, its types named as the data name them",
        options="regard.baselines.options:SpacyOptions",
        tasks=("tag",),
        kind="baseline",
    ),
    Entry(
        "rnn",
        "regard.encoders.rnn:RnnConfig",
        "plain recurrent network (Elman 1990)",
        options="regard.encoders.options:RnnOptions",
        tasks=("classify", "tag", "answer", "translate", "generate", "pretrain"),
        kind="network",
    ),
    Entry(
        "lstm",
        "regard.encoders.rnn:RnnConfig",
        "long short-term memory (Hochreiter and Schmidhuber 1997)",
        options="regard.encoders.options:LstmOptions",
        tasks=("classify", "tag", "answer", "translate", "generate", "pretrain"),
        kind="network",
    ),
    Entry(
        "gru",
        "regard.encoders.rnn:RnnConfig",
        "gated recurrent unit (Cho et al. 2014)",
        options="regard.encoders.options:GruOptions",
        tasks=("classify", "tag", "answer", "translate", "generate", "pretrain"),
        kind="network",
    ),
    Entry(
        "cnn",
        "regard.encoders.cnn:CnnConfig",
        "convolutions over word vectors, max over time (Kim 2014)",
        options="regard.encoders.options:CnnOptions",
        tasks=("classify", "tag"),
        kind="network",
    ),
    Entry(
        "transformer",
        "regard.encoders.transformer:TransformerConfig",
        "self-attention encoder, trained from scratch (Vaswani et al. 2017)",
        options="regard.encoders.options:TransformerOptions",
        tasks=("classify", "tag", "answer", "translate", "generate", "pretrain"),
        kind="network",
    ),
    Entry(
        "transformer-xl",
        "regard.encoders.transformer_xl:TransformerXLConfig",
        "segments with a memory, relative positions, any length (Transformer-XL, Dai et al. 2019)",
        options="regard.encoders.options:TransformerXlOptions",
        tasks=("classify", "tag", "answer", "generate"),
        kind="network",
    ),
    Entry(
        "reformer",
        "regard.encoders.reformer_config:ReformerConfig",
        "reversible layers with local and hashed attention, for long texts (Reformer, Kitaev et al. 2020)",
        options="regard.encoders.options:ReformerOptions",
        tasks=("classify", "tag", "answer", "pretrain"),
        kind="network",
    ),
    Entry(
        "longformer",
        "regard.encoders.longformer:LongformerConfig",
        "a sliding window and global tokens, for long texts (Beltagy et al. 2020)",
        options="regard.encoders.options:LongformerOptions",
        tasks=("classify", "tag", "answer", "pretrain"),
        kind="network",
    ),
    Entry(
        "bigbird",
        "regard.encoders.bigbird:BigbirdConfig",
        "blocks that meet their neighbours, the ends and random ones, for long texts (Zaheer et al. 2020)",
        options="regard.encoders.options:BigbirdOptions",
        tasks=("classify", "tag", "answer", "pretrain"),
        kind="network",
    ),
    Entry(
        "checkpoint",
        "regard.encoders.pretrained:load_classifier",
        "a Hugging Face checkpoint: an asset's word (minilm), a folder, or a hub id",
        options="regard.encoders.options:CheckpointOptions",
        tasks=("classify", "tag", "answer", "translate", "generate", "pretrain"),
        kind="checkpoint",
    ),
)

TASKS = Registry(
    "task",
    Entry(
        "classify",
        "regard.tasks.classify:Classify",
        "one label, or several, for a text",
        options="regard.tasks.options:ClassifyOptions",
    ),
    Entry(
        "tag",
        "regard.tasks.tag:Tag",
        "a tag for each word: names, parts of speech",
        options="regard.tasks.options:TagOptions",
    ),
    Entry(
        "answer",
        "regard.tasks.answer:AnswerQuestions",
        "the stretch of a text that answers a question",
        options="regard.tasks.options:AnswerOptions",
    ),
    Entry(
        "translate",
        "regard.tasks.translate:Translate",
        "another text for a text: its translation, its summary",
        options="regard.tasks.options:TranslateOptions",
    ),
    Entry(
        "generate",
        "regard.tasks.generate:Generate",
        "how a text goes on: a language model",
        options="regard.tasks.options:GenerateOptions",
    ),
    Entry(
        "pretrain",
        "regard.tasks.pretrain:Pretrain",
        "learns from plain text by guessing hidden words, for other tasks to begin from",
        options="regard.tasks.options:PretrainOptions",
    ),
)

PATTERNS = Registry(
    "attention pattern",
    Entry(
        "full",
        "regard.nn.attention.patterns.full:Full",
        "every query meets every key (Vaswani et al. 2017)",
        options="regard.nn.attention.options:FullOptions",
    ),
    Entry(
        "causal",
        "regard.nn.attention.patterns.causal:Causal",
        "no query meets a key that stands after it (Vaswani et al. 2017)",
        options="regard.nn.attention.options:CausalOptions",
    ),
    Entry(
        "window",
        "regard.nn.attention.patterns.window:Window",
        "a sliding window, dilated or not, and global tokens (Longformer, Beltagy et al. 2020)",
        options="regard.nn.attention.options:WindowOptions",
    ),
    Entry(
        "chunk",
        "regard.nn.attention.patterns.chunk:Chunk",
        "chunks that meet themselves and their neighbours (Reformer's local layers, Kitaev et al. 2020)",
        options="regard.nn.attention.options:ChunkOptions",
    ),
    Entry(
        "bigbird",
        "regard.nn.attention.patterns.bigbird:Bigbird",
        "blocks: neighbours, the first and the last, and random ones (BigBird, Zaheer et al. 2020)",
        options="regard.nn.attention.options:BigbirdOptions",
    ),
    Entry(
        "lsh",
        "regard.nn.attention.patterns.lsh:Lsh",
        "tokens whose vectors hash alike (Reformer, Kitaev et al. 2020)",
        options="regard.nn.attention.options:LshOptions",
    ),
    Entry(
        "segment",
        "regard.nn.attention.patterns.segment:Segment",
        "segments with a memory of what came before (Transformer-XL, Dai et al. 2019)",
        options="regard.nn.attention.options:SegmentOptions",
    ),
)

SCORES = Registry(
    "attention score",
    Entry("dot", "regard.nn.attention.scores.dot:Dot", "the inner product (Luong et al. 2015)"),
    Entry(
        "scaled",
        "regard.nn.attention.scores.scaled:Scaled",
        "the inner product by the root of the width (Vaswani et al. 2017)",
    ),
    Entry(
        "general",
        "regard.nn.attention.scores.general:General",
        "the inner product through a matrix (Luong et al. 2015)",
    ),
    Entry(
        "concat", "regard.nn.attention.scores.concat:Concat", "a small network over query and key (Luong et al. 2015)"
    ),
    Entry(
        "additive",
        "regard.nn.attention.scores.additive:Additive",
        "a small network over their sum (Bahdanau et al. 2015)",
    ),
    Entry(
        "relative",
        "regard.nn.attention.scores.relative:Relative",
        "by content and by distance (Transformer-XL, Dai et al. 2019)",
    ),
    Entry(
        "shared",
        "regard.nn.attention.scores.shared:Shared",
        "one vector for query and key (Reformer, Kitaev et al. 2020)",
    ),
)

AUGMENTATIONS = Registry(
    "augmentation",
    Entry(
        "synonyms",
        "regard.text.augment.synonyms:Synonyms",
        "words become synonyms from WordNet (Wei and Zou 2019)",
        options="regard.text.augment.options:SynonymOptions",
        tasks=("classify", "tag"),
    ),
    Entry(
        "swap",
        "regard.text.augment.swap:Swap",
        "words change places (Wei and Zou 2019)",
        options="regard.text.augment.options:SwapOptions",
        tasks=("classify", "tag"),
    ),
    Entry(
        "delete",
        "regard.text.augment.delete:Delete",
        "words are left out (Wei and Zou 2019)",
        options="regard.text.augment.options:DeleteOptions",
        tasks=("classify", "tag"),
    ),
    Entry(
        "insert",
        "regard.text.augment.insert:Insert",
        "synonyms of words come in elsewhere (Wei and Zou 2019)",
        options="regard.text.augment.options:InsertOptions",
        tasks=("classify", "tag"),
    ),
    Entry(
        "eda",
        "regard.text.augment.eda:Eda",
        "synonyms, swap, delete or insert, drawn for each copy (Wei and Zou 2019)",
        options="regard.text.augment.options:EdaOptions",
        tasks=("classify", "tag"),
    ),
    Entry(
        "keyboard",
        "regard.text.augment.keyboard:Keyboard",
        "a letter becomes its neighbour on the keyboard (QWERTY)",
        options="regard.text.augment.options:KeyboardOptions",
        tasks=("classify", "tag"),
    ),
    Entry(
        "ocr",
        "regard.text.augment.ocr:Ocr",
        "letters are misread as a scanner would: rn for m, 1 for l",
        options="regard.text.augment.options:OcrOptions",
        tasks=("classify", "tag"),
    ),
    Entry(
        "entity",
        "regard.text.augment.entity:EntitySwap",
        "an entity becomes another one of its type from the training data (Dai and Adel 2020)",
        options="regard.text.augment.options:EntityOptions",
        tasks=("tag",),
    ),
    Entry(
        "contextual",
        "regard.text.augment.contextual:Contextual",
        "words become what a masked language model expects there (Kobayashi 2018)",
        options="regard.text.augment.options:ContextualOptions",
        tasks=("classify", "tag"),
    ),
    Entry(
        "backtranslate",
        "regard.text.augment.backtranslate:Backtranslate",
        "translated into another language and back (Sennrich et al. 2016; Edunov et al. 2018)",
        options="regard.text.augment.options:BacktranslateOptions",
        tasks=("classify",),
    ),
)
