"""Writing with a language model on a CPU, one text at a time: tokens a second, Regard against transformers' `generate`.

    python benchmarks/generate.py [--tokens 128] [--rounds 5] [--threads N] [--model smollm2] [--text imdb]
        [--windows 16] [--llama-python PYTHON] [--json FILE]

The likeliest token each time, from the same weights in one process, in float32; all take turns. Regard must write the
same tokens as transformers. With weights rounded to int8 it may write others: how much worse they predict is measured
on TEXT (an asset's word, or a file of texts), as the perplexity of windows of 512 tokens. Prints medians of the rounds'
ratios with the lowest and highest.

PYTHON is an interpreter that has xllamacpp: llama.cpp then writes from the asset's own file, in its own four-bit
weights, which is less work than the others do; its figure stands beside them.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from regard import assets
from regard.decoders.pretrained import causal_decoder
from regard.encoders.options import CheckpointOptions
from regard.encoders.pretrained import load_head, locate
from regard.nn import search
from regard.text.read import read
from regard.text.tokenise import load_tokenizer

PROMPTS = (
    "The history of the city of London begins",
    "To make a good soup, you first",
    "Once upon a time, in a village by the sea, there lived",
)
WINDOW = 512
LLAMA = Path(__file__).parent / "peers" / "llama_generate.py"

Write = Callable[[list[int], int], list[int]]
"""The tokens after a prompt, so many of them."""


def by_regard(decoder: Any) -> Write:
    def write(prompt: list[int], tokens: int) -> list[int]:
        state = decoder.start(rows=1)
        _, state = decoder.extend(torch.tensor([prompt[:-1]]), state)
        return search.greedy(decoder, state, torch.tensor(prompt[-1:]), end=None, max_tokens=tokens)[0].ids

    return write


def by_transformers(model: Any) -> Write:
    def write(prompt: list[int], tokens: int) -> list[int]:
        ids = torch.tensor([prompt])
        settings = {"max_new_tokens": tokens, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
        written = model.generate(ids, attention_mask=torch.ones_like(ids), **settings)
        return written[0, len(prompt) :].tolist()

    return write


def rates(writers: dict[str, Write], prompts: list[list[int]], tokens: int, rounds: int) -> tuple[Any, Any]:
    """Tokens a second of each round, and what each writer wrote last. Prompts are read within the time."""
    told: dict[str, list[float]] = {name: [] for name in writers}
    texts: dict[str, list[list[int]]] = {}
    for write in writers.values():
        write(prompts[0], 4)
    for _ in range(rounds):
        for name, write in writers.items():
            begin = time.perf_counter()
            texts[name] = [write(prompt, tokens) for prompt in prompts]
            told[name].append(tokens * len(prompts) / (time.perf_counter() - begin))
    return told, texts


@torch.inference_mode()
def perplexity(decoder: Any, windows: list[list[int]]) -> float:
    """Of all tokens but each window's first."""
    nats = 0.0
    for window in windows:
        ids = torch.tensor([window])
        logits = decoder(ids).logits[0, :-1]
        nats += float(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum"))
    return math.exp(nats / sum(len(window) - 1 for window in windows))


def windows_of(source: str, tokenizer: Any, number: int) -> list[list[int]]:
    """The beginnings of the first texts that are long enough, a window each; where too few are, more of each."""
    texts = read(source, needs_labels=False).texts[: 50 * number]
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    found = [
        own[start : start + WINDOW] for start in range(0, 10**6, WINDOW) for own in ids if len(own) >= start + WINDOW
    ]
    if len(found) < number:
        raise SystemExit(f"{source} has {len(found)} windows of {WINDOW} tokens, {number} are asked for")
    return found[:number]


def by_llama_cpp(python: str, tokens: int, threads: int) -> float:
    """Tokens a second of llama.cpp by its own count, prompts not counted; the best of the prompts."""
    (file,) = assets.path("smollm2").glob("*.gguf")
    asked = {"model": str(file), "prompts": PROMPTS, "tokens": tokens, "threads": threads}
    done = subprocess.run([python, str(LLAMA)], input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"llama.cpp failed:\n{done.stderr[-1000:]}")
    return float(max(json.loads(done.stdout.splitlines()[-1])))


def measure(given: argparse.Namespace) -> dict[str, Any]:
    place, local = locate(given.model, offline=True)
    tokenizer = load_tokenizer(place, local=local)
    model = load_head(
        "AutoModelForCausalLM",
        given.model,
        "a language model",
        labels=None,
        options=CheckpointOptions(),
        offline=True,
        pad_token_id=tokenizer.pad_token_id,
    ).eval()
    plain, rounded = causal_decoder(model), causal_decoder(model, int8=True)
    writers = {"transformers": by_transformers(model), "float32": by_regard(plain), "int8": by_regard(rounded)}
    prompts = [tokenizer(prompt)["input_ids"] for prompt in PROMPTS]
    told, texts = rates(writers, prompts, given.tokens, given.rounds)
    rows = [_row(name, told[name], told["transformers"]) for name in writers]
    found: dict[str, Any] = {"rows": rows, "same_tokens": texts["float32"] == texts["transformers"]}
    if given.windows:
        windows = windows_of(given.text, tokenizer, given.windows)
        found["perplexity"] = {"float32": perplexity(plain, windows), "int8": perplexity(rounded, windows)}
    if given.llama_python:
        found["llama_cpp"] = by_llama_cpp(given.llama_python, given.tokens, torch.get_num_threads())
    return found


def _row(name: str, own: list[float], peer: list[float]) -> dict[str, Any]:
    ratios = [mine / theirs for mine, theirs in zip(own, peer, strict=True)]
    return {
        "row": name,
        "tokens_per_second": round(statistics.median(own), 1),
        "ratio": round(statistics.median(ratios), 2),
        "low": round(min(ratios), 2),
        "high": round(max(ratios), 2),
    }


def show(found: dict[str, Any]) -> None:
    for row in found["rows"]:
        spread = f"{row['ratio']:.2f} times transformers [{row['low']:.2f}–{row['high']:.2f}]"
        print(f"{row['row']:14} {row['tokens_per_second']:6.1f} tokens/s, {spread}")
    print(f"same tokens in float32: {'yes' if found['same_tokens'] else 'NO'}")
    if told := found.get("perplexity"):
        more = told["int8"] / told["float32"] - 1
        print(f"perplexity: float32 {told['float32']:.3f}, int8 {told['int8']:.3f} ({more:+.2%})")
    if "llama_cpp" in found:
        print(f"{'llama.cpp Q4_1':14} {found['llama_cpp']:6.1f} tokens/s by its own count, prompts left out")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--text", default="imdb")
    parser.add_argument("--windows", type=int, default=16, help="0: no perplexity")
    parser.add_argument("--llama-python")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    found = measure(given)
    show(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
