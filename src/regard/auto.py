"""Import this to let transformers' Auto classes load our networks, and checkpoints that carry an attention pattern:

    import regard.auto
    model = AutoModelForSequenceClassification.from_pretrained("runs/imdb-lstm/model")

Taggers are loaded by AutoModelForTokenClassification, models that answer questions by AutoModelForQuestionAnswering.
Loads torch and transformers.
"""

from transformers import (
    AutoConfig,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from regard.encoders import patterned_auto
from regard.tasks.answer.networks import finder_classes
from regard.tasks.classify.networks import classifier_classes
from regard.tasks.tag.networks import tagger_classes


def register() -> None:
    """Tell the Auto classes of every network in the registry, and of patterned checkpoints; again is harmless."""
    for auto, classes in (
        (AutoModelForSequenceClassification, classifier_classes()),
        (AutoModelForTokenClassification, tagger_classes()),
        (AutoModelForQuestionAnswering, finder_classes()),
    ):
        for config, model in classes.items():
            AutoConfig.register(config.model_type, config, exist_ok=True)
            auto.register(config, model, exist_ok=True)
    patterned_auto.register()


register()
