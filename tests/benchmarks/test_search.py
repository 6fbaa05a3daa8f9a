"""Both sides of the comparison with transformers' beam search, on a small model: the same texts, and rates of each."""

from __future__ import annotations

import argparse

import pytest
import torch

from benchmarks import search


@pytest.fixture(scope="module")
def given() -> argparse.Namespace:
    return argparse.Namespace(
        batches=2, rounds=2, batch_size=3, beams=3, limit=9, vocabulary=150, layers=2, width=16, heads=2, seed=1
    )


@pytest.fixture(scope="module")
def model(given):
    return search.drawn_model(given)


@pytest.fixture
def sides(model, given):
    return {"regard": search.regard_side(model, given), "transformers": search.transformers_side(model, given)}


def test_the_decoder_has_the_logits_of_the_model(model, given):
    batch = search.drawn_batches(given)[0]
    written = torch.randint(1, given.vocabulary, (given.batch_size, 5), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        memory = model.get_encoder()(input_ids=batch.ids, attention_mask=batch.keep.long()).last_hidden_state
        ours = search.decoder_of(model)(written, memory, batch.keep).logits
        theirs = model(input_ids=batch.ids, attention_mask=batch.keep.long(), decoder_input_ids=written).logits
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("case", "least"), [("limit", 9), ("ends", 1)])
def test_rows_tell_rates_ratios_and_that_all_texts_are_the_same(sides, given, case, least):
    batches = search.drawn_batches(given)
    ours, theirs = search.measure(case, sides, batches, given)
    assert (ours["who"], ours["same_texts"], ours["n"]) == ("regard", 6, 6)
    assert ours["tokens"][0] >= least
    assert theirs["ratio_low"] <= theirs["regard_is_times_as_fast"] <= theirs["ratio_high"]
    assert "6 of 6 texts as transformers'" in search.show(ours)
    assert "times as fast" in search.show(theirs)


def test_texts_that_differ_are_no_result(sides, given):
    def another(batch, least):
        return [ids[:-1] for ids in sides["transformers"](batch, least)]

    with pytest.raises(RuntimeError, match="6 of 6 texts differ"):
        search.measure("limit", {**sides, "regard": another}, search.drawn_batches(given), given)
