"""lab.html: one trained model and every way of writing with it. Which to take first, then what each costs, how the
model fares with its own words before it, and what it wrote side by side; of a translator what of the sources it looked
at."""

from __future__ import annotations

from typing import Any

from regard.report import document, lab_charts, lab_generate, lab_translate, wording

TASKS = {"translate": lab_translate, "generate": lab_generate}


def render(found: dict[str, Any]) -> str:
    """The page of a lab's document, as `Lab.to_json` gives it."""
    own = TASKS[found["task"]]
    return document.render(
        f"lab_{found['task']}.html",
        title=f"{wording.model(found['model'])}: take {found['take']}",
        written_by=found["regard"],
        found=found,
        run_name=_last(found["run"]),
        source=_last(found["source"]),
        families=families(found["methods"], own.FAMILIES),
        signed=lab_charts.signed,
        exposed=exposed(found["exposure"]),
        by_place=[
            picture
            for key, name in (("loss", "Loss"), ("accuracy", "Accuracy"))
            if (picture := lab_charts.by_place(found["exposure"]["places"], key, name))
        ],
        by_share=lab_charts.by_share(found["exposure"]["shares"]),
        setting=own.setting(found),
        **own.content(found),
    )


def exposed(found: dict[str, Any]) -> str:
    """Exposure bias in a sentence."""
    difference = found["difference"]
    low, high = difference["interval"]
    small = next((row for row in found["shares"] if 0 < row["share"] < 1), None)
    said = (
        f"With the true words before it a true token costs the model {found['forced_loss']:.2f} nats "
        f"({wording.percent(found['forced_accuracy'], 0)} are its first choice), with its own words "
        f"{found['free_loss']:.2f} ({wording.percent(found['free_accuracy'], 0)}): "
        f"{difference['difference']:.2f} more (95\u00a0% interval: {low:.2f} to {high:.2f})."
    )
    if small is None:
        return said
    return f"{said} With {wording.percent(small['share'], 0)} of its own words it costs {small['loss']:.2f}."


def families(methods: list[dict[str, Any]], names: dict[str, str]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The ways by what they are shown among, in the order of `names`."""
    found = [(name, [row for row in methods if row["family"] == family]) for family, name in names.items()]
    return [(name, rows) for name, rows in found if rows]


def _last(path: str) -> str:
    """The last part of a path of any system."""
    return path.replace("\\", "/").rstrip("/").split("/")[-1]
