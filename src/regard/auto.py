"""Import this to let transformers' Auto classes load our networks, and checkpoints that carry an attention pattern:

    import regard.auto
    model = AutoModelForSequenceClassification.from_pretrained("runs/imdb-lstm/model")

Taggers are loaded by AutoModelForTokenClassification, models that answer questions by AutoModelForQuestionAnswering,
translators by AutoModelForSeq2SeqLM, language models by AutoModelForCausalLM, pretrained encoders by
AutoModelForMaskedLM.
Loads torch and transformers.
"""

from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForPreTraining,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from regard.encoders import patterned_auto
from regard.tasks.answer.networks import finder_classes
from regard.tasks.classify.networks import classifier_classes
from regard.tasks.generate.networks import language_model_classes
from regard.tasks.pretrain.networks import masked_classes
from regard.tasks.tag.networks import tagger_classes
from regard.tasks.translate.networks import translator_classes


def register() -> None:
    """Tell the Auto classes of every network in the registry, and of patterned checkpoints; again is harmless."""
    for auto, classes in (
        (AutoModelForSequenceClassification, classifier_classes()),
        (AutoModelForTokenClassification, tagger_classes()),
        (AutoModelForQuestionAnswering, finder_classes()),
        (AutoModelForCausalLM, language_model_classes()),
        (AutoModelForMaskedLM, masked_classes()),
        (AutoModelForPreTraining, masked_classes()),
        (AutoModelForSeq2SeqLM, translator_classes()),
    ):
        for config, model in classes.items():
            AutoConfig.register(config.model_type, config, exist_ok=True)
            auto.register(config, model, exist_ok=True)
    patterned_auto.register()


register()
