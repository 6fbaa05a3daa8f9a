"""Long attention: our encoders against transformers' with the same weights, and against full attention.

    python benchmarks/attention.py [--rows window,bigbird,...] [--json FILE] [--plot FILE.svg]

2 layers, width 256, 4 heads, batch 1, window radius 256, blocks of 64 with 3 random ones, chunks of 64. Ours are made
from the peer's weights by `regard.encoders.from_transformers` and return what it returns (tests hold that). Full
attention is transformers' BertModel with torch's fused kernel. A ratio is peer's time by ours, the median of rounds in
which both take turns in one process, with the lowest and the highest; of memory it is ours by the peer's, of dropout
training with by training without.
Memory is what a pass adds to the peak of a fresh process. `exponent` rows: growth from 4,096 to 16,384 tokens, of a
pass, and (`layer`) of one attention of each pattern.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

VOCABULARY = 1000
LONGEST = 16_384
SHORT = (128, 256, 512, 768, 1024, 1536, 2048)
LONG = (4096, 8192, 16_384)
COLOURS = {
    "window": "C0",
    "bigbird": "C1",
    "lsh1": "C2",
    "lsh": "C2",
    "full": "C3",
    "causal": "C4",
    "chunk": "C5",
    "segment": "C6",
}
LAYERS: dict[str, dict[str, Any]] = {
    "full": {},
    "causal": {},
    "window": {"left": 256, "right": 256},
    "segment": {"segment_length": 256, "memory_length": 256},
    "bigbird": {"block_size": 64, "random_blocks": 3},
    "lsh": {"chunk_length": 64},
    "chunk": {"chunk_length": 64},
}

Run = Callable[[], Any]


@dataclass(frozen=True)
class Row:
    """One line of the table. `wanted`: the least ratio, or with `at_most` the greatest."""

    row: str
    peer: str
    length: int
    wanted: float
    at_most: bool = False

    def line(self, ratios: list[float], **more: Any) -> dict[str, Any]:
        return {
            "row": self.row,
            "peer": self.peer,
            "length": self.length,
            "ratio": round(statistics.median(ratios), 3),
            "low": round(min(ratios), 3),
            "high": round(max(ratios), 3),
            "wanted": self.wanted,
            "at_most": self.at_most,
            **more,
        }


def times_rows() -> Iterator[Row]:
    """The times that must be reached, in the order of the issue's table."""
    for length, wanted in ((4096, 3.0), (8192, 3.5), (16_384, 4.2)):
        yield Row("window forward", "longformer", length, wanted)
    yield Row("window forward+backward", "longformer", 8192, 2.8)
    yield Row("window forward", "full", 8192, 4.0)
    for length in (4096, 8192):
        yield Row("bigbird forward", "bigbird", length, 3.0)
    yield Row("bigbird forward+backward", "bigbird", 8192, 1.9)
    for rounds in (1, 2):
        yield Row(f"lsh{rounds} forward+backward", f"reformer{rounds}", 8192, 1.6)
        yield Row(f"lsh{rounds} forward", f"reformer{rounds}", 8192, 0.95)
    for word, short in (("window", 0.9), ("bigbird", 0.9), ("lsh1", 0.65)):
        for length in (*SHORT, *LONG):
            if (word, length) == ("window", 8192):
                continue  # more is asked of it above
            wanted = 0.95 if length >= 4096 else short if length < 1024 or word != "lsh1" else 0.0
            yield Row(f"{word} forward", "full", length, wanted)


@cache
def model(name: str) -> Any:
    """A peer by its name, or ours with its weights."""
    import torch
    import transformers

    from regard.encoders import from_transformers

    torch.manual_seed(0)
    common = {"vocab_size": VOCABULARY, "hidden_size": 256, "num_attention_heads": 4, "hidden_dropout_prob": 0.0}
    bert = {**common, "num_hidden_layers": 2, "intermediate_size": 1024, "attention_probs_dropout_prob": 0.0}
    places = {"max_position_embeddings": LONGEST + 2}
    if name == "full":
        return transformers.BertModel(transformers.BertConfig(**bert, **places, attn_implementation="sdpa"))
    if name == "longformer":
        return transformers.LongformerModel(transformers.LongformerConfig(**bert, **places, attention_window=512))
    if name == "bigbird":
        return transformers.BigBirdModel(transformers.BigBirdConfig(**bert, **places, block_size=64))
    if name.startswith("reformer"):
        return transformers.ReformerModel(
            transformers.ReformerConfig(
                **common,
                attn_layers=["lsh", "lsh"],
                attention_head_size=64,
                feed_forward_size=1024,
                max_position_embeddings=LONGEST,
                axial_pos_shape=(128, 128),
                axial_pos_embds_dim=(64, 192),
                num_hashes=int(name[-1]),
                num_buckets=128,
                hash_seed=1,
                lsh_attention_probs_dropout_prob=0.0,
                is_decoder=False,
            )
        )
    peer = {"window": "longformer", "bigbird-ours": "bigbird", "lsh1": "reformer1", "lsh2": "reformer2"}[name]
    return from_transformers(model(peer))


def run_of(name: str, length: int, *, training: bool) -> Run:
    import torch

    network = model(name).train(training)
    ids = torch.randint(5, VOCABULARY, (1, length), generator=torch.Generator().manual_seed(1))
    keep = torch.ones(1, length, dtype=torch.long)

    def states() -> Any:
        found = network(input_ids=ids, attention_mask=keep)
        return found.states if hasattr(found, "states") else found[0]

    def forward() -> None:
        with torch.inference_mode():
            states()

    def both() -> None:
        network.zero_grad(set_to_none=True)
        states().sum().backward()

    return both if training else forward


def ratios(own: Run, peer: Run, rounds: int) -> tuple[list[float], float, float]:
    """Peer's time by ours, for each round; and both medians in seconds. Who begins changes from round to round."""
    again = {id(run): _repeats(run) for run in (own, peer)}
    found: list[tuple[float, float]] = []
    for number in range(rounds):
        order = (own, peer) if number % 2 else (peer, own)
        seconds = {id(run): _timed(run, again[id(run)]) for run in order}
        found.append((seconds[id(own)], seconds[id(peer)]))
    return (
        [peer / own for own, peer in found],
        statistics.median(own for own, _ in found),
        statistics.median(peer for _, peer in found),
    )


def _repeats(run: Run) -> int:
    """So many calls that one timing takes a tenth of a second at least."""
    run()
    return max(1, math.ceil(0.1 / max(_timed(run, 1), 1e-6)))


def _timed(run: Run, times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        run()
    return (time.perf_counter() - start) / times


def measure_times(wanted: Callable[[Row], bool], rounds: int) -> Iterator[dict[str, Any]]:
    for row in times_rows():
        if not wanted(row):
            continue
        word, what = row.row.split()
        own_name = "bigbird-ours" if word == "bigbird" else word
        training = what != "forward"
        own_run = run_of(own_name, row.length, training=training)  # made of the peer before that is cut
        if training and row.peer.startswith("reformer"):
            _fit_axial(row.peer, row.length)
        found, own, peer = ratios(own_run, run_of(row.peer, row.length, training=training), rounds)
        yield row.line(found, seconds=round(own, 4), peer_seconds=round(peer, 4))


def _fit_axial(name: str, length: int) -> None:
    """transformers' Reformer trains at one length only, the product of its axial shape: give it that shape."""
    embeddings = model(name).embeddings.position_embeddings
    embeddings.axial_pos_shape = (length // 128, 128)
    embeddings.least_common_mult_chunk_length = 64
    embeddings.weights[0].data = embeddings.weights[0].data[: length // 128]


def measure_memory(wanted: Callable[[Row], bool], rounds: int) -> Iterator[dict[str, Any]]:
    row = Row("bigbird memory", "bigbird", 8192, 0.22, at_most=True)
    if wanted(row):
        own = [added_memory("bigbird-ours", 8192) for _ in range(rounds)]
        peer = [added_memory("bigbird", 8192) for _ in range(rounds)]
        yield row.line(
            [mine / other for mine, other in zip(own, peer, strict=True)],
            megabytes=round(statistics.median(own)),
            peer_megabytes=round(statistics.median(peer)),
        )


def measure_growth(wanted: Callable[[Row], bool], rounds: int) -> Iterator[dict[str, Any]]:
    """Slopes of log time and log memory over log length; full attention beside ours, which nothing is asked of."""
    for word in ("window", "bigbird-ours", "lsh1", "full"):
        name = word.removesuffix("-ours")
        limit = 1.15 if word != "full" else 9.0
        for kind, figure in (("time", seconds_at), ("memory", added_memory)):
            row = Row(f"{name} {kind} exponent", "none", LONGEST, limit, at_most=True)
            if wanted(row):
                yield grown(row, rounds, partial(figure, word))


def measure_layers(wanted: Callable[[Row], bool], rounds: int) -> Iterator[dict[str, Any]]:
    """One attention alone, 4 heads of 64 numbers, of every pattern there is: seconds by length, nothing is asked."""
    for word, settings in LAYERS.items():
        row = Row(f"{word} layer exponent", "none", LONGEST, 9.0, at_most=True)
        if wanted(row):
            yield grown(row, rounds, partial(layer_seconds, word, settings))


def grown(row: Row, rounds: int, figure: Callable[[int], float]) -> dict[str, Any]:
    """The slope of each round, and the median figure at each length."""
    series = [[figure(length) for length in LONG] for _ in range(rounds)]
    middle = [statistics.median(column) for column in zip(*series, strict=True)]
    return row.line([slope(LONG, values) for values in series], lengths=list(LONG), figures=middle)


def layer_seconds(word: str, settings: dict[str, Any], length: int) -> float:
    import torch

    from regard.nn import attention

    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(1, length, 4, 64, generator=generator).transpose(1, 2) for _ in range(3))
    pattern = attention.pattern(word, **settings)

    def run() -> None:
        with torch.inference_mode():
            attention.attend(query, key, value, attention.prepare(pattern, query, key))

    run()
    return min(_timed(run, 1) for _ in range(3))


def seconds_at(name: str, length: int) -> float:
    run = run_of(name, length, training=False)
    run()
    return min(_timed(run, 1) for _ in range(3))


def slope(lengths: tuple[int, ...], figures: list[float]) -> float:
    """Of the least-squares line through the logarithms."""
    xs, ys = [math.log(length) for length in lengths], [math.log(figure) for figure in figures]
    x, y = statistics.fmean(xs), statistics.fmean(ys)
    rise = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return rise / sum((a - x) ** 2 for a in xs)


def added_memory(name: str, length: int) -> float:
    """Megabytes that one pass adds to the peak of a fresh process."""
    command = [sys.executable, __file__, "--child", name, str(length)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def child(name: str, length: int) -> None:
    """A short pass first, so that what is loaded once is loaded (short: the memory that it leaves is used again by the
    long one and not counted); then the peak from here on."""
    run_of(name, 256, training=False)()
    run = run_of(name, length, training=False)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status("VmRSS")
    run()
    print((_status("VmHWM") - before) / 1024)


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(field)).split()[1])


def measure_dropout(wanted: Callable[[Row], bool], rounds: int) -> Iterator[dict[str, Any]]:
    """Training with attention dropout by training without: our encoder with full attention, and with a window."""
    import torch

    from regard.nn.blocks import TransformerBlock

    states = torch.randn(1, 1024, 256)
    keep = torch.ones(1, 1024, dtype=torch.bool)

    def training(dropout: float) -> Run:
        layers = torch.nn.ModuleList(TransformerBlock(256, 4, 1024, 0.0, dropout) for _ in range(2)).train()

        def run() -> None:
            layers.zero_grad(set_to_none=True)
            found = states
            for layer in layers:
                found = layer(found, keep)[0]
            found.sum().backward()

        return run

    row = Row("dropout full", "none", 1024, 1.5, at_most=True)
    if wanted(row):
        found, own, peer = ratios(training(0.0), training(0.1), rounds)
        yield row.line(found, seconds=round(own, 4), peer_seconds=round(peer, 4))
    row = Row("dropout window", "none", 1024, 1.5, at_most=True)
    if wanted(row):
        found, own, peer = ratios(_windowed(0.0), _windowed(0.1), rounds)
        yield row.line(found, seconds=round(own, 4), peer_seconds=round(peer, 4))


def _windowed(dropout: float) -> Run:
    import torch
    import transformers

    from regard.encoders import from_transformers

    config = transformers.LongformerConfig(
        vocab_size=VOCABULARY,
        hidden_size=256,
        num_attention_heads=4,
        num_hidden_layers=2,
        intermediate_size=1024,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=dropout,
        max_position_embeddings=2048,
        attention_window=512,
    )
    network = from_transformers(transformers.LongformerModel(config)).train()
    ids = torch.randint(5, VOCABULARY, (1, 1024))

    def run() -> None:
        network.zero_grad(set_to_none=True)
        network(input_ids=ids, attention_mask=torch.ones_like(ids)).states.sum().backward()

    return run


def show(line: dict[str, Any]) -> str:
    sign = "at most" if line["at_most"] else "at least"
    reached = line["ratio"] <= line["wanted"] if line["at_most"] else line["ratio"] >= line["wanted"]
    against = "" if line["peer"] == "none" else f" / {line['peer']}"
    return (
        f"{line['row'] + against:44} {line['length']:6,}  {line['ratio']:6.2f} [{line['low']:.2f}–{line['high']:.2f}]  "
        f"{sign} {line['wanted']:.2f}  {'reached' if reached else 'NOT REACHED'}"
    )


def plot(lines: list[dict[str, Any]], file: Path) -> None:
    """Time and memory over length, one line a pattern, named at its end."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter

    units = {"time": "seconds a pass", "memory": "MB added by a pass", "layer": "seconds of one attention"}
    figure, panels = pyplot.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
    for panel, (kind, unit) in zip(panels, units.items(), strict=True):
        drawn = sorted((line for line in lines if line["row"].endswith(f"{kind} exponent")), key=_end)
        figures = [math.log2(figure) for line in drawn for figure in line["figures"]]
        below, apart = -math.inf, (max(figures) - min(figures)) / 18 if figures else 0.0
        for line in drawn:
            name = line["row"].split()[0]
            panel.loglog(line["lengths"], line["figures"], marker="o", base=2, color=COLOURS[name])
            below = max(math.log2(_end(line)), below + apart)  # names that would lie on each other are moved apart
            panel.text(line["lengths"][-1] * 1.1, 2**below, f"{name} (exponent {line['ratio']:.2f})", fontsize=8)
        panel.set(xlabel="tokens", ylabel=unit, xlim=(3500, 60_000))
        panel.set_xticks(LONG, [f"{length:,}" for length in LONG])
        panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panel.minorticks_off()
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, metadata={"Date": None}, facecolor="white")


def _end(line: dict[str, Any]) -> float:
    return float(line["figures"][-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="only rows that hold one of these words, e.g. window,exponent")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path, help="the growth rows as a picture")
    parser.add_argument("--child", nargs=2, metavar=("MODEL", "LENGTH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], int(given.child[1]))
        return
    words = [word for word in given.rows.split(",") if word]

    def wanted(row: Row) -> bool:
        return not words or any(word in f"{row.row} / {row.peer} {row.length}" for word in words)

    lines = []
    for measure in (measure_times, measure_memory, measure_growth, measure_layers, measure_dropout):
        for line in measure(wanted, given.rounds):
            print(show(line), flush=True)
            lines.append(line)
    if given.json:
        given.json.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")
    if given.plot:
        plot(lines, given.plot)


if __name__ == "__main__":
    main()
