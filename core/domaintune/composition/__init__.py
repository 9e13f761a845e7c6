"""Composition: several adapters working as one, by merged weights, per token, or by a choice per request.

`package.compose` makes one adapter folder of several with any composer; `factors`, `lowrank`, `merge` and `peft_merge` are
the arithmetic, `interference` and `scores` say what the members do to each other, `arrow` routes tokens, and `embed`
with `routing` finds the member a prompt was made for.
"""
