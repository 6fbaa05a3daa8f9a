"""Before anything is imported: no hub is asked; shapes in signatures are enforced, under tests only."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "true"

from jaxtyping import install_import_hook

HEADS = [f"regard.tasks.{task}.networks" for task in ("classify", "tag", "answer", "translate", "generate", "pretrain")]
install_import_hook(["regard.nn", "regard.encoders", "regard.decoders", *HEADS], "beartype.beartype")
