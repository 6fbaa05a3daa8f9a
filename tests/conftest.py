"""Before anything is imported: no hub is asked; shapes in signatures are enforced, under tests only."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "true"

from jaxtyping import install_import_hook

TASKS = ("classify", "tag", "answer", "translate", "generate", "pretrain")
HEADS = ["regard.tasks.heads", *(f"regard.tasks.{task}.networks" for task in TASKS)]
install_import_hook(["regard.nn", "regard.encoders", "regard.decoders", *HEADS], "beartype.beartype")
