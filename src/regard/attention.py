"""Attention patterns for checkpoints and for one's own code:

    import regard.attention
    model = AutoModelForSequenceClassification.from_pretrained("org/name")
    regard.attention.lengthen(model, 4096)
    regard.attention.use(model, "window", left=128, right=128, global_tokens=[0])

`pattern` and `score` make a part by its word; `prepare` and `attend` run it on tensors. Loads torch and transformers;
what a patterned model was saved as can then be loaded by transformers' Auto classes.
"""

from regard.encoders import patterned_auto
from regard.encoders.lengthen import lengthen
from regard.encoders.patterned import use
from regard.nn.attention import attend, pattern, prepare, score

__all__ = ["attend", "lengthen", "pattern", "prepare", "score", "use"]

patterned_auto.register()
