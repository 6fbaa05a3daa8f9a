"""`answer`: the stretch of a text that answers a question (extractive question answering, Rajpurkar et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regard.errors import UsageError
from regard.recipe import DataOptions, Recipe
from regard.records import AnswerPrediction, QuestionCorpus, RunFolder, Scores
from regard.tasks.answer.answerers import NetworkAnswerer
from regard.tasks.answer.building import build_network, pair_encoder, train_encoder
from regard.tasks.answer.predictions import read_predictions, write_predictions
from regard.tasks.task import Task, load_network, undamaged
from regard.text import split
from regard.text.diagnosis import Diagnosis
from regard.text.doctor_questions import examine_questions
from regard.text.pair_encoder import EncodedPair, PairEncoder
from regard.text.read import require
from regard.text.read_questions import read_questions, write_questions
from regard.text.tokenise import load_tokenizer


class AnswerQuestions(Task):
    word = "answer"
    corpus = QuestionCorpus
    headline = "f1"
    needs_question = True
    counted = "windows"
    not_read = "no answer is found there"

    def read(
        self, source: Any, options: DataOptions, *, needs_gold: bool = True, offline: bool = False
    ) -> QuestionCorpus:
        return read_questions(
            source,
            context_column=options.text_column,
            question_column=options.question_column,
            answers_column=options.label_column,
            needs_answers=needs_gold,
            offline=offline,
        )

    def require(self, source: str | Path) -> None:
        require(source)

    def keep(self, corpus: QuestionCorpus, path: Path, options: DataOptions | None = None) -> Path:
        named = {}
        if options is not None:
            named = {
                "context_column": options.text_column,
                "question_column": options.question_column,
                "answers_column": options.label_column,
            }
        return write_questions(corpus, path, **{name: column for name, column in named.items() if column})

    def given(self, texts: Sequence[str], questions: Sequence[str] | None = None) -> QuestionCorpus:
        if questions is None:
            raise UsageError("no question is given", mend='add --question "..." (in Python: questions="...")')
        if isinstance(questions, str) or len(questions) != len(texts):
            raise UsageError(f"{len(questions)} questions for {len(texts)} texts", mend="give one question a text")
        ids = [str(row) for row in range(len(texts))]
        return QuestionCorpus("given texts", ids, list(texts), questions=list(questions))

    def cut(self, corpus: Any, *, fraction: float, seed: int, how: split.How) -> split.Cut[Any]:
        """All questions to one text on one side: a text that training read is no test of reading."""
        return split.cut_groups(corpus, corpus.texts, fraction=fraction, seed=seed, how=how)

    def labels(self, train: QuestionCorpus) -> list[str]:
        return []

    def answerable(self, corpus: QuestionCorpus, labels: Sequence[str]) -> list[int]:
        return list(range(len(corpus)))

    def examine(
        self,
        parts: Mapping[str, QuestionCorpus],
        *,
        token_lengths: Mapping[str, Sequence[int]] | None = None,
        max_length: int | None = None,
    ) -> Diagnosis:
        return examine_questions(parts, token_lengths=token_lengths, max_length=max_length)

    def fit_baseline(self, recipe: Recipe, train: Any, labels: list[str]) -> Any:
        raise UsageError(f"{recipe.model_name} answers no questions")

    def encoder(self, recipe: Recipe, train: QuestionCorpus, *, offline: bool = False) -> PairEncoder:
        if recipe.tokens.strategy != "windows":
            raise UsageError(
                f"tokens.strategy: answer reads all of a text, in windows (given: {recipe.tokens.strategy})",
                mend="leave it out; tokens.max_windows bounds how much of a long text is read",
            )
        return train_encoder(recipe, train, offline=offline)

    def encode(self, encoder: PairEncoder, corpus: QuestionCorpus, *, offsets: bool = False) -> list[EncodedPair]:
        return encoder.encode(corpus.questions, corpus.texts)

    def unread(self, encoded: EncodedPair, reach: int) -> int:
        """Of the context behind the last window, and of a long question."""
        last, own = encoded.windows[-1], encoded.context[1] - encoded.context[0]
        special = encoded.tokens_in_text - encoded.question_tokens - encoded.context_tokens
        of_question = max(encoded.question_tokens - (len(encoded.ids) - own - special), 0)
        return of_question + encoded.context_tokens - (last.start + len(last.offsets))

    def network(
        self,
        recipe: Recipe,
        encoder: PairEncoder,
        labels: list[str],
        *,
        multi_label: bool = False,
        offline: bool = False,
    ) -> NetworkAnswerer:
        return self._predictor(recipe, build_network(recipe, encoder, offline=offline), encoder)

    def load(self, run: RunFolder) -> NetworkAnswerer:
        recipe, _ = undamaged(run)
        model = load_network(run.model, "AutoModelForQuestionAnswering")
        return self._predictor(recipe, model, pair_encoder(recipe, load_tokenizer(str(run.model))))

    def _predictor(self, recipe: Recipe, model: Any, encoder: PairEncoder) -> NetworkAnswerer:
        head = recipe.head_options
        return NetworkAnswerer(
            model,
            encoder,
            recipe.model_name,
            recipe.entry.kind,
            max_answer_tokens=head.max_answer_tokens,
            alternatives=head.alternatives,
            never=head.no_answer == "never",
        )

    def score(
        self, predictions: Sequence[AnswerPrediction], labels: list[str], *, part: str, multi_label: bool, seed: int
    ) -> Scores:
        from regard.metrics.answer import score_answers

        return score_answers(predictions, part=part, seed=seed)

    def tally(self, prediction: AnswerPrediction) -> tuple[float, float]:
        from regard.metrics.answer import tally_answer

        return tally_answer(prediction)

    def is_right(self, prediction: AnswerPrediction) -> bool:
        from regard.metrics.answer import exact_match

        return exact_match(prediction.output, prediction.gold or ()) == 1

    def asked_again(self, prediction: AnswerPrediction) -> QuestionCorpus:
        return self.given([prediction.input], [prediction.question])

    def write(
        self, path: Path, predictions: Sequence[AnswerPrediction], labels: list[str], *, multi_label: bool
    ) -> None:
        write_predictions(path, predictions)

    def read_predictions(self, path: Path) -> list[AnswerPrediction]:
        return read_predictions(path)
