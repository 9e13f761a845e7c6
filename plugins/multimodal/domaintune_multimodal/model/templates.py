"""Chat templates that read pictures, for language models whose own template knows text only."""

from __future__ import annotations

_CONTENT = (
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}{{ '<image>\n' }}{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}"
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    + _CONTENT
    + "{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""For models whose turns lie between <|im_start|> and <|im_end|>: SmolLM, Qwen."""
VICUNA = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}" + _CONTENT + "{{ ' ' }}"
    "{% elif message['role'] == 'user' %}{{ 'USER: ' }}" + _CONTENT + "{{ ' ' }}"
    "{% else %}{{ 'ASSISTANT: ' }}" + _CONTENT + "{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT: ' }}{% endif %}"
)
"""LLaVA-1.5's own, for every other model."""


def fitting(vocabulary: dict[str, int]) -> str:
    """Return the template for a language model, by the words it knows."""
    return CHATML if "<|im_start|>" in vocabulary and "<|im_end|>" in vocabulary else VICUNA
