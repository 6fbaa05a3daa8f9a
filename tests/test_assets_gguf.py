"""A GGUF file, tiny and made here, unpacked into the folder of a checkpoint."""

import logging

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from regard import assets, manifest
from regard.assets.gguf import unpacked
from regard.assets.table import Asset
from regard.errors import ModelError

gguf = pytest.importorskip("gguf")

WIDTH, INNER, HEADS, LAYERS = 32, 64, 2, 2
TOKENS = ["<s>", "</s>", *map(chr, range(33, 127)), "Ġ", "he", "Ġa"]


def write(path):
    """A Llama of random weights that are rounded to four bits, and byte pairs."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3, 3, *[1] * (len(TOKENS) - 2)])
    writer.add_token_merges(["h e", "Ġ a"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    generator = torch.Generator().manual_seed(0)

    def add(name, *shape):
        values = torch.randn(shape, generator=generator) * 0.2
        if len(shape) == 1:
            writer.add_tensor(name, (values + 1).numpy())
        else:
            kind = gguf.GGMLQuantizationType.Q4_1
            writer.add_tensor(name, gguf.quants.quantize(values.numpy(), kind), raw_dtype=kind)

    add("token_embd.weight", len(TOKENS), WIDTH)
    add("output_norm.weight", WIDTH)
    for layer in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            add(f"blk.{layer}.{norm}.weight", WIDTH)
        for name, rows in (("q", WIDTH), ("k", WIDTH // HEADS), ("v", WIDTH // HEADS), ("output", WIDTH)):
            add(f"blk.{layer}.attn_{name}.weight", rows, WIDTH)
        for name, rows, columns in (("gate", INNER, WIDTH), ("up", INNER, WIDTH), ("down", WIDTH, INNER)):
            add(f"blk.{layer}.ffn_{name}.weight", rows, columns)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed")
    write(folder / "tiny.gguf")
    return folder


def test_the_folder_is_read_as_any_checkpoint_and_holds_what_the_file_holds(packed, tmp_path, capfd, monkeypatch):
    # A command that another test ran left a handler behind, whose stream is closed by now.
    monkeypatch.setattr(logging.getLogger("regard"), "handlers", [])
    folder = unpacked(packed, tmp_path / "unpacked")
    assert capfd.readouterr().err == ""
    model = AutoModelForCausalLM.from_pretrained(folder)
    straight = AutoModelForCausalLM.from_pretrained(packed, gguf_file="tiny.gguf")
    for name, weight in straight.state_dict().items():
        assert torch.equal(model.state_dict()[name], weight), name
    assert model.dtype == torch.float32
    assert model.config.tie_word_embeddings
    assert not hasattr(model.config, "quantization_config")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.decode(tokenizer("he had a hat")["input_ids"], skip_special_tokens=True) == "he had a hat"
    assert tokenizer.is_fast


def test_it_is_unpacked_once_and_again_where_it_is_damaged(packed, tmp_path):
    folder = unpacked(packed, tmp_path / "unpacked")
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert (unpacked(packed, folder) / "model.safetensors").stat().st_mtime_ns == written
    (folder / "model.safetensors").write_bytes(b"")
    assert manifest.damage(unpacked(packed, folder)) is None
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")) == ["unpacked"]


def test_what_is_no_gguf_file_is_refused_and_leaves_nothing(tmp_path):
    (tmp_path / "packed").mkdir()
    with pytest.raises(ModelError, match="0 GGUF files"):
        unpacked(tmp_path / "packed", tmp_path / "unpacked")
    (tmp_path / "packed" / "broken.gguf").write_bytes(b"no such thing" * 20)
    with pytest.raises(ModelError, match=r"broken\.gguf can't be read"):
        unpacked(tmp_path / "packed", tmp_path / "unpacked")
    assert not (tmp_path / "unpacked").exists()


def test_the_asset_s_word_stands_for_the_folder(packed, tmp_path, monkeypatch):
    asset = Asset("toy", "gguf", "toy", "1.0", "0" * 64, "MIT", 1, "toy/", "a toy")
    monkeypatch.setenv("REGARD_HOME", str(tmp_path))
    monkeypatch.setitem(assets.ASSETS, "toy", asset)
    assert assets.is_model("toy")
    with pytest.raises(ModelError, match="not in the cache"):
        assets.checkpoint("toy")
    data = assets.folder(asset) / "data"
    data.mkdir(parents=True)
    (data / "tiny.gguf").write_bytes((packed / "tiny.gguf").read_bytes())
    manifest.write(assets.folder(asset), {"data/tiny.gguf": manifest.entry(data / "tiny.gguf")})
    assert (assets.checkpoint("toy") / "config.json").is_file()
    assert assets.path("toy") == data
