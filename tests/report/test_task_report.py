from __future__ import annotations

from regard.registry import TASKS
from regard.report.document import environment
from regard.report.task_report import REPORTS, report_of


def test_every_task_has_a_report_and_a_template() -> None:
    assert set(REPORTS) == set(TASKS)
    for word in REPORTS:
        assert report_of(word).word == word
        assert environment().get_template(f"{word}.html")


def test_what_a_model_hub_is_told_has_a_name_of_ours() -> None:
    for word in REPORTS:
        report = report_of(word)
        assert set(report.hub_metrics) <= set(report.figures)
        assert report.pipeline_tag.endswith(("classification", "answering", "translation", "generation", "mask"))
        assert report.hub_class.startswith("AutoModelFor")
