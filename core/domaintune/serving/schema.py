"""The shapes of requests: what OpenAI's clients may send here, field by field."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from domaintune.serving.names import LONGEST

MOST_ANSWERS: Final = 4
"""Answers of one request: prompts times n."""
MOST_STOPS: Final = 4

Text = Annotated[str, Field(max_length=1_000_000)]
Stop = Annotated[str, Field(min_length=1, max_length=256)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Shape(BaseModel):
    """A JSON object without surprises: no unknown field, no text for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TextPart(Shape):
    """A piece of a message."""

    type: Literal["text"]
    text: Text


class ImageUrl(Shape):
    """A picture, whole: the server fetches nothing."""

    url: str = Field(min_length=1, description="data:image/png;base64,… (PNG, JPEG or WebP), never an address")
    detail: Literal["auto", "low", "high"] | None = Field(None, description="accepted, without effect")


class ImagePart(Shape):
    """A picture in a message of the user, in its place among the texts."""

    type: Literal["image_url"]
    image_url: ImageUrl


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]


class ChatMessage(Shape):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | Annotated[list[Part], Field(min_length=1, max_length=64)]
    name: str | None = Field(None, description="accepted, without effect")


class StreamOptions(Shape):
    """What a stream tells besides its text."""

    include_usage: bool | None = Field(None, description="a last chunk with the token counts")
    include_obfuscation: bool | None = Field(None, description="accepted, without effect")


class Common(Shape):
    """What both ways of asking share."""

    model: str = Field(min_length=1, max_length=LONGEST, description="base, medical, medical@3, medical+code, auto, …")
    n: int | None = Field(None, ge=1, le=MOST_ANSWERS, description="answers; the i-th is drawn with seed + i")
    temperature: float | None = Field(None, ge=0, le=2, description="0, the default, is greedy decoding")
    top_p: float | None = Field(None, ge=0, le=1)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    stop: Stop | Annotated[list[Stop], Field(max_length=MOST_STOPS)] | None = None
    max_tokens: Count | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: Any = Field(None, description="accepted, without effect")
    metadata: Any = Field(None, description="accepted, without effect")
    store: Any = Field(None, description="accepted, without effect: nothing is stored")
    service_tier: Any = Field(None, description="accepted, without effect")
    parallel_tool_calls: Any = Field(None, description="accepted, without effect")
    safety_identifier: Any = Field(None, description="accepted, without effect")
    prompt_cache_key: Any = Field(None, description="accepted, without effect")
    prompt_cache_retention: Any = Field(None, description="accepted, without effect")


class ChatRequest(Common):
    """The body of POST /v1/chat/completions."""

    messages: list[ChatMessage] = Field(min_length=1)
    max_completion_tokens: Count | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    retrieval: bool | None = Field(None, description="put passages of the domain's knowledge beside the question")


class CompletionRequest(Common):
    """The body of POST /v1/completions."""

    prompt: (
        Annotated[str, Field(min_length=1, max_length=1_000_000)]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=1_000_000)]],
            Field(min_length=1, max_length=MOST_ANSWERS),
        ]
    )
    logprobs: int | None = Field(None, ge=0, le=5)


class LoadRequest(Shape):
    """The body of POST /v1/load_lora_adapter, in vLLM's shape."""

    lora_name: str = Field(min_length=1, max_length=LONGEST, description="a name or version of the registry")
    lora_path: str | None = Field(
        None, max_length=LONGEST, description="the same name or version, or nothing; never a path"
    )
    load_inplace: bool | None = Field(None, description="also when it is loaded already")
    is_3d_lora_weight: Literal[False] | None = None


class UnloadRequest(Shape):
    """The body of POST /v1/unload_lora_adapter, in vLLM's shape."""

    lora_name: str = Field(min_length=1, max_length=LONGEST)
    lora_int_id: Any = Field(None, description="accepted, without effect")


class PromoteRequest(Shape):
    """The body of POST /v1/promote."""

    id: str = Field(min_length=1, max_length=LONGEST, description="a version: medical@4")
    override: str | None = Field(
        None, min_length=1, max_length=500, description="why it is promoted without a passed evaluation"
    )


class RollbackRequest(Shape):
    """The body of POST /v1/rollback."""

    name: str = Field(min_length=1, max_length=LONGEST, description="an adapter: medical")
