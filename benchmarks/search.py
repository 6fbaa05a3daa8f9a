"""Beam search: sentences a second, Regard's `nn/search` on its own decoder against transformers' `generate`.

    python benchmarks/search.py [--batches 2] [--rounds 5] [--batch-size 16] [--beams 4] [--limit 48]
        [--cases limit ends] [--threads N] [--profile] [--json FILE]

Both have the same weights, in single precision: a Marian model of 6 + 6 layers, width 512, 8 heads, inner width 2048, a
vocabulary of 32,000, drawn from a seed. Regard's side is the checkpoint's own encoder, its decoder's weights in a
`TransformerDecoder`, and `beam`; the encoder's time counts on both sides. The texts must be the same, token for token,
or the benchmark fails. Sources are drawn too, 8 to 40 tokens long.

Two cases: `limit`, where no text may end before its limit; and `ends`, where the end token's bias is such that texts
end at different lengths, some at the limit. In each round all sides translate all batches, taking turns in who begins.

CTranslate2 is a further side where it can be imported (`pip install ctranslate2`), with the same weights. Its search is
another: an end that may not come yet has no share in the probabilities, and it stops once enough texts have ended. So
compare its speed by `limit`, where all sides write equally many tokens; how many texts agree is printed.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from regard.decoders.transformer import TransformerDecoder
from regard.nn.search import beam

END = 0
FOLLOWS, ENDS, LAST, SOURCE = 1.5, 3.0, 0.06, 1.65
"""How much a token's successor is preferred, how much the end is after a last token, how many tokens are last ones, and
how much more the source counts than in a model just begun."""
SHORTEST, LONGEST = 8, 40


@dataclass(frozen=True)
class Batch:
    """Sources `[b s]`, padded on the right, and which tokens are real."""

    ids: torch.Tensor
    keep: torch.Tensor


Texts = list[list[int]]
Side = Callable[[Batch, int], Texts]
"""The best text of each source without its end token; the number is how many tokens each has at least."""


def drawn_model(given: argparse.Namespace) -> Any:
    from transformers import MarianConfig, MarianMTModel

    torch.manual_seed(given.seed)
    sides = {
        f"{side}_{name}": number
        for side in ("encoder", "decoder")
        for name, number in (("layers", given.layers), ("attention_heads", given.heads), ("ffn_dim", 4 * given.width))
    }
    config = MarianConfig(
        vocab_size=given.vocabulary,
        d_model=given.width,
        scale_embedding=True,
        activation_function="gelu",
        max_position_embeddings=512,
        eos_token_id=END,
        forced_eos_token_id=None,
        pad_token_id=given.vocabulary - 1,
        decoder_start_token_id=given.vocabulary - 1,
        tie_word_embeddings=False,
        **sides,
    )
    model = MarianMTModel(config).eval()
    _make_talk(model)
    return model


@torch.no_grad()
def _make_talk(model: Any) -> None:
    """A drawn model repeats one token for ever. Here each token has a drawn successor, and some have a direction of the
    embedding in common that speaks for the end."""
    embedding, output = model.model.decoder.embed_tokens.weight, model.lm_head.weight
    vocabulary, width = embedding.shape
    embedding[:-1] = torch.randn(vocabulary - 1, width) / width**0.5
    output.copy_(torch.randn_like(output) * 2 / width**0.5)
    output[torch.randperm(vocabulary)] += FOLLOWS * embedding
    direction = torch.randn(width) / width**0.5
    embedding[torch.rand(vocabulary) < LAST] += direction
    output[END] = ENDS * direction
    for layer in model.model.decoder.layers:
        layer.encoder_attn.v_proj.weight.mul_(SOURCE)
        layer.encoder_attn.out_proj.weight.mul_(SOURCE)


def drawn_batches(given: argparse.Namespace) -> list[Batch]:
    generator = torch.Generator().manual_seed(given.seed)
    batches = []
    for _ in range(given.batches):
        lengths = torch.randint(SHORTEST, LONGEST + 1, (given.batch_size,), generator=generator)
        keep = torch.arange(int(lengths.max())) < lengths[:, None]
        ids = torch.randint(1, given.vocabulary - 1, keep.shape, generator=generator)
        ids[torch.arange(given.batch_size), lengths - 1] = END
        batches.append(Batch(ids.masked_fill(~keep, given.vocabulary - 1), keep))
    return batches


def decoder_of(model: Any) -> TransformerDecoder:
    """The same decoder: Marian's layers norm after each part, and its sinusoids stand in a table that is not scaled."""
    config, theirs = model.config, model.model.decoder
    ours = TransformerDecoder(
        vocabulary=config.vocab_size,
        width=config.d_model,
        layers=config.decoder_layers,
        heads=config.decoder_attention_heads,
        feed_forward_size=config.decoder_ffn_dim,
        memory_width=config.d_model,
        max_length=config.max_position_embeddings,
        pad_id=config.pad_token_id,
        dropout=0.0,
        embedding_dropout=0.0,
        norm="post",
        positions="learned",
        tie=False,
    )
    with torch.no_grad():
        ours.embedding.weight.copy_(theirs.embed_tokens.weight)
        ours.positions.table.weight.copy_(theirs.embed_positions.weight / ours.scale)
        ours.output.weight.copy_(model.lm_head.weight)
        ours.output.bias.copy_(model.final_logits_bias[0])
        for mine, layer in zip(ours.blocks, theirs.layers, strict=True):
            own, other = layer.self_attn, layer.encoder_attn
            _copy(mine.attention.projection, own.q_proj, own.k_proj, own.v_proj)
            _copy(mine.attention.output, own.out_proj)
            _copy(mine.attention_norm, layer.self_attn_layer_norm)
            _copy(mine.memory_attention.query, other.q_proj)
            _copy(mine.memory_attention.key_value, other.k_proj, other.v_proj)
            _copy(mine.memory_attention.output, other.out_proj)
            _copy(mine.memory_norm, layer.encoder_attn_layer_norm)
            _copy(mine.feed_forward.layers[0], layer.fc1)
            _copy(mine.feed_forward.layers[3], layer.fc2)
            _copy(mine.feed_forward_norm, layer.final_layer_norm)
    return ours.eval()


def _copy(into: nn.Module, *parts: nn.Module) -> None:
    for name, parameter in into.named_parameters():
        parameter.copy_(torch.cat([getattr(part, name) for part in parts]))


def regard_side(model: Any, given: argparse.Namespace) -> Side:
    decoder, encoder = decoder_of(model), model.get_encoder()

    @torch.inference_mode()
    def translate(batch: Batch, least: int) -> Texts:
        memory = encoder(input_ids=batch.ids, attention_mask=batch.keep.long()).last_hidden_state
        first = torch.full((len(memory),), model.config.decoder_start_token_id)
        state = decoder.start(memory, batch.keep)
        found = beam(decoder, state, first, beams=given.beams, end=END, max_tokens=given.limit, min_tokens=least)
        return [texts[0].ids for texts in found]

    return translate


def transformers_side(model: Any, given: argparse.Namespace) -> Side:
    @torch.inference_mode()
    def translate(batch: Batch, least: int) -> Texts:
        found = model.generate(
            input_ids=batch.ids,
            attention_mask=batch.keep.long(),
            num_beams=given.beams,
            do_sample=False,
            max_new_tokens=given.limit,
            min_new_tokens=least,
        )
        return [_until_end(ids) for ids in found[:, 1:].tolist()]

    return translate


def _until_end(ids: list[int]) -> list[int]:
    return ids[: ids.index(END)] if END in ids else ids


def ctranslate2_side(model: Any, given: argparse.Namespace, folder: Path) -> Side:
    import ctranslate2
    from ctranslate2.converters.transformers import BartLoader

    names = [f"t{number}" for number in range(given.vocabulary)]
    names[END], names[1] = "</s>", "<unk>"
    described = copy.deepcopy(model)
    described.config.normalize_before = described.config.normalize_embedding = False
    spec = BartLoader().get_model_spec(described)
    spec.register_source_vocabulary(names)
    spec.register_target_vocabulary(names)
    spec.config.eos_token, spec.config.unk_token = "</s>", "<unk>"
    spec.config.decoder_start_token = names[given.vocabulary - 1]
    spec.validate()
    spec.optimize()
    folder.mkdir()
    spec.save(str(folder))
    settings = {"compute_type": "float32", "inter_threads": 1, "intra_threads": given.threads}
    translator = ctranslate2.Translator(str(folder), device="cpu", **settings)
    numbers = {name: number for number, name in enumerate(names)}

    def translate(batch: Batch, least: int) -> Texts:
        sources = [
            [names[token] for token in ids[keep].tolist()] for ids, keep in zip(batch.ids, batch.keep, strict=True)
        ]
        found = translator.translate_batch(
            sources,
            beam_size=given.beams,
            length_penalty=1.0,
            max_decoding_length=given.limit,
            min_decoding_length=least,
            max_batch_size=0,
        )
        return [[numbers[name] for name in result.hypotheses[0]] for result in found]

    return translate


def measure(case: str, sides: dict[str, Side], batches: list[Batch], given: argparse.Namespace) -> list[dict[str, Any]]:
    """A row a side: medians of the rounds with the lowest and the highest. Raises where transformers' texts differ."""
    least = given.limit if case == "limit" else 1
    expected = [text for batch in batches for text in sides["transformers"](batch, least)]
    same = {}
    for name, side in sides.items():
        texts = [text for batch in batches for text in side(batch, least)]  # which also warms up
        same[name] = sum(mine == theirs for mine, theirs in zip(texts, expected, strict=True))
    if same["regard"] != len(expected):
        raise RuntimeError(
            f"{case}: {len(expected) - same['regard']} of {len(expected)} texts differ from transformers'"
        )
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(given.rounds):
        for name in list(sides) if number % 2 else reversed(list(sides)):
            start = time.perf_counter()
            for batch in batches:
                sides[name](batch, least)
            rates[name].append(len(expected) / (time.perf_counter() - start))
        told = ", ".join(f"{name} {found[-1]:.2f}" for name, found in rates.items())
        print(f"  {case}, round {number + 1}: {told} sentences/s", file=sys.stderr, flush=True)
    lengths = sorted(map(len, expected))
    described = {"case": case, "n": len(expected), "tokens": [lengths[0], statistics.median(lengths), lengths[-1]]}
    return [{**described, **_row(name, rates, same[name])} for name in sides]


def _row(name: str, rates: dict[str, list[float]], same: int) -> dict[str, Any]:
    ratios = [own / other for own, other in zip(rates["regard"], rates[name], strict=True)]
    return {
        "who": name,
        "same_texts": same,
        "sentences_per_second": round(statistics.median(rates[name]), 2),
        "low": round(min(rates[name]), 2),
        "high": round(max(rates[name]), 2),
        "regard_is_times_as_fast": round(statistics.median(ratios), 2),
        "ratio_low": round(min(ratios), 2),
        "ratio_high": round(max(ratios), 2),
    }


def show(row: dict[str, Any]) -> str:
    rate = f"{row['sentences_per_second']:6.2f} sentences/s [{row['low']:.2f}–{row['high']:.2f}]"
    texts = f"{row['same_texts']} of {row['n']} texts as transformers'"
    if row["who"] == "regard":
        shortest, middle, longest = row["tokens"]
        return f"{row['case']:6} {row['who']:12} {rate}, {texts} ({shortest} to {longest} tokens, median {middle:g})"
    ratio = f"{row['regard_is_times_as_fast']:.2f} times as fast [{row['ratio_low']:.2f}–{row['ratio_high']:.2f}]"
    return f"{row['case']:6} {row['who']:12} {rate}, {texts}; regard is {ratio}"


def profile(name: str, side: Side, batch: Batch, least: int) -> str:
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as recording

    side(batch, least)
    with recording(activities=[ProfilerActivity.CPU]) as recorded:
        side(batch, least)
    table = recorded.key_averages().table(sort_by="self_cpu_time_total", row_limit=18, max_name_column_width=40)
    return f"{name}\n{table}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--limit", type=int, default=48, help="tokens of a text at most")
    parser.add_argument("--cases", nargs="+", default=["limit", "ends"], choices=["limit", "ends"])
    parser.add_argument("--vocabulary", type=int, default=32_000)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", action="store_true", help="print where a batch's time goes, and stop")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    model, batches = drawn_model(given), drawn_batches(given)
    sides = {"regard": regard_side(model, given), "transformers": transformers_side(model, given)}
    if given.profile:
        least = given.limit if given.cases[0] == "limit" else 1
        print(*(profile(name, side, batches[0], least) for name, side in sides.items()), sep="\n")
        return
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            sides["ctranslate2"] = ctranslate2_side(model, given, Path(folder) / "model")
        except ImportError:
            print("without CTranslate2, which is not installed", file=sys.stderr)
        for case in given.cases:
            found = measure(case, sides, batches, given)
            rows += found
            print(*map(show, found), sep="\n", flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
