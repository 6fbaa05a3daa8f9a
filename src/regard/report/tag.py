"""What is said and shown of a tagger: names where its tags follow a scheme, else tags of words."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, ClassVar

from regard.analysis import mistakes
from regard.metrics.tag import tally_tags
from regard.metrics.tag_counts import NONE
from regard.records import Scores, TagPrediction
from regard.report import evidence, markdown, tag_evidence, verdict, wording
from regard.report.finished import Finished
from regard.report.task_report import TaskReport

OF_NAMES: dict[str, evidence.Figure] = {
    "f1": ("F1", "harmonic mean of precision and recall: a name counts where its words and its type are right", 0.0),
    "precision": ("precision", "of the names given, how many are right", 0.0),
    "recall": ("recall", "of the names that are there, how many were found", 0.0),
    "macro_f1": ("macro F1", "F1 of each type, every type counting the same", 0.0),
    "macro_precision": ("macro precision", "precision of each type, every type counting the same", 0.0),
    "macro_recall": ("macro recall", "recall of each type, every type counting the same", 0.0),
    "partial_f1": ("partial F1", "a name of the right type with some of its words counts half", 0.0),
    "span_f1": ("span F1", "the right words count, whatever their type", 0.0),
    "accuracy": ("accuracy of words", "share of words with the right tag, those outside any name too", 0.0),
    "sentence_accuracy": ("texts all right", "share of texts in which every word has the right tag", 0.0),
    "ece": ("calibration error", "mean distance between confidence in a word's tag and share right; 0 is best", None),
}
OF_WORDS: dict[str, evidence.Figure] = {
    "accuracy": ("accuracy", "share of words with the right tag", 0.0),
    "sentence_accuracy": OF_NAMES["sentence_accuracy"],
    "f1": ("F1", "harmonic mean of precision and recall of the words that are tagged", 0.0),
    "precision": ("precision", "of the words given a tag other than O, how many have it", 0.0),
    "recall": ("recall", "of the words with a tag other than O, how many were given it", 0.0),
    "macro_f1": ("macro F1", "F1 of each tag, every tag counting the same", 0.0),
    "macro_precision": ("macro precision", "precision of each tag, every tag counting the same", 0.0),
    "macro_recall": ("macro recall", "recall of each tag, every tag counting the same", 0.0),
    "ece": OF_NAMES["ece"],
}


class TagReport(TaskReport):
    word = "tag"
    nothing_found = "no empty texts, no doubles, no leak from one part to another, no tags that break their scheme"
    pipeline_tag = "token-classification"
    hub_class = "AutoModelForTokenClassification"
    hub_metrics: ClassVar = {"f1": "f1", "precision": "precision", "recall": "recall", "accuracy": "accuracy"}
    figures = OF_NAMES

    def asked(self, run: Finished) -> tuple[str, list[str]]:
        names = [label for label in run.scores.labels if label != NONE]
        if finds_names(run):
            types = wording.number_of(len(names), "type")
            return f"Which words are names, and of which of {types}?", names
        return f"Which one of {len(names)} tags does each word have?", names

    def title(self, run: Finished) -> str:
        scores, model = run.scores, wording.model(run.record["model"])
        if counts_every_word(run):
            right = wording.percent(scores.values["accuracy"])
            return f"{model}: {right} of {wording.number_of(scores.detail['words'], 'word')} right"
        return f"{model}: F1 of {wording.percent(scores.values['f1'])} on {wording.texts(scores.n)}"

    def lead(self, run: Finished) -> str:
        scores, model = run.scores, wording.model(run.record["model"])
        on = wording.number_of(scores.n, f"{scores.part} text")
        if not counts_every_word(run):
            what = "finds names" if finds_names(run) else "tags words"
            said = f"{model} {what} with an F1 of {wording.percent(scores.values['f1'])} on {on}"
            return verdict.with_interval(said, scores.intervals.get("f1"))
        words = wording.number_of(scores.detail["words"], "word")
        said = f"{model} gives the right tag to {wording.percent(scores.values['accuracy'])} of {words} in {on}"
        return verdict.with_interval(said, scores.intervals.get("accuracy"))

    def beside(self, run: Finished) -> list[str]:
        if counts_every_word(run):
            return [_whole_texts(run), *_commonest_tag(run)]
        noun = "name" if finds_names(run) else "tagged word"
        return [*_found_and_given(run.scores, noun), *_best_and_worst(run.scores)]

    def peer(self, run: Finished, figure: float) -> str:
        if counts_every_word(run):
            return f"gives the right tag to {wording.percent(figure)} of the same words"
        return super().peer(run, figure)

    def counts(self, run: Finished) -> str:
        return "names" if finds_names(run) else "tags"

    def curves(self, run: Finished) -> dict[str, str]:
        first = {"accuracy": "accuracy"} if counts_every_word(run) else {"f1": "F1"}
        return {**first, "macro_f1": "macro F1"}

    def rows(self, run: Finished) -> list[evidence.Row]:
        figures = OF_NAMES if finds_names(run) else OF_WORDS
        return evidence.score_rows(self.told(run.scores, run), run.validation, figures)

    def told(self, scores: Scores, run: Finished) -> Scores:
        """Where every word counts F1 is the accuracy; where there are no probabilities nothing is calibrated."""
        said_twice = {"f1"} if counts_every_word(run) else set()
        empty = set() if self.gives_probabilities(run) else {"ece"}
        values = {key: value for key, value in scores.values.items() if key not in said_twice | empty}
        return replace(scores, values=values)

    def explains(self, run: Finished) -> bool:
        return bool(run.record["kind"] != "baseline")

    def evidence(self, run: Finished) -> dict[str, Any]:
        scores, names = run.scores, finds_names(run)
        bins = mistakes.figure_by_length(_tagged(run), tally_tags, _words, seed=run.record["seed"])
        unit = "right" if counts_every_word(run) else "F1"
        sure = self.gives_probabilities(run)
        return {
            "of_names": names,
            "every_word": counts_every_word(run),
            "sure": sure,
            "nothing": NONE,
            "kinds": [] if counts_every_word(run) else tag_evidence.kinds(scores, names=names),
            "confusion": evidence.confusion(scores),
            "confused": tag_evidence.mixed_up(_tagged(run), scores.detail["scheme"]),
            "hard_words": [] if names else tag_evidence.hard_words(_tagged(run)),
            "calibration": evidence.calibration(scores.calibration, scores.values.get("ece"), "word") if sure else "",
            "bins": bins,
            "unit": unit,
            "length": evidence.length,
            "lengths": evidence.lengths(bins, figure="Accuracy" if unit == "right" else "F1", told=unit),
            **tag_evidence.errors(run.predictions, run.explained, scores.detail["scheme"]),
            **tag_evidence.examples(run.predictions, run.explained, scores.detail["scheme"]),
        }

    def use(self, run: Finished) -> str:
        _, names = self.asked(run)
        told = wording.enumeration([markdown.plain(name) for name in names], 30)
        sure = self.gives_probabilities(run)
        if finds_names(run):
            said = "names in a text, as characters of it, each with its type"
            return f"It finds {said} ({told}){' and a confidence' if sure else ''}."
        return f"It gives each word of a text one of the tags {told}{', with a confidence' if sure else ''}."

    def gives_probabilities(self, run: Finished) -> bool:
        """A pipeline of another house says 1 of all it gives."""
        return any(one < 1 for item in run.predictions for one in item.confidences)

    def plain_use(self, run: Finished, model: str) -> list[str]:
        first, *_ = super().plain_use(run, model)
        # Words are tagged by their first piece, and the pipeline's default looks at every piece.
        asked = f'pipeline("{self.pipeline_tag}", {model!r}, aggregation_strategy="first")("a text")'
        return [first, "", asked if finds_names(run) else f"{asked}  # neighbours with the same tag are joined"]

    def table(self, run: Finished) -> str:
        rows = []
        for name, figures in run.scores.per_class.items():
            told = [f"{figures[key]:.4f}" for key in ("precision", "recall", "f1")]
            rows.append([markdown.plain(name), *told, f"{figures['support']:,.0f}"])
        head = ["type", "precision", "recall", "F1", "names"]
        return markdown.table(head if finds_names(run) else ["tag", *head[1:4], "words"], rows)


def finds_names(run: Finished) -> bool:
    """Whether the tags follow a scheme, so that stretches of words are what counts."""
    return run.scores.detail["scheme"] is not None


def counts_every_word(run: Finished) -> bool:
    """Whether no tag stands for nothing, so that F1 is the share of words that are right."""
    return not finds_names(run) and "precision" not in run.scores.values


def _words(item: TagPrediction) -> int:
    return len(item.words)


def _tagged(run: Finished) -> list[TagPrediction]:
    return [item for item in run.predictions if item.gold is not None]


def _found_and_given(scores: Scores, noun: str) -> list[str]:
    """What became of what is there, and what is right of what was given."""
    pairs, of = scores.detail["pairs"], scores.detail["entities"]
    touched = pairs["wrong_type"] + pairs["wrong_boundary"] + pairs["wrong_both"]
    exact, wrong = pairs["exact"], "a wrong boundary or type" if noun == "name" else "another tag"
    there, given = wording.number_of(of["gold"], noun), f"{of['output']:,}"
    said = [f"There is no {noun} in them."]
    if of["gold"]:
        share = wording.percent(exact / of["gold"])
        found = f"it gives {exact:,} exactly right ({share}), {touched:,} with {wrong}, and misses {pairs['missed']:,}"
        said = [f"Of the {there} in them {found}."]
    if of["output"]:
        share = wording.percent(exact / of["output"])
        stand = "stands" if pairs["invented"] == 1 else "stand"
        nothing = f"{pairs['invented']:,} {stand} where there is none"
        said.append(
            f"Of the {given} that it gives {exact:,} {'is' if exact == 1 else 'are'} right ({share}), {nothing}."
        )
    return [" ".join(said)] if of["output"] else [" ".join([*said, "It gives none."])]


def _best_and_worst(scores: Scores) -> list[str]:
    """Of several types the one it finds best, and worst, of those that are there."""
    there = {name: row["f1"] for name, row in scores.per_class.items() if row["support"]}
    ranked = sorted(there, key=lambda name: -there[name])
    if len(ranked) < 3 or there[ranked[0]] == there[ranked[-1]]:
        return []
    best, worst = (f"“{name}” (F1 of {wording.percent(there[name])})" for name in (ranked[0], ranked[-1]))
    return [f"It is best at {best} and worst at {worst}."]


def _whole_texts(run: Finished) -> str:
    share = wording.percent(run.scores.values["sentence_accuracy"])
    return f"In {share} of the texts every word has the right tag."


def _commonest_tag(run: Finished) -> list[str]:
    """The accuracy of always giving the most frequent tag."""
    gold = Counter(tag for item in _tagged(run) for tag in item.gold or ())
    if not gold:
        return []
    tag, times = gold.most_common(1)[0]
    said = f"Always giving “{tag}” would be right for"
    interval = run.scores.intervals.get("accuracy")
    return [verdict.beside_one_answer(said, times / gold.total(), interval, " of the words")]
