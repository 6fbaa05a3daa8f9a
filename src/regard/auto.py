"""Import this to let transformers' Auto classes load our networks:

    import regard.auto
    model = AutoModelForSequenceClassification.from_pretrained("runs/imdb-lstm/model")

Loads torch and transformers; nothing else in Regard imports it.
"""

from transformers import AutoConfig, AutoModelForSequenceClassification

from regard.tasks.networks import classifier_classes

for _config, _model in classifier_classes().items():
    AutoConfig.register(_config.model_type, _config, exist_ok=True)
    AutoModelForSequenceClassification.register(_config, _model, exist_ok=True)
