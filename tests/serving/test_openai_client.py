"""S9: the official `openai` client, unchanged, gets what it expects: 40 scripted calls and their errors."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion
from served import ADMIN, KEY, Served, chat, until


@pytest.fixture(scope="module")
def client(server: Served) -> openai.OpenAI:
    return server.client()


def ask(client: openai.OpenAI, **more: Any) -> ChatCompletion:
    return client.chat.completions.create(**chat(**more))


def text(said: ChatCompletion, index: int = 0) -> str:
    return said.choices[index].message.content or ""


def test_an_answer_has_every_part_of_openais_shape_and_names_the_exact_version(client: openai.OpenAI) -> None:
    said = ask(client)
    assert said.id.startswith("chatcmpl-")
    assert (said.object, said.model) == ("chat.completion", "alpha@2")
    (choice,) = said.choices
    assert (choice.index, choice.finish_reason, choice.message.role, choice.logprobs) == (
        0,
        "length",
        "assistant",
        None,
    )
    assert said.usage is not None
    assert said.usage.completion_tokens == 8
    assert said.usage.prompt_tokens > 5
    assert said.usage.total_tokens == said.usage.prompt_tokens + 8
    assert said.system_fingerprint is not None
    assert said.model_dump()["domaintune"] == {"version": "alpha@2", "adapters": ["alpha@2"], "passages": []}


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("base", "tiny"),
        ("tiny", "tiny"),
        ("alpha", "alpha@2"),
        ("alpha@2", "alpha@2"),
        ("alpha@1", "alpha@1"),
        ("alpha+beta", "alpha@2:0.5+beta@1:0.5"),
        ("alpha:0.7+beta@1:0.3", "alpha@2:0.7+beta@1:0.3"),
        ("alpha+beta+gamma", "alpha@2:0.333333+beta@1:0.333333+gamma@1:0.333333"),
        ("alpha:-0.5+beta:1.5", "alpha@2:-0.5+beta@1:1.5"),
        ("alpha|beta", "alpha@2|beta@1"),
    ],
)
def test_every_kind_of_name_is_answered_by_exactly_what_it_means(
    client: openai.OpenAI, asked: str, answered: str
) -> None:
    raw = client.chat.completions.with_raw_response.create(**chat(model=asked))
    said = raw.parse()
    assert said.model == raw.headers["x-domaintune-version"] == answered
    assert text(client.chat.completions.create(**chat(model=answered))) == text(said)  # the exact name means the same


def test_different_adapters_give_different_answers(client: openai.OpenAI) -> None:
    answers = [text(ask(client, model=model, max_tokens=24)) for model in ("base", "alpha", "alpha@1", "beta", "gamma")]
    assert len(set(answers)) == 5


def test_greedy_answers_repeat_and_seeded_draws_too(client: openai.OpenAI) -> None:
    assert text(ask(client)) == text(ask(client))
    drawn = [text(ask(client, temperature=1.5, seed=seed, max_tokens=16)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_without_a_seed_draws_differ(client: openai.OpenAI) -> None:
    assert text(ask(client, temperature=2, max_tokens=24)) != text(ask(client, temperature=2, max_tokens=24))


def test_n_answers_are_the_draws_of_the_seeds_that_follow(client: openai.OpenAI) -> None:
    several = ask(client, n=4, temperature=1.5, seed=10, max_tokens=12)
    alone = [ask(client, temperature=1.5, seed=10 + index, max_tokens=12) for index in range(4)]
    assert [text(several, index) for index in range(4)] == [text(one) for one in alone]
    assert several.usage is not None
    assert alone[0].usage is not None
    assert several.usage.prompt_tokens == alone[0].usage.prompt_tokens
    assert several.usage.completion_tokens == sum(one.usage.completion_tokens for one in alone if one.usage)


def test_a_stop_string_ends_the_answer_before_it(client: openai.OpenAI) -> None:
    whole = text(ask(client, max_tokens=24))
    middle = whole[len(whole) // 2]
    said = ask(client, max_tokens=24, stop=["never said", middle])
    assert text(said) == whole[: whole.index(middle)]
    assert said.choices[0].finish_reason == "stop"
    assert text(ask(client, max_tokens=24, stop=middle)) == text(said)


def test_max_completion_tokens_is_max_tokens(client: openai.OpenAI) -> None:
    asked = {**chat(), "max_completion_tokens": 3}
    del asked["max_tokens"]
    said = client.chat.completions.create(**asked)
    assert said.usage is not None
    assert said.usage.completion_tokens == 3


def test_log_probabilities_of_a_conversation(client: openai.OpenAI) -> None:
    said = ask(client, logprobs=True, top_logprobs=3, max_tokens=4)
    assert said.choices[0].logprobs is not None
    content = said.choices[0].logprobs.content or []
    assert len(content) == 4
    for one in content:
        assert one.logprob <= 0
        assert len(one.top_logprobs) == 3
        assert one.top_logprobs[0].logprob == pytest.approx(one.logprob, abs=1e-4)  # greedy
        assert bytes(one.bytes or []).decode() == one.token


def test_log_probabilities_without_alternatives(client: openai.OpenAI) -> None:
    said = ask(client, logprobs=True, max_tokens=2)
    assert said.choices[0].logprobs is not None
    assert [one.top_logprobs for one in said.choices[0].logprobs.content or []] == [[], []]


def test_content_may_come_in_parts(client: openai.OpenAI) -> None:
    parts = [{"type": "text", "text": "Is the heart"}, {"type": "text", "text": "large?"}]
    assert text(ask(client, messages=[{"role": "user", "content": parts}])) == text(
        ask(client, content="Is the heart\nlarge?")
    )


def test_developer_messages_are_system_messages(client: openai.OpenAI) -> None:
    def said(role: str) -> str:
        messages = [{"role": role, "content": "Be brief."}, {"role": "user", "content": "Is the heart large?"}]
        return text(ask(client, messages=messages))

    assert said("developer") == said("system") != text(ask(client))


def test_fields_without_effect_are_taken(client: openai.OpenAI) -> None:
    said = ask(
        client,
        user="u1",
        metadata={"a": "b"},
        store=False,
        service_tier="auto",
        parallel_tool_calls=True,
        logit_bias={},
        frequency_penalty=0,
        presence_penalty=0.0,
        response_format={"type": "text"},
        tools=[],
        modalities=["text"],
    )
    assert text(said) == text(ask(client))


def test_a_text_is_continued(client: openai.OpenAI) -> None:
    said = client.completions.create(model="beta", prompt="Findings: heart size", max_tokens=6)
    assert (said.object, said.model) == ("text_completion", "beta@1")
    assert said.id.startswith("cmpl-")
    assert said.choices[0].text
    assert said.choices[0].finish_reason in {"length", "stop"}
    assert said.usage is not None
    assert 0 < said.usage.completion_tokens <= 6


def test_several_texts_are_continued_in_their_order(client: openai.OpenAI) -> None:
    prompts = ["Findings: heart", "Small left"]
    said = client.completions.create(model="beta", prompt=prompts, n=2, max_tokens=6)
    alone = [client.completions.create(model="beta", prompt=one, max_tokens=6) for one in prompts]
    assert [choice.index for choice in said.choices] == [0, 1, 2, 3]
    expected = [alone[0].choices[0].text] * 2 + [alone[1].choices[0].text] * 2
    assert [choice.text for choice in said.choices] == expected
    assert said.usage is not None
    assert said.usage.prompt_tokens == sum(one.usage.prompt_tokens for one in alone if one.usage)


def test_log_probabilities_of_a_text(client: openai.OpenAI) -> None:
    said = client.completions.create(model="beta", prompt="Findings:", max_tokens=4, logprobs=2)
    found = said.choices[0].logprobs
    assert found is not None
    assert found.tokens is not None
    assert found.token_logprobs is not None
    assert found.top_logprobs is not None
    assert found.text_offset is not None
    assert len(found.tokens) == len(found.token_logprobs) == len(found.top_logprobs) == len(found.text_offset) == 4
    assert found.text_offset[0] == 0


def test_a_stream_begins_with_the_role_ends_with_the_reason_and_adds_up_to_the_answer(client: openai.OpenAI) -> None:
    chunks = list(ask_stream(client, max_tokens=12))
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert {chunk.model for chunk in chunks} == {"alpha@2"}
    assert len({chunk.id for chunk in chunks}) == 1
    first, *middle, last = [chunk.choices[0] for chunk in chunks]
    assert (first.delta.role, first.delta.content, first.finish_reason) == ("assistant", "", None)
    assert all(choice.delta.role is None and choice.finish_reason is None for choice in middle)
    assert (last.finish_reason, last.delta.content) == ("length", None)
    assert "".join(choice.delta.content or "" for choice in middle) == text(ask(client, max_tokens=12))
    assert all(chunk.usage is None for chunk in chunks)


def ask_stream(client: openai.OpenAI, **more: Any) -> Any:
    return client.chat.completions.create(**chat(**more), stream=True)


def test_a_stream_can_end_with_the_token_counts(client: openai.OpenAI) -> None:
    *others, last = ask_stream(client, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage == ask(client).usage
    assert all(chunk.usage is None for chunk in others)


def test_a_stream_of_several_answers(client: openai.OpenAI) -> None:
    said, reasons, roles = ["", "", ""], {}, []
    for chunk in ask_stream(client, n=3, temperature=1.5, seed=3):
        choice = chunk.choices[0]
        said[choice.index] += choice.delta.content or ""
        reasons |= {choice.index: choice.finish_reason} if choice.finish_reason else {}
        roles += [choice.index] if choice.delta.role else []
    whole = ask(client, n=3, temperature=1.5, seed=3)
    assert said == [text(whole, index) for index in range(3)]
    assert reasons == {choice.index: choice.finish_reason for choice in whole.choices}
    assert roles == [0, 1, 2]


def test_a_stream_with_log_probabilities(client: openai.OpenAI) -> None:
    whole = ask(client, logprobs=True, top_logprobs=1)
    found = [
        one
        for chunk in ask_stream(client, logprobs=True, top_logprobs=1)
        if chunk.choices[0].logprobs
        for one in chunk.choices[0].logprobs.content
    ]
    assert whole.choices[0].logprobs is not None
    assert found == whole.choices[0].logprobs.content


def test_a_stream_of_a_text(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": "gamma", "prompt": "Small left", "max_tokens": 8, "logprobs": 1}
    whole = client.completions.create(**asked).choices[0]
    chunks = list(client.completions.create(**asked, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.text
    assert chunks[-1].choices[0].finish_reason == whole.finish_reason
    assert whole.logprobs is not None
    offsets = [
        offset
        for chunk in chunks
        if chunk.choices[0].logprobs
        for offset in chunk.choices[0].logprobs.text_offset or []
    ]
    assert offsets == whole.logprobs.text_offset


def test_a_stream_that_is_left_early_frees_its_place(server: Served, client: openai.OpenAI) -> None:
    for _ in range(3):
        with ask_stream(client, max_tokens=500, temperature=1, seed=1) as stream:
            next(iter(stream))
    with server.http() as http:
        until(lambda: 'domaintune_requests_running{base="tiny"} 0.0' in http.get("/metrics").text)


def test_many_at_once_through_the_asynchronous_client(server: Served, client: openai.OpenAI) -> None:
    models = ["base", "alpha", "beta", "gamma", "alpha+beta", "alpha@1"] * 2
    expected = {model: text(ask(client, model=model)) for model in models}

    async def all_of_them() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{server.address}/v1", api_key=KEY, max_retries=0) as many:
            said = await asyncio.gather(*(many.chat.completions.create(**chat(model=model)) for model in models))
            return [text(one) for one in said]

    assert asyncio.run(all_of_them()) == [expected[model] for model in models]


def test_an_asynchronous_stream(server: Served, client: openai.OpenAI) -> None:
    async def streamed() -> str:
        async with openai.AsyncOpenAI(base_url=f"{server.address}/v1", api_key=KEY, max_retries=0) as many:
            stream = await many.chat.completions.create(**chat(), stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert asyncio.run(streamed()) == text(ask(client))


def test_the_models_are_listed_with_what_they_mean(client: openai.OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}
    assert {"base", "tiny", "alpha", "alpha@2", "beta", "beta@1", "gamma", "gamma@1"} <= set(listed)
    assert "alpha@3" not in listed
    alpha = listed["alpha"].model_dump()
    assert (alpha["root"], alpha["parent"], alpha["owned_by"], alpha["object"]) == (
        "alpha@2",
        "tiny",
        "domaintune",
        "model",
    )
    assert len(alpha["digest"]) == 64
    assert listed["tiny"].model_dump()["parent"] is None


def test_one_model_can_be_looked_up(client: openai.OpenAI) -> None:
    assert client.models.retrieve("alpha@2").model_dump()["root"] == "alpha@2"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("alpa")
    assert caught.value.code == "model_not_found"
    assert "did you mean 'alpha'?" in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "kind", "code"),
    [
        ({"model": "alhpa"}, openai.NotFoundError, "model_not_found"),
        ({"model": "alpha@9"}, openai.NotFoundError, "model_not_found"),
        ({"model": "alpha@3"}, openai.NotFoundError, "model_not_found"),
        ({"model": "auto"}, openai.NotFoundError, "model_not_found"),
        ({"messages": []}, openai.BadRequestError, "invalid_value"),
        ({"temperature": 3}, openai.BadRequestError, "invalid_value"),
        ({"n": 5}, openai.BadRequestError, "invalid_value"),
        ({"stop": list("abcde")}, openai.BadRequestError, "invalid_value"),
        ({"max_tokens": 10**6}, openai.BadRequestError, "invalid_value"),
        (
            {"max_tokens": 1000, "messages": [{"role": "user", "content": "heart " * 200}]},
            openai.BadRequestError,
            "context_length_exceeded",
        ),
        (
            {"messages": [{"role": "user", "content": "heart " * 40_000}]},
            openai.BadRequestError,
            "context_length_exceeded",
        ),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError, "unsupported_parameter"),
        ({"response_format": {"type": "json_object"}}, openai.BadRequestError, "unsupported_parameter"),
        ({"presence_penalty": 1}, openai.BadRequestError, "unsupported_parameter"),
        ({"extra_body": {"top_k": 5}}, openai.BadRequestError, "unknown_parameter"),
        ({"extra_body": {"retrieval": True}}, openai.BadRequestError, "no_retrieval"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "http://example.com/a.png"}}],
                    }
                ]
            },
            openai.BadRequestError,
            "unsupported_value",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered_is_the_right_error_also_for_a_stream(
    client: openai.OpenAI, changed: dict[str, Any], kind: type[openai.APIStatusError], code: str, stream: bool
) -> None:
    with pytest.raises(kind) as caught:
        client.chat.completions.create(**{**chat(), **changed}, stream=stream)
    assert caught.value.code == code
    assert caught.value.response.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("prompt", [[1, 2, 3], [[1, 2], [3]], "", [], ["a"] * 5])
def test_prompts_that_cannot_be_continued_are_refused(client: openai.OpenAI, prompt: Any) -> None:
    with pytest.raises(openai.BadRequestError):
        client.completions.create(model="beta", prompt=prompt, max_tokens=2)


def test_echo_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="the prompt is not repeated"):
        client.completions.create(model="beta", prompt="Findings", echo=True)


def test_a_wrong_key_is_an_authentication_error(server: Served) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        ask(server.client("some other key"))
    assert caught.value.code == "invalid_api_key"


def test_the_admin_key_may_ask_too(server: Served) -> None:
    assert text(ask(server.client(ADMIN))) == text(ask(server.client()))


def test_a_request_id_is_given_back(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(**chat(), extra_headers={"x-request-id": "my-own.id_7"})
    assert raw.headers["x-request-id"] == "my-own.id_7"
    strange = client.chat.completions.with_raw_response.create(**chat(), extra_headers={"x-request-id": "a b\tc"})
    assert strange.headers["x-request-id"].startswith("req_")
