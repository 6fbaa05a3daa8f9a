"""Options of the attention patterns, torch-free, so that a recipe is checked before anything heavy is imported.

`examples` are the settings that the contract suite runs over and that the documents draw.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from regard.recipe import Options

Place = Annotated[int, Field(ge=0, le=2**24)]
MOST = 2**24  # tokens: more than any text has, and far from where numbers overflow


class PatternOptions(Options):
    """`examples`: settings for tests; `picture`: settings and a length that show the pattern well; `one_vector`: why a
    pattern is not for queries and keys that are two."""

    examples: ClassVar[tuple[dict[str, Any], ...]] = ({},)
    picture: ClassVar[tuple[dict[str, Any], int]] = ({}, 16)
    one_vector: ClassVar[str] = ""


class FullOptions(PatternOptions):
    """Every query meets every key: nothing to set."""


class CausalOptions(PatternOptions):
    """Every query meets the keys up to its own place: nothing to set."""


class WindowOptions(PatternOptions):
    left: int = Field(256, ge=0, le=MOST, description="keys before a token that it meets, itself not counted")
    right: int = Field(256, ge=0, le=MOST, description="keys after a token that it meets, itself not counted")
    dilation: int = Field(
        1, ge=1, le=MOST, description="1: every key of the window is met; 2: every second one; and so on"
    )
    global_tokens: tuple[Place, ...] = Field((), description="places that meet all and are met by all")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"left": 3, "right": 3},
        {"left": 4, "right": 0},
        {"left": 2, "right": 5, "global_tokens": [0]},
        {"left": 3, "right": 3, "global_tokens": [0, 9]},
        {"left": 2, "right": 1, "dilation": 2},
        {"left": 2, "right": 2, "dilation": 3, "global_tokens": [4]},
    )
    picture: ClassVar[tuple[dict[str, Any], int]] = ({"left": 2, "right": 2, "global_tokens": [0]}, 16)


class ChunkOptions(PatternOptions):
    chunk_length: int = Field(64, ge=1, le=MOST, description="tokens a chunk")
    before: int = Field(1, ge=0, le=64, description="chunks before its own that a token meets")
    after: int = Field(0, ge=0, le=64, description="chunks after its own that a token meets")
    wrap: bool = Field(True, description="the first chunk looks back at the last one, as in Reformer")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"chunk_length": 4},
        {"chunk_length": 3, "before": 1, "after": 1},
        {"chunk_length": 5, "before": 0, "after": 0},
        {"chunk_length": 3, "before": 2, "after": 0, "wrap": False},
    )
    picture: ClassVar[tuple[dict[str, Any], int]] = ({"chunk_length": 4}, 16)


class BigbirdOptions(PatternOptions):
    block_size: int = Field(64, ge=1, le=MOST, description="tokens a block")
    random_blocks: int = Field(
        3, ge=0, le=1024, description="blocks drawn for each block of queries, for each head apart"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of the draw: the same blocks in training and in prediction")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"block_size": 3, "random_blocks": 2},
        {"block_size": 2, "random_blocks": 1, "seed": 5},
        {"block_size": 4, "random_blocks": 0},
    )
    picture: ClassVar[tuple[dict[str, Any], int]] = ({"block_size": 2, "random_blocks": 1, "seed": 3}, 24)


class LshOptions(PatternOptions):
    chunk_length: int = Field(64, ge=1, le=MOST, description="tokens a chunk of the sorted text")
    before: int = Field(1, ge=0, le=64, description="sorted chunks before its own that a token meets")
    after: int = Field(0, ge=0, le=64, description="sorted chunks after its own that a token meets")
    rounds: int = Field(1, ge=1, le=64, description="times the text is hashed and sorted")
    buckets: tuple[Annotated[int, Field(ge=2, le=2**16, multiple_of=2)], ...] | None = Field(
        None, description="buckets a round, or their factors; from the length when not given"
    )
    seed: int = Field(0, ge=0, lt=2**63, description="of the random rotations")
    one_vector: ClassVar[str] = "lsh hashes one vector that is query and key at once; a checkpoint has two"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"chunk_length": 4, "rounds": 1},
        {"chunk_length": 3, "rounds": 2, "seed": 3},
        {"chunk_length": 2, "rounds": 3, "before": 1, "after": 1, "buckets": [2, 2]},
    )
    picture: ClassVar[tuple[dict[str, Any], int]] = ({"chunk_length": 4, "rounds": 1}, 24)


class SegmentOptions(PatternOptions):
    segment_length: int = Field(128, ge=1, le=MOST, description="tokens a segment")
    memory_length: int = Field(128, ge=0, le=MOST, description="keys before its own segment that a token still meets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"segment_length": 4, "memory_length": 4},
        {"segment_length": 3, "memory_length": 5},
        {"segment_length": 5, "memory_length": 0},
    )
    picture: ClassVar[tuple[dict[str, Any], int]] = ({"segment_length": 4, "memory_length": 4}, 16)
