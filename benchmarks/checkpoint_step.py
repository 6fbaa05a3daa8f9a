"""One training step and one prediction of minilm: large products by oneDNN or by MKL, in float32 or in bfloat16.

    python benchmarks/checkpoint_step.py [--tokens 32] [--rounds 5] [--threads 1]

2,560 tokens in texts of so many, no dropout. `torch`: the checkpoint as transformers loads it; `regard`: its linear
layers taken over (nn/linear.py) and, in bfloat16, its short texts attended to in float32
(training/short_attention.py). All take turns in one process; a ratio is the seconds of `torch` in float32 by those of
the row, the median of the rounds [lowest-highest].
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from contextlib import nullcontext
from typing import Any

TOKENS = 2560


def checkpoint() -> Any:
    import transformers

    from regard import assets
    from regard.assets.quiet import quiet

    with quiet():
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            assets.checkpoint("minilm"), num_labels=2
        )
    for part in model.modules():
        if type(part).__name__ == "Dropout":
            part.p = 0.0
    return model.train()


def run(model: Any, ids: Any, *, learning: bool, half: bool) -> None:
    import torch

    model.zero_grad(set_to_none=True)
    with torch.set_grad_enabled(learning), torch.autocast("cpu", torch.bfloat16, enabled=half):
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    if learning:
        logits.float().sum().backward()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    import torch

    from regard.nn.linear import take_over
    from regard.training import short_attention

    torch.set_num_threads(given.threads)
    theirs = checkpoint()
    ours = copy.deepcopy(theirs)
    take_over(ours)
    ids = torch.randint(1000, 9000, (TOKENS // given.tokens, given.tokens), generator=torch.Generator().manual_seed(0))
    kinds = [(name, half) for half in (False, True) for name in ("torch", "regard")]
    for what, learning in (("training step", True), ("prediction", False)):
        seconds: dict[tuple[str, bool], list[float]] = {kind: [] for kind in kinds}
        for number in range(given.rounds + 1):
            for name, half in kinds:
                with short_attention.quick() if name == "regard" else nullcontext():
                    began = time.perf_counter()
                    run(ours if name == "regard" else theirs, ids, learning=learning, half=half)
                    if number:  # the first round warms up
                        seconds[name, half].append(time.perf_counter() - began)
        for (name, half), taken in seconds.items():
            ratios = [first / own for first, own in zip(seconds["torch", False], taken, strict=True)]
            print(
                f"{what:14} {'bfloat16' if half else 'float32':9} {name:7} {statistics.median(taken):6.3f} s  "
                f"{statistics.median(ratios):.2f} [{min(ratios):.2f}–{max(ratios):.2f}]",
                flush=True,
            )


if __name__ == "__main__":
    main()
