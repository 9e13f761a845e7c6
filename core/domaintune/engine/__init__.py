"""The engine of this process: a base model answers many requests at once, each with its own adapter, token by token.

A step is one pass of the base model over all running requests, a token each. Requests join and leave between steps
(`session`, `schedule`); each has a row of the key-value cache (`rows`). The adapters in use lie side by side in one slab
of factors for each layer (`slab`), and a row of coefficients says which of them answer which request:

    y = W x + B (c * (A x))        A [ranks, in], B [ranks, out], c [rows, ranks]

One weight is an adapter, several are a mix, and coefficients that depend on x are routing. A swap is a copy into the slab
between two steps. Prompts are read one at a time, so that nothing about an answer depends on who else is asking: on a
CPU an answer is the same to the last bit alone and in any batch.

A prompt with pictures (`pictures`) is read whole, in one pass: the vision tower and the projector turn each picture into
as many inputs as it has places among the tokens. An adapter may bring a projector of its own (`projector`), which takes
the place of the base model's while that pass lasts.
"""
