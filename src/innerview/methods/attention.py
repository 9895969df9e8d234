"""Attention: where the tokens of a transformer look.

    A = softmax(q kᵀ / √d)                     one matrix for each head, token × token, every row sums to 1
    rollout:   R = Ã_L ⋯ Ã_1,  Ã = (A + I) / 2, A the mean over the heads
    weighted:  R = Ā_L' ⋯ Ā_1', Ā' = I + mean over the heads of max(A · ∂S/∂A, 0)

Vaswani and others 2017, arXiv 1706.03762; the rollout: Abnar and Zuidema 2020, arXiv 2005.00928, the halves for what
goes past each attention; weighted by gradients: Chefer, Gur, Wolf 2021, arXiv 2103.15679, equations 5 and 6. A row of
the matrix is drawn, that of the query: the class token where there is one. Attention says where was looked, and not
what the model made of it: hold it against taking parts away.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np

from innerview.errors import UsageError
from innerview.methods.grad_cam import spread_out
from innerview.methods.passes import check_image, require_finite
from innerview.model import Attended, Attending, AttentionWeights, Model, TokenGrid, attends, has_gradients
from innerview.results import Attention, Provenance
from innerview.targets import Logit, Target
from innerview.types import Array, Image

AttentionQuery: TypeAlias = Literal["class", "mean"] | int | tuple[int, int]
"""Whose attention: the class token's, the mean over all tokens, a token's by number, or by row and column."""

AttentionHead: TypeAlias = Literal["mean"] | int
"""Which head, or the mean over all of them."""

LISTED: Final = 8

INSTEAD: Final = "Use grad-cam or occlusion, which need no attention"


def attention(
    model: Model,
    image: Image,
    target: Target | None = None,
    *,
    layer: str | None = None,
    head: AttentionHead | None = "mean",
    query: AttentionQuery | None = None,
) -> Attention:
    """Show where a token looks in one layer.

    Args:
        model: a transformer whose attention can be seen.
        image: one image (pixels in [0, 1], height × width × channel).
        target: whose score is stated beside; it takes no part in the map.
        layer: name of the attention; None for the last one.
        head: number of a head, from 0; "mean" or None for the mean over all (the result has each of them).
        query: the class token ("class"), the mean over all tokens ("mean"), a token's number, or its row and column in
            the grid; None for the class token, or the mean where there is none.

    Raises:
        UsageError: the model has no attention that can be seen, or no such layer, head or token.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """
    seen = _seen(model, image)
    chosen = _chosen(seen, layer)
    grid = _grid(model, chosen)
    weights = chosen.weights[0]
    heads = len(weights)
    if isinstance(head, int) and not 0 <= head < heads:
        raise UsageError(f"head {head} of {chosen.name} was asked for; it has {heads}, 0 to {heads - 1}").of(
            "head", asked=head, limit=heads - 1, layer=chosen.name
        )
    matrix = weights[head] if isinstance(head, int) else weights.mean(axis=0)
    which = f"head {head} of {heads}" if isinstance(head, int) else f"mean of {heads} heads"
    return _shown(
        model,
        image,
        target,
        seen,
        weights=weights,
        matrix=matrix,
        grid=grid,
        query=query,
        layer=chosen.name,
        method=f"Attention at layer {chosen.name}, {which}",
        unit="fraction of its attention",
    )


def attention_rollout(
    model: Model,
    image: Image,
    target: Target | None = None,
    *,
    query: AttentionQuery | None = None,
    gradient_weighted: bool = False,
) -> Attention:
    """Follow attention through all layers, back to the image's own tokens.

    Args:
        model: a transformer whose attention can be seen, with as many tokens in every layer.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image; it takes part where gradients do.
        query: as of `attention`.
        gradient_weighted: weigh each head's attention by what the score gains by it; needs gradients.

    Raises:
        UsageError: the model has no attention that can be seen, or its layers differ in their tokens; there is no such
            token; the model has no gradients.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """
    if gradient_weighted and not has_gradients(model):
        raise UsageError(
            "gradients were asked of a model that can only be run forward; leave gradient_weighted out"
        ).of("gradient_weighted", found="forward only")
    asked = target or Logit()
    seen = _seen(model, image, asked if gradient_weighted else None)
    if seen.windows:
        raise UsageError(
            f"a rollout follows every layer, and in {seen.windows[0]} and {len(seen.windows) - 1} more the tokens look "
            f"within windows; look at one layer whose attention goes everywhere: attention:layer={seen.layers[-1].name}"
        ).of("rollout", layer=seen.windows[0])
    counts = {one.weights.shape[-1] for one in seen.layers}
    if len(counts) > 1:
        listed = ", ".join(map(str, sorted(counts)))
        raise UsageError(
            f"a rollout needs as many tokens in every layer, and this model has {listed}; look at one layer: "
            f"attention:layer={seen.layers[-1].name}"
        ).of("rollout", found=listed)
    matrix = np.eye(counts.pop())
    for one in seen.layers:
        matrix = _step(one, weighted=gradient_weighted) @ matrix
    how = ", weighted by gradients" if gradient_weighted else ""
    return _shown(
        model,
        image,
        asked,
        seen,
        weights=matrix[None].astype(seen.outputs.dtype),
        matrix=matrix,
        grid=_grid(model, seen.layers[-1]),
        query=query,
        layer=f"{seen.layers[0].name} to {seen.layers[-1].name}",
        method=f"Attention rollout over {len(seen.layers)} layers{how}",
        unit=f"{asked.unit} followed back" if gradient_weighted else "fraction of its attention",
        about=gradient_weighted,
    )


def _step(one: AttentionWeights, *, weighted: bool) -> Array:
    """One layer of a rollout, in float64."""
    weights = one.weights[0].astype(np.float64)
    if not weighted:
        return (weights.mean(axis=0) + np.eye(weights.shape[-1])) / 2
    assert one.gradients is not None  # noqa: S101 they were asked for
    return np.eye(weights.shape[-1]) + np.maximum(weights * one.gradients[0], 0).mean(axis=0)


def require_attention(model: Model) -> None:
    """Raise UsageError unless a model's attention can be seen."""
    if attends(model):
        return
    if not callable(getattr(model, "attend", None)):
        raise UsageError(
            f"attention was asked of a {type(model).__name__}; it can be seen in models of PyTorch alone. {INSTEAD}"
        ).of("attention", found=type(model).__name__)
    raise UsageError(
        "attention was asked of a model in which none was seen: it has no transformer's layers, or its tokens look "
        f"within windows, or it is scripted. {INSTEAD}"
    ).of("attention", found=None)


def _seen(model: Model, image: Image, target: Target | None = None) -> Attended:
    """Run the image; with a target the gradients of its score by the weights too."""
    require_attention(model)
    check_image(model, image, "image")
    looking: Attending = model  # pyright: ignore[reportAssignmentType] it has what it takes, or was refused

    def grad_output(outputs: Array) -> Array:
        assert target is not None  # noqa: S101 else nobody asks
        return target.resolve(outputs[0], model.output).grad_output(outputs)[None]

    seen = looking.attend(image[None], None if target is None else grad_output)
    require_finite(model, image[None], seen.outputs, "output")
    return seen


def _chosen(seen: Attended, layer: str | None) -> AttentionWeights:
    names = [one.name for one in seen.layers]
    if layer is None:
        return seen.layers[-1]
    if layer.isdecimal() and 1 <= int(layer) <= len(names):  # as people count
        return seen.layers[int(layer) - 1]
    if layer in names:
        return seen.layers[names.index(layer)]
    listed = ", ".join(names if len(names) <= LISTED else [*names[: LISTED - 1], "…", names[-1]])
    windows = f"; those of {seen.windows[0]} and others look within windows, and are not shown" if seen.windows else ""
    raise UsageError(f"there is no attention {layer!r}; there are 1 to {len(names)}: {listed}{windows}").of(
        "layer", asked=layer, known=names
    )


def _grid(model: Model, chosen: AttentionWeights) -> TokenGrid:
    """The grid of a layer with as many tokens, the one nearest by name."""
    count = chosen.weights.shape[-1]
    grids = {layer.name: layer.tokens for layer in model.layers if layer.tokens and layer.tokens.count == count}
    if not grids:
        raise UsageError(
            f"attention was asked of {chosen.name}, whose {count} tokens can't be placed in the image: no layer with "
            f"so many has positions. {INSTEAD}"
        ).of("tokens", found=count, layer=chosen.name)

    def common(name: str) -> int:
        return next((i for i, (a, b) in enumerate(zip(name, chosen.name, strict=False)) if a != b), len(chosen.name))

    return grids[max(grids, key=common)]


def _row(query: AttentionQuery | None, grid: TokenGrid) -> tuple[int | None, str]:
    """Number of the token that is asked for (None for the mean over all), and its words."""
    places = range(grid.start, grid.start + grid.height * grid.width)
    other = next((token for token in range(grid.count) if token not in places), None)
    if query == "mean" or (query is None and other is None):
        return None, "all tokens"
    if query in {None, "class"}:
        if other is None:
            raise UsageError(
                "the class token's attention was asked for, and this model has none beside its "
                f"{grid.height} × {grid.width} grid; ask for query=mean, or a place such as query=0x0"
            ).of("query", asked="class", found=(grid.height, grid.width))
        return other, "the class token"
    if isinstance(query, tuple) and 0 <= query[0] < grid.height and 0 <= query[1] < grid.width:
        return grid.start + query[0] * grid.width + query[1], f"the token in row {query[0]}, column {query[1]}"
    if isinstance(query, int) and 0 <= query < grid.count:
        return query, f"token {query}"
    raise UsageError(
        f"query {query!r} was asked for; it is class, mean, a token from 0 to {grid.count - 1}, or row and column of "
        f"the {grid.height} × {grid.width} grid, counted from 0"
    ).of("query", asked=query, found=(grid.height, grid.width))


def _shown(
    model: Model,
    image: Image,
    target: Target | None,
    seen: Attended,
    *,
    weights: Array,
    matrix: Array,
    grid: TokenGrid,
    query: AttentionQuery | None,
    layer: str,
    method: str,
    unit: str,
    about: bool = False,
) -> Attention:
    """The row of the query, laid over the image."""
    token, words = _row(query, grid)
    row = (matrix.mean(axis=0) if token is None else matrix[token]).astype(np.float64)
    places = grid.positions(row)
    resolved = (target or Logit()).resolve(seen.outputs[0], model.output)
    total = float(row.sum())
    beside = 100 * (1 - float(places.sum()) / total) if total else 0.0
    notes = ["It says where was looked, and not what the model made of it."]
    if grid.count > grid.height * grid.width:
        notes.append(f"{beside:.0f} % goes to class and register tokens, which are nowhere in the image.")
    described = resolved.describe(model.output.class_names) if about else "no class in particular"
    return Attention(
        image=image,
        weights=weights,
        grid=grid,
        heatmap=spread_out(places, image.shape[0], image.shape[1]),
        layer=layer,
        method=f"{method}, from {words}",
        query=words,
        unit=unit,
        score=float(resolved.score(seen.outputs)[0]),
        target=resolved.index if about else None,
        n_evaluations=1,
        provenance=Provenance.of(model, described),
        notes=tuple(notes),
    )
