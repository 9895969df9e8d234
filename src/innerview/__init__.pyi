"""See inside an image classifier: its weights, its layers and the pixels that decided, with numbers you can check.

    import innerview
    from innerview import pictures

    model = innerview.load_pretrained("allcnn")
    image = innerview.preprocess(innerview.example_image("cat"), model.input).pixels
    black = innerview.make_baseline("black", model.input, image).image
    result = innerview.integrated_gradients(model, image, innerview.Logit(), baseline=black, tolerance=0.01)
    pictures.save(pictures.attribution_figure(result), "cat.png")

Names are imported when they are first used, so that `import innerview` is quick and asks for no framework.
"""

# Written by `python scripts/docs.py` from the code; change that instead.
# pyright: reportOverlappingOverload=false

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, SupportsInt, overload

import numpy as np

from innerview.adapters.torch.detections import detected_at as detected_at
from innerview.adapters.torch.regions import mean_inside as mean_inside
from innerview.allcnn import load_pretrained as load_pretrained
from innerview.data.baselines import Baseline, BaselineName
from innerview.data.fitting import preprocess as preprocess
from innerview.data.reading import load_image as load_image
from innerview.data.samples import example_image as example_image
from innerview.data.samples import example_names as example_names
from innerview.errors import InnerviewError as InnerviewError
from innerview.fills import Fill
from innerview.methods import grid_segments as grid_segments
from innerview.methods.ask import Earlier
from innerview.methods.attention import AttentionHead, AttentionQuery
from innerview.methods.passes import Progress
from innerview.methods.placebos import Box
from innerview.methods.regions import Regions
from innerview.methods.smooth import Method
from innerview.model import InputSpec as InputSpec
from innerview.model import Model
from innerview.model import OutputSpec as OutputSpec
from innerview.notebook.view import view as view
from innerview.recorders import Recorder as Recorder
from innerview.results import (
    Activations,
    Attention,
    Attribution,
    Explained,
    Gradient,
    IntegratedGradients,
    InteriorGradients,
    MaskingCurve,
    PathPredictions,
    Prediction,
    WeightHistograms,
)
from innerview.results.activation_distances import ActivationDistances
from innerview.results.class_evidence import ClassEvidence
from innerview.results.io import load_result as load_result
from innerview.results.io import save_result as save_result
from innerview.results.parts import Parts
from innerview.results.region_effects import RegionEffects
from innerview.results.shapley import ShapleyValues
from innerview.targets import Contrast as Contrast
from innerview.targets import Logit as Logit
from innerview.targets import LogOdds as LogOdds
from innerview.targets import Margin as Margin
from innerview.targets import Probability as Probability
from innerview.targets import Similarity as Similarity
from innerview.types import Array
from innerview.typing import ArrayLike, BaselineLike, NumpyImageLike, T, TargetLike
from innerview.workbench import Query as Query
from innerview.workbench import compare as compare
from innerview.workbench import explain as explain
from innerview.workbench import survey as survey
from innerview.workbench.survey.atlas import channel_atlas as channel_atlas

__version__: str
__all__ = [
    "Contrast",
    "InnerviewError",
    "InputSpec",
    "LogOdds",
    "Logit",
    "Margin",
    "OutputSpec",
    "Probability",
    "Query",
    "Recorder",
    "Similarity",
    "__version__",
    "activation_distances",
    "activations",
    "aggregate_segments",
    "ask",
    "attention",
    "attention_rollout",
    "attn_lrp",
    "captum_attribution",
    "channel_atlas",
    "class_evidence",
    "compare",
    "deletion",
    "detected_at",
    "example_image",
    "example_names",
    "expected_gradients",
    "explain",
    "grad_cam",
    "gradient",
    "gradient_input",
    "grid_segments",
    "insertion",
    "integrated_gradients",
    "interior_gradients",
    "load_image",
    "load_pretrained",
    "load_result",
    "make_baseline",
    "mean_inside",
    "occlusion",
    "parts",
    "path_predictions",
    "predict",
    "preprocess",
    "removed_and_alone",
    "rise",
    "sampled_shapley",
    "save_result",
    "shapley",
    "smooth_grad",
    "survey",
    "var_grad",
    "view",
    "weight_histograms",
    "wrap",
]

@overload
def activation_distances(
    model: Model, images: Array, reference: ArrayLike, *, layer: str | int | None = ..., k: int = ...
) -> ActivationDistances:
    """Measure how far images lie from real ones, and the real ones from each other.

    Args:
        model: any model whose layers are known; no gradients are needed.
        images: in question, such as images with a part filled (pixels in [0, 1], batch × height × width × channel).
        reference: real images, more than k + 1 of them; some hundreds give percentiles.
        layer: by name or number; if None the one before the last layer with weights.
        k: which neighbour.

    Raises:
        UsageError: the model's layers are not known, it has one with weights only, or too few real images for k.
        ImageError: the images do not fit the model.
        ModelError: an activation is NaN or infinite.
    """

@overload
def activation_distances(
    model: Model, images: T, reference: ArrayLike, *, layer: str | int | None = ..., k: int = ...
) -> ActivationDistances[T]:
    """Measure how far images lie from real ones, and the real ones from each other.

    Args:
        model: any model whose layers are known; no gradients are needed.
        images: in question, such as images with a part filled (pixels in [0, 1], batch × height × width × channel).
        reference: real images, more than k + 1 of them; some hundreds give percentiles.
        layer: by name or number; if None the one before the last layer with weights.
        k: which neighbour.

    Raises:
        UsageError: the model's layers are not known, it has one with weights only, or too few real images for k.
        ImageError: the images do not fit the model.
        ModelError: an activation is NaN or infinite.
    """

@overload
def activations(model: Model, image: NumpyImageLike, layers: Sequence[str | int]) -> Activations:
    """Take down the outputs of `layers` (names, or numbers as people count) for one image.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        layers: in the order in which they are wanted.

    Raises:
        UnknownLayer: lists the layers.
        ImageError: the image does not fit the model.
        ModelError: an output is not finite.
    """

@overload
def activations(model: Model, image: T, layers: Sequence[str | int]) -> Activations[T]:
    """Take down the outputs of `layers` (names, or numbers as people count) for one image.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        layers: in the order in which they are wanted.

    Raises:
        UnknownLayer: lists the layers.
        ImageError: the image does not fit the model.
        ModelError: an output is not finite.
    """

@overload
def aggregate_segments(result: Explained, segments: ArrayLike) -> Attribution:
    """Show each region's sum, shared out equally among its pixels, in place of a map's pixels.

    The error of a region is at most the sum of its pixels' errors, and that is what is given: how they hang together is
    not known. A method that sums regions itself can be given to `smooth_grad`, which then knows.

    Args:
        result: any map over an image.
        segments: of each pixel's region, whole numbers from 0; or a mask.

    Raises:
        ImageError: the labels don't fit the map.
    """

@overload
def aggregate_segments(result: Explained[T], segments: ArrayLike) -> Attribution[T]:
    """Show each region's sum, shared out equally among its pixels, in place of a map's pixels.

    The error of a region is at most the sum of its pixels' errors, and that is what is given: how they hang together is
    not known. A method that sums regions itself can be given to `smooth_grad`, which then knows.

    Args:
        result: any map over an image.
        segments: of each pixel's region, whole numbers from 0; or a mask.

    Raises:
        ImageError: the labels don't fit the map.
    """

@overload
def ask(
    model: Model,
    image: NumpyImageLike,
    region: str | Box | ArrayLike | Sequence[Box | ArrayLike],
    target: str | int | None = ...,
    *,
    objective: str = ...,
    fills: Sequence[str | ArrayLike | Fill] = ...,
    n_placebos: int = ...,
    names: Sequence[str] = ...,
    earlier: Earlier = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> RegionEffects:
    """Tell what one region or several do to the score, removed and alone, with p-values against placebos.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        region: a box (left, top, width, height in pixels of the image), or a mask of height × width; or several; or
            "superpixels" ("superpixels:8" for so many; extra `superpixels`): each of them.
        target: class that is explained, by number; the predicted one if None.
        objective: "log-odds", "logit", "contrast" or "probability"; if empty the log-odds, and what is usual for
            outputs that have none.
        fills: what stands in the place of what is taken away: names (see `fills.FILLS`) or images.
        n_placebos: other positions to hold each region against, at most; 0 for none.
        names: of the regions, for the sentences; boxes as they are given, and masks by number, if empty.
        earlier: tries made before on this image, which are corrected for as well: the answer before this one, which
            counts those before it, or several answers, or p-values. Who asks the same again has tried once.
        seed: of the draw of positions.
        progress: called with passes done and in all.

    Raises:
        UsageError: a region that is empty, outside of the image or all of it; no fill; an objective without meaning;
            earlier answers about another image or model.
        ImageError: the image, an image that fills, or a mask does not fit.
        ModelError: an output is NaN or infinite; says for which region.
    """

@overload
def ask(
    model: Model,
    image: T,
    region: str | Box | ArrayLike | Sequence[Box | ArrayLike],
    target: str | int | None = ...,
    *,
    objective: str = ...,
    fills: Sequence[str | ArrayLike | Fill] = ...,
    n_placebos: int = ...,
    names: Sequence[str] = ...,
    earlier: Earlier = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> RegionEffects[T]:
    """Tell what one region or several do to the score, removed and alone, with p-values against placebos.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        region: a box (left, top, width, height in pixels of the image), or a mask of height × width; or several; or
            "superpixels" ("superpixels:8" for so many; extra `superpixels`): each of them.
        target: class that is explained, by number; the predicted one if None.
        objective: "log-odds", "logit", "contrast" or "probability"; if empty the log-odds, and what is usual for
            outputs that have none.
        fills: what stands in the place of what is taken away: names (see `fills.FILLS`) or images.
        n_placebos: other positions to hold each region against, at most; 0 for none.
        names: of the regions, for the sentences; boxes as they are given, and masks by number, if empty.
        earlier: tries made before on this image, which are corrected for as well: the answer before this one, which
            counts those before it, or several answers, or p-values. Who asks the same again has tried once.
        seed: of the draw of positions.
        progress: called with passes done and in all.

    Raises:
        UsageError: a region that is empty, outside of the image or all of it; no fill; an objective without meaning;
            earlier answers about another image or model.
        ImageError: the image, an image that fills, or a mask does not fit.
        ModelError: an output is NaN or infinite; says for which region.
    """

@overload
def attention(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    layer: str | None = ...,
    head: AttentionHead | None = ...,
    query: AttentionQuery | None = ...,
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

@overload
def attention(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    layer: str | None = ...,
    head: AttentionHead | None = ...,
    query: AttentionQuery | None = ...,
) -> Attention[T]:
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

@overload
def attention_rollout(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    query: AttentionQuery | None = ...,
    gradient_weighted: bool = ...,
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

@overload
def attention_rollout(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    query: AttentionQuery | None = ...,
    gradient_weighted: bool = ...,
) -> Attention[T]:
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

@overload
def attn_lrp(model: Model, image: NumpyImageLike, target: TargetLike = ..., *, gamma: float = ...) -> Attribution:
    """Pass the score back to the pixels by the rules of AttnLRP.

    Args:
        model: a transformer of PyTorch, in which every operation has a rule.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        gamma: how many times more counts what has the sign of a sum, in dense layers and convolutions; from 0.

    Raises:
        UsageError: an operation has no rule, and which; the model has no attention or no gradients; the target has no
            meaning here; gamma is below 0.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """

@overload
def attn_lrp(model: Model, image: T, target: TargetLike = ..., *, gamma: float = ...) -> Attribution[T]:
    """Pass the score back to the pixels by the rules of AttnLRP.

    Args:
        model: a transformer of PyTorch, in which every operation has a rule.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        gamma: how many times more counts what has the sign of a sum, in dense layers and convolutions; from 0.

    Raises:
        UsageError: an operation has no rule, and which; the model has no attention or no gradients; the target has no
            meaning here; gamma is below 0.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """

@overload
def captum_attribution(
    model: Model,
    method: str | Callable[..., Any],
    image: NumpyImageLike,
    target: TargetLike = ...,
    /,
    *,
    layer: str | int | None = ...,
    seed: int = ...,
    **arguments: Any,
) -> Attribution:
    """Explain one image by a method of Captum.

    Args:
        model: a wrapped PyTorch module.
        method: the name of a class in `captum.attr` ("DeepLift"), the class, or a function from the module (and the
            layer's module, if a layer is named) to an object of such a class: `lambda model:
            NoiseTunnel(Saliency(model))`.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image; None for methods that explain a neuron.
        layer: name or number of the layer, for methods that take one. Captum sees the module, so all its calls.
        seed: of the random generators of PyTorch and NumPy, which are put back afterwards.
        **arguments: for the method's `attribute`, under Captum's names. `baselines` is an image, or a batch of them;
            `feature_mask` is height × width (× channel), whole numbers. All else goes as it is. Saliency keeps its
            sign unless `abs=True` is asked for.

    Raises:
        MissingExtra: Captum is not installed.
        UsageError: no such method, one without meaning here, a layer or target that it can't take or needs.
        ImageError: image, baseline or mask does not fit the model.
        ModelError: Captum failed, or what it gave is not finite or has no place on an image.
    """

@overload
def captum_attribution(
    model: Model,
    method: str | Callable[..., Any],
    image: T,
    target: TargetLike = ...,
    /,
    *,
    layer: str | int | None = ...,
    seed: int = ...,
    **arguments: Any,
) -> Attribution[T]:
    """Explain one image by a method of Captum.

    Args:
        model: a wrapped PyTorch module.
        method: the name of a class in `captum.attr` ("DeepLift"), the class, or a function from the module (and the
            layer's module, if a layer is named) to an object of such a class: `lambda model:
            NoiseTunnel(Saliency(model))`.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image; None for methods that explain a neuron.
        layer: name or number of the layer, for methods that take one. Captum sees the module, so all its calls.
        seed: of the random generators of PyTorch and NumPy, which are put back afterwards.
        **arguments: for the method's `attribute`, under Captum's names. `baselines` is an image, or a batch of them;
            `feature_mask` is height × width (× channel), whole numbers. All else goes as it is. Saliency keeps its
            sign unless `abs=True` is asked for.

    Raises:
        MissingExtra: Captum is not installed.
        UsageError: no such method, one without meaning here, a layer or target that it can't take or needs.
        ImageError: image, baseline or mask does not fit the model.
        ModelError: Captum failed, or what it gave is not finite or has no place on an image.
    """

@overload
def class_evidence(model: Model, image: NumpyImageLike, target: TargetLike = ...) -> ClassEvidence:
    """Take every output apart into what each position of the last map gives to it.

    Args:
        model: any model whose layers are known; no gradients are needed (they tell the receptive field).
        image: one image (pixels in [0, 1], height × width × channel).
        target: a sum of outputs, such as a logit, a contrast or a margin; an open class is the one that wins.

    Raises:
        UsageError: the model does not end in a sum over positions, and why; the target is no sum of outputs.
        ImageError: the image does not fit the model.
        ModelError: something is NaN or infinite.
    """

@overload
def class_evidence(model: Model, image: T, target: TargetLike = ...) -> ClassEvidence[T]:
    """Take every output apart into what each position of the last map gives to it.

    Args:
        model: any model whose layers are known; no gradients are needed (they tell the receptive field).
        image: one image (pixels in [0, 1], height × width × channel).
        target: a sum of outputs, such as a logit, a contrast or a margin; an open class is the one that wins.

    Raises:
        UsageError: the model does not end in a sum over positions, and why; the target is no sum of outputs.
        ImageError: the image does not fit the model.
        ModelError: something is NaN or infinite.
    """

@overload
def deletion(
    model: Model,
    image: NumpyImageLike,
    values: ArrayLike,
    *,
    fill: str | ArrayLike | Fill = ...,
    fractions: Sequence[float] | Array = ...,
    order: str = ...,
    target: str | int | None = ...,
) -> MaskingCurve:
    """Predict without the first-ranked pixels, for each of `fractions`.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        values: the map that ranks the pixels, height × width, in any unit.
        fill: what stands where a pixel is taken away: a name (see `fills.FILLS`), an image of the same shape, a fill.
        fractions: of the pixels that are taken away, in [0, 1]; round(fraction × height × width) pixels.
        order: as for `insertion`: which pixels are taken away first.
        target: number of the class that the map explains, taken down in the result.

    Raises:
        UsageError, ImageError: as for `insertion`.
    """

@overload
def deletion(
    model: Model,
    image: T,
    values: ArrayLike,
    *,
    fill: str | ArrayLike | Fill = ...,
    fractions: Sequence[float] | Array = ...,
    order: str = ...,
    target: str | int | None = ...,
) -> MaskingCurve[T]:
    """Predict without the first-ranked pixels, for each of `fractions`.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        values: the map that ranks the pixels, height × width, in any unit.
        fill: what stands where a pixel is taken away: a name (see `fills.FILLS`), an image of the same shape, a fill.
        fractions: of the pixels that are taken away, in [0, 1]; round(fraction × height × width) pixels.
        order: as for `insertion`: which pixels are taken away first.
        target: number of the class that the map explains, taken down in the result.

    Raises:
        UsageError, ImageError: as for `insertion`.
    """

@overload
def expected_gradients(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    baselines: Sequence[BaselineLike] | ArrayLike,
    n_samples: int | None = ...,
    half_width: float | None = ...,
    regions: Regions = ...,
    confidence: float = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution:
    """Attribute `target` to the pixels, on average over a set of baselines.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        baselines: images to compare with, commonly some dozens from the training set; each is as likely.
        n_samples: forward and backward passes, at least 2; the standard error falls with their square root. 200, or as
            many as `half_width` takes, but 10,000 at most, if None.
        half_width: of the intervals around the map's sums over `regions`, all at once, in units of the target.
        regions: for `half_width`: a number, rows and columns of a grid, labels of pixels, or "superpixels".
        confidence: that all intervals hold at once.
        seed: of the sampling.
        progress: called with samples done and in all.

    Raises:
        UsageError: no baseline, too few samples, an interval or a target without meaning here, no gradients.
        ImageError: image or a baseline does not fit the model.
        ModelError: something is not finite.
    """

@overload
def expected_gradients(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    baselines: Sequence[BaselineLike] | ArrayLike,
    n_samples: int | None = ...,
    half_width: float | None = ...,
    regions: Regions = ...,
    confidence: float = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution[T]:
    """Attribute `target` to the pixels, on average over a set of baselines.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        baselines: images to compare with, commonly some dozens from the training set; each is as likely.
        n_samples: forward and backward passes, at least 2; the standard error falls with their square root. 200, or as
            many as `half_width` takes, but 10,000 at most, if None.
        half_width: of the intervals around the map's sums over `regions`, all at once, in units of the target.
        regions: for `half_width`: a number, rows and columns of a grid, labels of pixels, or "superpixels".
        confidence: that all intervals hold at once.
        seed: of the sampling.
        progress: called with samples done and in all.

    Raises:
        UsageError: no baseline, too few samples, an interval or a target without meaning here, no gradients.
        ImageError: image or a baseline does not fit the model.
        ModelError: something is not finite.
    """

@overload
def grad_cam(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    layer: str | int | None = ...,
    *,
    relu_attributions: bool = ...,
) -> Attribution:
    """Weigh a layer's channels by their mean gradient and lay the sum over the image.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        layer: its name, or its number as people count; if None the last one with places and a gradient there, in a
            transformer that reads its class token the normalisation in front of the last attention.
        relu_attributions: keep only what speaks for the target, as the paper does.

    Raises:
        UnknownLayer: lists the layers.
        UsageError: the layer has no places, one only, or no gradient there; the target has no meaning here; the
            model has no gradients.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """

@overload
def grad_cam(
    model: Model, image: T, target: TargetLike = ..., layer: str | int | None = ..., *, relu_attributions: bool = ...
) -> Attribution[T]:
    """Weigh a layer's channels by their mean gradient and lay the sum over the image.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        layer: its name, or its number as people count; if None the last one with places and a gradient there, in a
            transformer that reads its class token the normalisation in front of the last attention.
        relu_attributions: keep only what speaks for the target, as the paper does.

    Raises:
        UnknownLayer: lists the layers.
        UsageError: the layer has no places, one only, or no gradient there; the target has no meaning here; the
            model has no gradients.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """

@overload
def gradient(model: Model, image: NumpyImageLike, target: TargetLike = ...) -> Gradient:
    """Work out how the target changes per unit of each pixel value.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.

    Raises:
        ImageError: the image does not fit the model.
        UsageError: the target has no meaning here, or the model has no gradients.
        ModelError: something is not finite.
    """

@overload
def gradient(model: Model, image: T, target: TargetLike = ...) -> Gradient[T]:
    """Work out how the target changes per unit of each pixel value.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.

    Raises:
        ImageError: the image does not fit the model.
        UsageError: the target has no meaning here, or the model has no gradients.
        ModelError: something is not finite.
    """

@overload
def gradient_input(
    model: Model, image: NumpyImageLike, target: TargetLike = ..., *, baseline: BaselineLike | None = ...
) -> Attribution:
    """Multiply the gradient at the image by the image, or by its difference from a baseline.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        baseline: an image of the same shape; black if None.

    Raises:
        ImageError: image or baseline does not fit the model.
        UsageError: the target has no meaning here, or the model has no gradients.
        ModelError: something is not finite.
    """

@overload
def gradient_input(
    model: Model, image: T, target: TargetLike = ..., *, baseline: BaselineLike | None = ...
) -> Attribution[T]:
    """Multiply the gradient at the image by the image, or by its difference from a baseline.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        baseline: an image of the same shape; black if None.

    Raises:
        ImageError: image or baseline does not fit the model.
        UsageError: the target has no meaning here, or the model has no gradients.
        ModelError: something is not finite.
    """

@overload
def insertion(
    model: Model,
    image: NumpyImageLike,
    values: ArrayLike,
    *,
    fill: str | ArrayLike | Fill = ...,
    fractions: Sequence[float] | Array = ...,
    order: str = ...,
    target: str | int | None = ...,
) -> MaskingCurve:
    """Predict with only the first-ranked pixels shown, for each of `fractions`.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        values: the map that ranks the pixels, height × width, in any unit.
        fill: what stands where a pixel is taken away: a name (see `fills.FILLS`), an image of the same shape, a fill.
        fractions: of the pixels that are shown, in [0, 1]; round(fraction × height × width) pixels.
        order: "highest" first, "lowest" first, or "strongest" (absolute value) first. Equal values are taken in
            reading order.
        target: number of the class that the map explains, taken down in the result.

    Raises:
        UsageError: an unknown order, or a fraction outside [0, 1].
        ImageError: image, fill or map does not fit the model.
    """

@overload
def insertion(
    model: Model,
    image: T,
    values: ArrayLike,
    *,
    fill: str | ArrayLike | Fill = ...,
    fractions: Sequence[float] | Array = ...,
    order: str = ...,
    target: str | int | None = ...,
) -> MaskingCurve[T]:
    """Predict with only the first-ranked pixels shown, for each of `fractions`.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        values: the map that ranks the pixels, height × width, in any unit.
        fill: what stands where a pixel is taken away: a name (see `fills.FILLS`), an image of the same shape, a fill.
        fractions: of the pixels that are shown, in [0, 1]; round(fraction × height × width) pixels.
        order: "highest" first, "lowest" first, or "strongest" (absolute value) first. Equal values are taken in
            reading order.
        target: number of the class that the map explains, taken down in the result.

    Raises:
        UsageError: an unknown order, or a fraction outside [0, 1].
        ImageError: image, fill or map does not fit the model.
    """

@overload
def integrated_gradients(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    baseline: BaselineLike | Sequence[BaselineLike] = ...,
    tolerance: float | None = ...,
    max_evaluations: int = ...,
    rule: str | None = ...,
    n_steps: int | None = ...,
    interior: Sequence[float] | Array = ...,
    progress: Progress | None = ...,
) -> IntegratedGradients:
    """Attribute `target` to the pixels of `image`, along the straight path from `baseline`.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        baseline: where the path starts, an image of the same shape. Of several, the maps are averaged and
            the standard deviation of the map is given as `spread`.
        tolerance: of the relative L1 error of the map, and of the gap: 0.01 is 1 %.
        max_evaluations: evaluations at most; when they end first, the status says so and the result is what there is.
        rule: instead of a tolerance, one of `innerview.quadrature.RULES`.
        n_steps: of that rule, for each baseline.
        interior: alphas in [0, 1] whose gradients are wanted as well, on the path from the first baseline. They are
            worked out in the integral's batches, beside its own evaluations, and are the result's `interior`.
        progress: called with evaluations done and in all, as far as they are known.

    Raises:
        UsageError: neither a tolerance nor a number of evaluations, or both; an unknown rule, too few evaluations or
            too small a budget, a tolerance that the precision can't give, no baseline, a target without meaning here.
        ImageError: image or baseline does not fit the model.
        ModelError: something is not finite; the message names layer and alpha.
    """

@overload
def integrated_gradients(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    baseline: BaselineLike | Sequence[BaselineLike] = ...,
    tolerance: float | None = ...,
    max_evaluations: int = ...,
    rule: str | None = ...,
    n_steps: int | None = ...,
    interior: Sequence[float] | Array = ...,
    progress: Progress | None = ...,
) -> IntegratedGradients[T]:
    """Attribute `target` to the pixels of `image`, along the straight path from `baseline`.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        baseline: where the path starts, an image of the same shape. Of several, the maps are averaged and
            the standard deviation of the map is given as `spread`.
        tolerance: of the relative L1 error of the map, and of the gap: 0.01 is 1 %.
        max_evaluations: evaluations at most; when they end first, the status says so and the result is what there is.
        rule: instead of a tolerance, one of `innerview.quadrature.RULES`.
        n_steps: of that rule, for each baseline.
        interior: alphas in [0, 1] whose gradients are wanted as well, on the path from the first baseline. They are
            worked out in the integral's batches, beside its own evaluations, and are the result's `interior`.
        progress: called with evaluations done and in all, as far as they are known.

    Raises:
        UsageError: neither a tolerance nor a number of evaluations, or both; an unknown rule, too few evaluations or
            too small a budget, a tolerance that the precision can't give, no baseline, a target without meaning here.
        ImageError: image or baseline does not fit the model.
        ModelError: something is not finite; the message names layer and alpha.
    """

@overload
def interior_gradients(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    baseline: BaselineLike = ...,
    alphas: Sequence[float] | Array = ...,
    progress: Progress | None = ...,
) -> InteriorGradients:
    """Work out gradient, score and prediction at each alpha.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image (not anew at each alpha).
        baseline: where the path starts, an image of the same shape.
        alphas: in [0, 1], in the order in which they are wanted.
        progress: called with places done and in all.

    Raises:
        UsageError: an alpha outside [0, 1]; the target has no meaning here; the model has no gradients.
        ImageError: image or baseline does not fit the model.
        ModelError: something is not finite; the message names layer and alpha.
    """

@overload
def interior_gradients(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    baseline: BaselineLike = ...,
    alphas: Sequence[float] | Array = ...,
    progress: Progress | None = ...,
) -> InteriorGradients[T]:
    """Work out gradient, score and prediction at each alpha.

    Args:
        model: any model with gradients.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image (not anew at each alpha).
        baseline: where the path starts, an image of the same shape.
        alphas: in [0, 1], in the order in which they are wanted.
        progress: called with places done and in all.

    Raises:
        UsageError: an alpha outside [0, 1]; the target has no meaning here; the model has no gradients.
        ImageError: image or baseline does not fit the model.
        ModelError: something is not finite; the message names layer and alpha.
    """

@overload
def make_baseline(asked: str | BaselineName, spec: InputSpec, image: NumpyImageLike) -> Baseline:
    """Make a baseline for one image.

    Args:
        asked: its name, as text or parsed.
        spec: what the model takes.
        image: the image that is explained, height × width × channels, which "blurred" is made from.

    Raises:
        UsageError: there is no such baseline.
        ImageError: the file can't be read or has another size than the model's images.
    """

@overload
def make_baseline(asked: str | BaselineName, spec: InputSpec, image: T) -> Baseline[T]:
    """Make a baseline for one image.

    Args:
        asked: its name, as text or parsed.
        spec: what the model takes.
        image: the image that is explained, height × width × channels, which "blurred" is made from.

    Raises:
        UsageError: there is no such baseline.
        ImageError: the file can't be read or has another size than the model's images.
    """

@overload
def occlusion(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    fill: BaselineLike | Fill = ...,
    window: int | tuple[int, int] | None = ...,
    stride: int | tuple[int, int] | None = ...,
    progress: Progress | None = ...,
) -> Attribution:
    """Hide one window after another and share out what the score loses.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        fill: what stands in a hidden window: an image of the same shape, or a fill that depends on what is kept
            (`fills.make_fill`), such as "imputed".
        window: height and width in pixels, or one number for both; an eighth of the shorter side if None.
        stride: from one window to the next, down and across; the window's own size if None, so that windows lie side
            by side (half of it if `window` is None as well). The last ones are cut off at the image's edge.
        progress: called with windows done and in all.

    Raises:
        UsageError: a window larger than the image, a stride that leaves pixels out, a target without meaning here.
        ImageError: image or fill does not fit the model.
        ModelError: an output is NaN or infinite; says for which window.
    """

@overload
def occlusion(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    fill: BaselineLike | Fill = ...,
    window: int | tuple[int, int] | None = ...,
    stride: int | tuple[int, int] | None = ...,
    progress: Progress | None = ...,
) -> Attribution[T]:
    """Hide one window after another and share out what the score loses.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        fill: what stands in a hidden window: an image of the same shape, or a fill that depends on what is kept
            (`fills.make_fill`), such as "imputed".
        window: height and width in pixels, or one number for both; an eighth of the shorter side if None.
        stride: from one window to the next, down and across; the window's own size if None, so that windows lie side
            by side (half of it if `window` is None as well). The last ones are cut off at the image's edge.
        progress: called with windows done and in all.

    Raises:
        UsageError: a window larger than the image, a stride that leaves pixels out, a target without meaning here.
        ImageError: image or fill does not fit the model.
        ModelError: an output is NaN or infinite; says for which window.
    """

@overload
def parts(
    model: Model,
    image: NumpyImageLike,
    *,
    eighths: Sequence[int] = ...,
    fills: Sequence[str | ArrayLike | Fill] = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Parts:
    """Predict every window of the image, alone and in place.

    Args:
        model: any model whose outputs decide; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel), of 8 × 8 pixels at least.
        eighths: sides of the windows, 1 to 7 eighths of the image's.
        fills: what stands around a window in place: names (see `fills.FILLS`) or images.
        seed: of the random order of pixels in the control.
        progress: called with passes done and in all.

    Raises:
        UsageError: no side or no fill, or one that does not exist; a model whose single score decides nothing.
        ImageError: the image does not fit the model, or is too small.
        ModelError: an output is NaN or infinite; says of which window.
    """

@overload
def parts(
    model: Model,
    image: T,
    *,
    eighths: Sequence[int] = ...,
    fills: Sequence[str | ArrayLike | Fill] = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Parts[T]:
    """Predict every window of the image, alone and in place.

    Args:
        model: any model whose outputs decide; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel), of 8 × 8 pixels at least.
        eighths: sides of the windows, 1 to 7 eighths of the image's.
        fills: what stands around a window in place: names (see `fills.FILLS`) or images.
        seed: of the random order of pixels in the control.
        progress: called with passes done and in all.

    Raises:
        UsageError: no side or no fill, or one that does not exist; a model whose single score decides nothing.
        ImageError: the image does not fit the model, or is too small.
        ModelError: an output is NaN or infinite; says of which window.
    """

def path_predictions(
    model: Model,
    dataset: Iterable[tuple[ArrayLike, SupportsInt]],
    *,
    baseline: BaselineLike = ...,
    alphas: Sequence[float] | Array,
    progress: Callable[[float], None] | None = ...,
) -> PathPredictions:
    """Count, at each alpha, how many images are called what, and how many rightly.

    Args:
        model: any model; no gradients are needed.
        dataset: pairs of an image (pixels in [0, 1], height × width × channel) and its true class number; with a
            single output 0 for its class and 1 for what is not of it.
        baseline: where all paths start, an image of the same shape.
        alphas: in [0, 1].
        progress: called with the number of images done, between alphas with parts of an image.

    Raises:
        UsageError: no image, or an alpha outside [0, 1].
        ImageError: an image or the baseline does not fit the model.
        ModelError: an output is not finite.
    """

@overload
def predict(model: Model, images: Array) -> list[Prediction]:
    """Ask `model` about each image (pixels, batch × height × width × channel).

    Raises:
        ModelError: the images have another shape, or the outputs are not finite.
    """

@overload
def predict(model: Model, images: T) -> list[Prediction[T]]:
    """Ask `model` about each image (pixels, batch × height × width × channel).

    Raises:
        ModelError: the images have another shape, or the outputs are not finite.
    """

@overload
def removed_and_alone(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    regions: Regions = ...,
    fills: Sequence[str | ArrayLike | Fill] = ...,
    progress: Progress | None = ...,
) -> Attribution:
    """Take each region away once and show each alone once, under every fill.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        regions: a number of regions, rows and columns of a grid, labels of each pixel's region, masks (the rest of
            the image is a region too), or "superpixels" ("superpixels:8" for so many; extra `superpixels`).
        fills: what stands where a region is taken away: names (see `fills.FILLS`) or images.
        progress: called with passes done and in all.

    Returns:
        The map of the regions' values, each shared out equally among its pixels; its `pixel_error` is half the range
        over the fills.

    Raises:
        UsageError: fewer than 2 regions, an unknown fill or none, a target without meaning here.
        MissingExtra: superpixels without scikit-image.
        ImageError: the image, an image that fills, or the labels do not fit the model.
        ModelError: an output is NaN or infinite; says for which region.
    """

@overload
def removed_and_alone(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    regions: Regions = ...,
    fills: Sequence[str | ArrayLike | Fill] = ...,
    progress: Progress | None = ...,
) -> Attribution[T]:
    """Take each region away once and show each alone once, under every fill.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        regions: a number of regions, rows and columns of a grid, labels of each pixel's region, masks (the rest of
            the image is a region too), or "superpixels" ("superpixels:8" for so many; extra `superpixels`).
        fills: what stands where a region is taken away: names (see `fills.FILLS`) or images.
        progress: called with passes done and in all.

    Returns:
        The map of the regions' values, each shared out equally among its pixels; its `pixel_error` is half the range
        over the fills.

    Raises:
        UsageError: fewer than 2 regions, an unknown fill or none, a target without meaning here.
        MissingExtra: superpixels without scikit-image.
        ImageError: the image, an image that fills, or the labels do not fit the model.
        ModelError: an output is NaN or infinite; says for which region.
    """

@overload
def rise(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    fill: str | ArrayLike | Fill = ...,
    cells: int = ...,
    shown: float = ...,
    n_samples: int | None = ...,
    half_width: float | None = ...,
    regions: Regions = ...,
    confidence: float = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution:
    """Show the image through random masks, and see at which pixels that raises the score.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        fill: what stands where a mask hides the image: a name (see `fills.FILLS`), an image or a fill.
        cells: of a mask's grid, along each side; of one pixel at least.
        shown: chance of a cell to be shown, above 0 and below 1.
        n_samples: masks; 2,000, or as many as `half_width` takes, but 10,000 at most, if None.
        half_width: of the intervals around the map's means over `regions`, all at once, in units of the target.
        regions: for `half_width`: a number, rows and columns of a grid, labels of pixels, or "superpixels".
        confidence: that all intervals hold at once.
        seed: of the masks.
        progress: called with masks done and in all.

    Returns:
        A map of height × width in units of the target, with its standard error. Its values do not add up to the score.

    Raises:
        UsageError: cells, a chance, a number of masks or an interval without meaning; an unknown fill.
        ImageError: the image, or one that fills, does not fit the model.
        ModelError: an output is NaN or infinite.
    """

@overload
def rise(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    fill: str | ArrayLike | Fill = ...,
    cells: int = ...,
    shown: float = ...,
    n_samples: int | None = ...,
    half_width: float | None = ...,
    regions: Regions = ...,
    confidence: float = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution[T]:
    """Show the image through random masks, and see at which pixels that raises the score.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        fill: what stands where a mask hides the image: a name (see `fills.FILLS`), an image or a fill.
        cells: of a mask's grid, along each side; of one pixel at least.
        shown: chance of a cell to be shown, above 0 and below 1.
        n_samples: masks; 2,000, or as many as `half_width` takes, but 10,000 at most, if None.
        half_width: of the intervals around the map's means over `regions`, all at once, in units of the target.
        regions: for `half_width`: a number, rows and columns of a grid, labels of pixels, or "superpixels".
        confidence: that all intervals hold at once.
        seed: of the masks.
        progress: called with masks done and in all.

    Returns:
        A map of height × width in units of the target, with its standard error. Its values do not add up to the score.

    Raises:
        UsageError: cells, a chance, a number of masks or an interval without meaning; an unknown fill.
        ImageError: the image, or one that fills, does not fit the model.
        ModelError: an output is NaN or infinite.
    """

@overload
def sampled_shapley(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    regions: Regions = ...,
    fill: str | ArrayLike | Fill = ...,
    half_width: float | None = ...,
    confidence: float = ...,
    max_evaluations: int = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution:
    """Estimate every region's Shapley value to within `half_width`, all at once with `confidence`.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        regions: a number of regions, rows and columns of a grid, labels of each pixel's region, masks (the rest of
            the image is a region too), or "superpixels" ("superpixels:8" for so many; extra `superpixels`).
        fill: what stands where a region is taken away: a name (see `fills.FILLS`), an image or a fill.
        half_width: of the intervals, in units of the target; a twentieth of the score's change (or of a tenth of the
            score, where that is more) if None.
        confidence: that all intervals hold at once.
        max_evaluations: passes at most; where they end first, the intervals are wider, and the notes say so.
        seed: of the orders.
        progress: called with passes done and those known to be needed so far.

    Returns:
        The map of the regions' values, shared out equally among their pixels; its `pixel_error` is their half-widths.

    Raises:
        UsageError: fewer than 2 regions, a half-width or confidence without meaning, too few passes for the pilot.
        MissingExtra: superpixels without scikit-image.
        ImageError: image, fill or labels do not fit the model.
        ModelError: an output is NaN or infinite; says for which regions.
    """

@overload
def sampled_shapley(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    regions: Regions = ...,
    fill: str | ArrayLike | Fill = ...,
    half_width: float | None = ...,
    confidence: float = ...,
    max_evaluations: int = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution[T]:
    """Estimate every region's Shapley value to within `half_width`, all at once with `confidence`.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        regions: a number of regions, rows and columns of a grid, labels of each pixel's region, masks (the rest of
            the image is a region too), or "superpixels" ("superpixels:8" for so many; extra `superpixels`).
        fill: what stands where a region is taken away: a name (see `fills.FILLS`), an image or a fill.
        half_width: of the intervals, in units of the target; a twentieth of the score's change (or of a tenth of the
            score, where that is more) if None.
        confidence: that all intervals hold at once.
        max_evaluations: passes at most; where they end first, the intervals are wider, and the notes say so.
        seed: of the orders.
        progress: called with passes done and those known to be needed so far.

    Returns:
        The map of the regions' values, shared out equally among their pixels; its `pixel_error` is their half-widths.

    Raises:
        UsageError: fewer than 2 regions, a half-width or confidence without meaning, too few passes for the pilot.
        MissingExtra: superpixels without scikit-image.
        ImageError: image, fill or labels do not fit the model.
        ModelError: an output is NaN or infinite; says for which regions.
    """

@overload
def shapley(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    regions: Regions = ...,
    fills: Sequence[str | ArrayLike | Fill] = ...,
    max_evaluations: int | None = ...,
    progress: Progress | None = ...,
) -> ShapleyValues:
    """Show the model every coalition of regions, under every fill, and share the score out among the regions.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        regions: a number of regions (2 to 12) as square and equal as pixels allow; rows and columns of a grid; the
            number of each pixel's region, from 0, such as segments or a mask; masks (the rest of the image is a region
            too); or "superpixels" ("superpixels:8" for so many), which follow the image's colours (extra
            `superpixels`).
        fills: what stands where a region is taken away: names (see `fills.FILLS`) or images.
        max_evaluations: refuse to begin if it takes more passes.
        progress: called with passes done and in all.

    Raises:
        UsageError: fewer than 2 regions or more than 12, more passes than allowed, an unknown fill or none, a target
            without meaning here.
        MissingExtra: superpixels without scikit-image.
        ImageError: the image, an image that fills, or the labels do not fit the model.
        ModelError: an output is NaN or infinite; says for which regions.
    """

@overload
def shapley(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    regions: Regions = ...,
    fills: Sequence[str | ArrayLike | Fill] = ...,
    max_evaluations: int | None = ...,
    progress: Progress | None = ...,
) -> ShapleyValues[T]:
    """Show the model every coalition of regions, under every fill, and share the score out among the regions.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        regions: a number of regions (2 to 12) as square and equal as pixels allow; rows and columns of a grid; the
            number of each pixel's region, from 0, such as segments or a mask; masks (the rest of the image is a region
            too); or "superpixels" ("superpixels:8" for so many), which follow the image's colours (extra
            `superpixels`).
        fills: what stands where a region is taken away: names (see `fills.FILLS`) or images.
        max_evaluations: refuse to begin if it takes more passes.
        progress: called with passes done and in all.

    Raises:
        UsageError: fewer than 2 regions or more than 12, more passes than allowed, an unknown fill or none, a target
            without meaning here.
        MissingExtra: superpixels without scikit-image.
        ImageError: the image, an image that fills, or the labels do not fit the model.
        ModelError: an output is NaN or infinite; says for which regions.
    """

@overload
def smooth_grad(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    method: Method = ...,
    stdevs: float = ...,
    n_samples: int | None = ...,
    half_width: float | None = ...,
    regions: Regions = ...,
    confidence: float = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution:
    """Average a method's maps over noisy images.

    Args:
        model: whatever the method takes.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image, not anew at each noisy one.
        method: from model, image and target to a map, such as `gradient` or
            `partial(integrated_gradients, baseline=black, evaluations=16)`.
        stdevs: standard deviation as a share of the image's own range of values.
        n_samples: noisy images, at least 2; 50, or as many as `half_width` takes, but 10,000 at most, if None.
        half_width: of the intervals around the map's sums over `regions`, all at once, in the map's unit.
        regions: for `half_width`: a number, rows and columns of a grid, labels of pixels, or "superpixels".
        confidence: that all intervals hold at once.
        seed: of the noise.
        progress: called with samples done and in all.

    Raises:
        UsageError: too few samples, noise or an interval without meaning, or what the method refuses.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """

@overload
def smooth_grad(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    method: Method = ...,
    stdevs: float = ...,
    n_samples: int | None = ...,
    half_width: float | None = ...,
    regions: Regions = ...,
    confidence: float = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution[T]:
    """Average a method's maps over noisy images.

    Args:
        model: whatever the method takes.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image, not anew at each noisy one.
        method: from model, image and target to a map, such as `gradient` or
            `partial(integrated_gradients, baseline=black, evaluations=16)`.
        stdevs: standard deviation as a share of the image's own range of values.
        n_samples: noisy images, at least 2; 50, or as many as `half_width` takes, but 10,000 at most, if None.
        half_width: of the intervals around the map's sums over `regions`, all at once, in the map's unit.
        regions: for `half_width`: a number, rows and columns of a grid, labels of pixels, or "superpixels".
        confidence: that all intervals hold at once.
        seed: of the noise.
        progress: called with samples done and in all.

    Raises:
        UsageError: too few samples, noise or an interval without meaning, or what the method refuses.
        ImageError: the image does not fit the model.
        ModelError: something is not finite.
    """

@overload
def var_grad(
    model: Model,
    image: NumpyImageLike,
    target: TargetLike = ...,
    *,
    method: Method = ...,
    stdevs: float = ...,
    n_samples: int = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution:
    """Give the variance of a method's maps over `n_samples` noisy images; arguments and errors as for `smooth_grad`.

    The variance is that of each value (with samples − 1 below the line), and the map its sum over the channels. All
    samples are kept until the end: the standard error of a variance needs them.
    """

@overload
def var_grad(
    model: Model,
    image: T,
    target: TargetLike = ...,
    *,
    method: Method = ...,
    stdevs: float = ...,
    n_samples: int = ...,
    seed: int = ...,
    progress: Progress | None = ...,
) -> Attribution[T]:
    """Give the variance of a method's maps over `n_samples` noisy images; arguments and errors as for `smooth_grad`.

    The variance is that of each value (with samples − 1 below the line), and the map its sum over the channels. All
    samples are kept until the end: the standard error of a variance needs them.
    """

def weight_histograms(
    checkpoints: Mapping[str, Mapping[str, ArrayLike]],
    *,
    layers: Sequence[str] = ...,
    bins: int = ...,
    limits: Sequence[float] | Array = ...,
    shared_bins: bool = ...,
    progress: Progress | None = ...,
) -> WeightHistograms:
    """Count the weights of every layer in every checkpoint.

    Args:
        checkpoints: by name, in the order of time: weights by name, of any shape, real numbers. A layer that some
            checkpoints lack has no weights there: its counts are 0, its statistics NaN.
        layers: names of the weights to count; if empty, all of any checkpoint, those of the first one first.
        bins: how many; even, so that 0 is an edge; at most 65,536.
        limits: the largest |weight| in a bin, one number for all layers or one per layer; weights beyond are counted
            as under or over. If empty, all finite weights fall into bins.
        shared_bins: use one set of bins for all layers instead of one per layer.
        progress: called with layers counted and in all, over all checkpoints.

    Raises:
        UsageError: no checkpoint, an odd or non-positive number of bins, too many, limits that are not positive, or
            weights that are no real numbers.
        UnknownLayer: no checkpoint has one of the layers.
    """

def wrap(
    model: Callable[[Array], Any] | object,
    *,
    input: InputSpec | None = ...,
    output: OutputSpec | None = ...,
    processor: object = ...,
    dtype: np.dtype[np.floating] | type[np.floating] = ...,
    batch_size: int | None = ...,
    parameters: Any = ...,
    allow_nonfinite: bool = ...,
    precision: str | None = ...,
    providers: Sequence[str] = ...,
    notes: Sequence[str] = ...,
) -> Model:
    """Wrap a model of any framework, so that every method can explain it.

    Args:
        model: a PyTorch module, a Keras model, a JAX function (compiled, or with its `parameters`), an ONNX file by its
            name, or any function from a batch of images to a batch of outputs (forward only).
        input: the image that it takes and how pixels become its input; a model of timm, torchvision, transformers or
            keras.applications says it itself (`adapters.hubs`), and so does a pipeline.
        output: what it gives; the same.
        processor: the image processor of a model of transformers; found by the model's name if it is not given.
        **options: for the adapter: `parameters` (makes it a JAX function, called with them and the images),
            `allow_nonfinite` (PyTorch, Keras, JAX), `precision` (PyTorch, Keras, JAX: "bfloat16", "float16", "float32"
            or "float64", to compute in), `notes` (PyTorch), `dtype` (functions, JAX), `batch_size` (images in one
            pass) and `providers` (ONNX: execution providers).

    Raises:
        UsageError: a declaration is missing, or there is no adapter for the model.
        ModelError: the model can't be run as declared, its outputs are not finite, or an image's output depends
            on the other images of its batch.
    """
