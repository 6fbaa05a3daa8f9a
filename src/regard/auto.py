"""Import this to let transformers' Auto classes load our networks, and checkpoints that carry an attention pattern:

    import regard.auto
    model = AutoModelForSequenceClassification.from_pretrained("runs/imdb-lstm/model")

Loads torch and transformers.
"""

from transformers import AutoConfig, AutoModelForSequenceClassification

from regard.encoders import patterned_auto
from regard.tasks.networks import classifier_classes


def register() -> None:
    """Tell the Auto classes of every network in the registry, and of patterned checkpoints; again is harmless."""
    for config, model in classifier_classes().items():
        AutoConfig.register(config.model_type, config, exist_ok=True)
        AutoModelForSequenceClassification.register(config, model, exist_ok=True)
    patterned_auto.register()


register()
