"""Our own methods: the table that the registry begins with, one row for each.

A row says what its method is called, what it takes and what it costs; `method.Method` says what the columns mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Final, cast

from innerview.fills import DATA, DEFAULT_FILLS, FILLS, SPELLINGS
from innerview.layers import as_said
from innerview.methods.activation_distances import DEFAULT_NEIGHBOUR, activation_distances
from innerview.methods.activations import activations
from innerview.methods.ask import DEFAULT_PLACEBOS, ask
from innerview.methods.attention import attention, attention_rollout, require_attention
from innerview.methods.attn_lrp import DEFAULT_GAMMA, attn_lrp, require_rules
from innerview.methods.class_evidence import class_evidence, find_head
from innerview.methods.expected_gradients import DEFAULT_PASSES, expected_gradients
from innerview.methods.grad_cam import choose_layer, grad_cam
from innerview.methods.gradient import gradient
from innerview.methods.gradient_input import gradient_input
from innerview.methods.integrated_gradients import DEFAULT_RULE, integrated_gradients, settle_exactness
from innerview.methods.interior_gradients import TUTORIAL2018_ALPHAS, interior_gradients
from innerview.methods.map_samples import MOST_SAMPLES
from innerview.methods.masking import DEFAULT_FRACTIONS, ORDERS, deletion, insertion
from innerview.methods.method import Method, Option, Options
from innerview.methods.moments import FEWEST
from innerview.methods.occlusion import choose_windows, count_windows, occlusion
from innerview.methods.parts import parts, place_windows
from innerview.methods.passes import predict
from innerview.methods.path_predictions import path_predictions
from innerview.methods.regions import JUDGED_GRID, JUDGED_REGIONS, count_regions
from innerview.methods.removed_and_alone import count_both, removed_and_alone
from innerview.methods.rise import DEFAULT_CELLS, DEFAULT_MASKS, DEFAULT_SHOWN, rise
from innerview.methods.sampled_shapley import DEFAULT_MOST, DEFAULT_SAMPLED, check_request, sampled_shapley
from innerview.methods.segments import aggregate_segments
from innerview.methods.shapley import DEFAULT_REGIONS, count_passes, shapley
from innerview.methods.smooth import NOISE, SAMPLES, smooth_grad, var_grad
from innerview.methods.stopping import CONFIDENCE
from innerview.methods.tolerance import BUDGET
from innerview.methods.weights import weight_histograms
from innerview.model import DifferentiableModel, Model, attends, propagates
from innerview.quadrature import RULES
from innerview.targets import OBJECTIVES

USUAL: Final = "integrated-gradients"
"""What explains an image if nobody names a method."""

CLASS_EVIDENCE: Final = "class-evidence"

MOST: Final = 100_000
"""Samples or evaluations at most: more is a slip of the keyboard."""

_SEED: Final = Option(name="seed", type="whole", words="of what is random", default=0, low=0, high=2**32 - 1)
_REGIONS: Final = Option(
    name="regions",
    type="regions",
    words="how many regions, rows and columns of a grid, or superpixels",
    default=DEFAULT_REGIONS,
    low=1,
)
_FILLS: Final = Option(
    name="fills",
    type="choices",
    words="what stands where a region is taken away",
    default=DEFAULT_FILLS,
    choices=MappingProxyType({name: name for name in (*FILLS, DATA)}),
    spellings=SPELLINGS,
)
_FILL: Final = Option(
    name="fill",
    type="choice",
    words="what stands where a part is taken away",
    default="blurred",
    choices=MappingProxyType({name: name for name in (*FILLS, DATA)}),
    spellings=SPELLINGS,
)
_NOISY: Final = (
    Option(
        name="method",
        type="choice",
        words="the method whose maps are taken",
        default=gradient,
        choices=MappingProxyType({"gradient": gradient, "gradient-input": gradient_input}),
    ),
    Option(
        name="stdevs",
        type="number",
        words="standard deviation of the noise",
        default=NOISE,
        unit="fraction of the image's range of values",
        low=0,
        high=10,
    ),
)


def _n_samples(what: str, usual: int, *, stops: bool = True) -> Option:
    """How many samples a method draws; one that stops by intervals has no number of its own."""
    if not stops:
        return Option(name="n_samples", type="whole", words=what, default=usual, low=FEWEST, high=MOST)
    told = f"{usual}; at most {MOST_SAMPLES} where half_width decides"
    return Option(name="n_samples", type="whole", words=what, usual=told, low=FEWEST, high=MOST)


_HALF_WIDTH: Final = Option(
    name="half_width",
    type="number",
    words="of the intervals around all regions' values, which samples are drawn until",
    usual="none: n_samples are drawn",
    unit="units of the map",
    low=1e-12,
)
_CONFIDENCE: Final = Option(
    name="confidence", type="number", words="that all intervals hold at once", default=CONFIDENCE, low=0.5, high=0.9999
)
_INTERVALS: Final = (
    _HALF_WIDTH,
    replace(_REGIONS, words="of the intervals, where half_width is given", default=JUDGED_GRID),
    _CONFIDENCE,
)


def _settle_windows(model: Model, options: Options) -> Options:
    size, step = choose_windows(model.input.shape, options.get("window"), options.get("stride"))
    return {**options, "window": size, "stride": step}


def _settle_layer(model: Model, options: Options) -> Options:
    # only methods that need gradients have a layer, and a model without is refused before
    chosen = choose_layer(cast("DifferentiableModel", model), options.get("layer"))
    return dict(options) if chosen is None else {**options, "layer": as_said(chosen)}


def _regions(model: Model, options: Options, usual: int) -> int:
    return count_regions(model.input.height, model.input.width, options["regions"], usual)


def _count_coalitions(model: Model, options: Options) -> int:
    number = _regions(model, options, DEFAULT_REGIONS)
    return count_passes(number, len(options["fills"]), options.get("max_evaluations"))


def _settle_coalitions(model: Model, options: Options) -> Options:
    _count_coalitions(model, options)
    return options


def _count_both(model: Model, options: Options) -> int:
    return count_both(_regions(model, options, JUDGED_REGIONS), len(options["fills"]))


def _settle_both(model: Model, options: Options) -> Options:
    _count_both(model, options)
    return options


def _settle_sampled(model: Model, options: Options) -> Options:
    number = _regions(model, options, DEFAULT_SAMPLED)
    check_request(number, options.get("half_width"), options["confidence"], options["max_evaluations"])
    return options


def _settle_attention(model: Model, options: Options) -> Options:
    require_attention(model)
    return options


def _settle_rules(model: Model, options: Options) -> Options:
    require_rules(model)
    return options


def _settle_head(model: Model, options: Options) -> Options:
    find_head(model)
    return options


def _count_parts(model: Model, options: Options) -> int:
    count = len(place_windows(model.input.height, model.input.width))
    return 1 + 2 * count + len(options["fills"]) * (count + 1)


def _one_pass(_: Model, __: Options) -> int:
    return 1


def _samples(usual: int) -> Callable[[Model, Options], int]:
    """Passes of one for each sample; where a half-width decides, what is usual is a guess."""

    def count(_: Model, options: Options) -> int:
        return options.get("n_samples") or usual

    return count


def _masking(fractions: str, order: str) -> tuple[Option, ...]:
    """The options of a curve over masked pixels, in words of what becomes of them."""
    return (
        Option(
            name="fractions",
            type="numbers",
            words=fractions,
            default=DEFAULT_FRACTIONS,
            unit="fraction",
            low=0,
            high=1,
        ),
        Option(
            name="order",
            type="choice",
            words=order,
            default="highest",
            choices=MappingProxyType({name: name for name in ORDERS}),
        ),
    )


def _fractions(_: Model, options: Options) -> int:
    return len(options["fractions"])


ROWS: Final[tuple[Method, ...]] = (
    Method(
        name=USUAL,
        title="Integrated gradients",
        function=integrated_gradients,
        result="map",
        answers="which pixels made the score, to a stated accuracy",
        needs_gradients=True,
        needs="a baseline",
        cost="17 to some hundreds",
        source="Sundararajan, Taly, Yan 2017, arXiv 1703.01365",
        supplies={"baseline": "baselines", "progress": "progress"},
        options=(
            Option(
                name="tolerance",
                type="number",
                words="error of the map to reach",
                usual="0.01, beyond 64 pixels 0.05; none if rule or n_steps is given",
                unit="fraction of the map: 0.01 is 1 %",
                low=1e-10,
                high=1,
            ),
            Option(name="max_evaluations", type="whole", words="evaluations at most", default=BUDGET, low=2, high=MOST),
            Option(
                name="rule",
                type="choice",
                words="a quadrature rule instead of a tolerance",
                usual=f"{DEFAULT_RULE}, where n_steps is given",
                choices=MappingProxyType({name: name for name in RULES}),
            ),
            Option(
                name="n_steps",
                type="whole",
                words="evaluations of that rule, for each baseline",
                usual="32, where a rule is given",
                low=1,
                high=MOST,
            ),
        ),
        settle=settle_exactness,
    ),
    Method(
        name="expected-gradients",
        title="Expected gradients",
        function=expected_gradients,
        result="map",
        answers="the same, but no single baseline is right",
        needs_gradients=True,
        needs="a set of images as baselines",
        cost="one for each sample, 100 and more",
        source="Erion, Janizek, Sturmfels, Lundberg, Lee 2021, arXiv 1906.10670",
        supplies={"baselines": "baselines", "progress": "progress"},
        options=(
            _n_samples("forward and backward passes; the standard error falls with their square root", DEFAULT_PASSES),
            *_INTERVALS,
            _SEED,
        ),
        passes=_samples(DEFAULT_PASSES),
    ),
    Method(
        name="gradient-input",
        title="Gradient × input",
        function=gradient_input,
        result="map",
        answers="a quick first guess of it",
        needs_gradients=True,
        needs="a baseline, black unless another is given",
        cost="1",
        source="Shrikumar, Greenside, Kundaje 2017, arXiv 1605.01713; Ancona and others 2018, arXiv 1711.06104",
        supplies={"baseline": "baseline"},
        passes=_one_pass,
    ),
    Method(
        name="occlusion",
        title="Occlusion",
        function=occlusion,
        result="map",
        answers="what happens if this part is not there",
        needs_gradients=False,
        needs="a fill (the baseline)",
        cost="one for each window",
        source="Zeiler, Fergus 2013, arXiv 1311.2901",
        supplies={"fill": "baseline", "progress": "progress"},
        options=(
            Option(
                name="window",
                type="size",
                words="height and width of what is hidden",
                usual="an eighth of the shorter side",
                unit="pixels",
                low=1,
            ),
            Option(
                name="stride",
                type="size",
                words="from one window to the next, at most the window",
                usual="the window; half of it if no window is given",
                unit="pixels",
                low=1,
            ),
        ),
        settle=_settle_windows,
        passes=lambda model, options: (
            1 + count_windows(model.input.shape, *choose_windows(model.input.shape, **options))
        ),
    ),
    Method(
        name="shapley",
        title="Shapley values",
        function=shapley,
        result="map",
        answers="what each region really does to the score, exactly; which regions suffice, and which decide",
        needs_gradients=False,
        needs="fills",
        cost="2 to the number of regions, for each fill",
        source="Shapley 1953; Lundberg, Lee 2017, arXiv 1705.07874",
        supplies={"progress": "progress"},
        options=(
            _REGIONS,
            _FILLS,
            Option(
                name="max_evaluations",
                type="whole",
                words="passes at most; where it takes more, none is begun",
                usual="as many as it takes",
                low=1,
            ),
        ),
        settle=_settle_coalitions,
        passes=_count_coalitions,
    ),
    Method(
        name="removed-and-alone",
        title="Regions removed and alone",
        function=removed_and_alone,
        result="map",
        answers="nearly the same in two passes a region and fill: the first answer of the test by taking regions away",
        needs_gradients=False,
        needs="fills",
        cost="two for each region and one, for each fill",
        source="the first and the last term of Shapley 1953",
        supplies={"progress": "progress"},
        options=(
            replace(_REGIONS, default=JUDGED_REGIONS),
            _FILLS,
        ),
        settle=_settle_both,
        passes=_count_both,
    ),
    Method(
        name="sampled-shapley",
        title="Sampled Shapley values",
        function=sampled_shapley,
        result="map",
        answers="the same of many regions, each to within a stated interval",
        needs_gradients=False,
        needs="a fill",
        cost="32 for each region, and more until the intervals are as narrow as asked",
        source="Lundberg, Lee 2017, arXiv 1705.07874; Musco, Witter 2024, arXiv 2410.01917",
        supplies={"progress": "progress"},
        options=(
            replace(_REGIONS, default=DEFAULT_SAMPLED),
            _FILL,
            replace(
                _HALF_WIDTH,
                words="of the intervals around all values",
                usual="a twentieth of the score's change from the fill to the image",
            ),
            _CONFIDENCE,
            Option(name="max_evaluations", type="whole", words="passes at most", default=DEFAULT_MOST, low=1),
            _SEED,
        ),
        settle=_settle_sampled,
    ),
    Method(
        name="rise",
        title="RISE",
        function=rise,
        result="map",
        answers="how much higher the score is where this pixel is shown, over random masks",
        needs_gradients=False,
        needs="a fill",
        cost="one for each mask, some hundreds and more",
        source="Petsiuk, Das, Saenko 2018, arXiv 1806.07421",
        supplies={"progress": "progress"},
        options=(
            _FILL,
            Option(name="cells", type="whole", words="of a mask's grid, along each side", default=DEFAULT_CELLS, low=1),
            Option(
                name="shown",
                type="number",
                words="chance of a cell to be shown",
                default=DEFAULT_SHOWN,
                low=0.01,
                high=0.99,
            ),
            _n_samples("masks", DEFAULT_MASKS),
            *_INTERVALS,
            _SEED,
        ),
        passes=lambda model, options: 2 + _samples(DEFAULT_MASKS)(model, options),
    ),
    Method(
        name=CLASS_EVIDENCE,
        title="Class evidence",
        function=class_evidence,
        result="map",
        answers="what each position of the last map gives to each class, exactly, with no baseline",
        needs_gradients=False,
        needs="a model that ends in a sum over positions and at most one dense layer",
        cost="2, and one back where there are gradients",
        source="after Zhou and others 2016, arXiv 1512.04150",
        settle=_settle_head,
    ),
    Method(
        name="attention",
        title="Attention",
        function=attention,
        result="map",
        answers="where a token of a transformer looks, in one layer",
        needs_gradients=False,
        suits=attends,
        needs="a transformer of PyTorch",
        cost="1",
        source="Vaswani and others 2017, arXiv 1706.03762",
        options=(
            Option(name="layer", type="attention", words="which attention", usual="the last one"),
            Option(name="head", type="head", words="which head", default="mean"),
            Option(
                name="query", type="query", words="whose attention", usual="the class token, or the mean without one"
            ),
        ),
        settle=_settle_attention,
    ),
    Method(
        name="attention-rollout",
        title="Attention rollout",
        function=attention_rollout,
        result="map",
        answers="where a token of a transformer looks through all layers",
        needs_gradients=False,
        suits=attends,
        needs="a transformer of PyTorch with as many tokens in every layer",
        cost="1",
        source="Abnar, Zuidema 2020, arXiv 2005.00928; weighted: Chefer and others 2021, arXiv 2103.15679",
        options=(
            Option(
                name="query", type="query", words="whose attention", usual="the class token, or the mean without one"
            ),
            Option(
                name="gradient_weighted",
                type="yes or no",
                words="weigh each head by what the score gains by it",
                default=False,
            ),
        ),
        settle=_settle_attention,
    ),
    Method(
        name="attn-lrp",
        title="AttnLRP",
        function=attn_lrp,
        result="map",
        answers="what each pixel gives to the score of a transformer, passed back layer by layer by rules",
        needs_gradients=True,
        suits=propagates,
        needs="a transformer of PyTorch whose operations all have a rule",
        cost="1, and one to find out whether it has rules",
        source="Achtibat and others 2024, arXiv 2402.05602",
        options=(
            Option(
                name="gamma",
                type="number",
                words="how much more counts what has the sign of a sum, in dense layers and convolutions",
                default=DEFAULT_GAMMA,
                low=0,
                high=1000,
            ),
        ),
        settle=_settle_rules,
    ),
    Method(
        name="grad-cam",
        title="Grad-CAM",
        function=grad_cam,
        result="map",
        answers="where in a layer the evidence lies",
        needs_gradients=True,
        needs="a layer with positions",
        cost="1",
        source="Selvaraju and others 2017, arXiv 1610.02391",
        options=(
            Option(name="layer", type="layer", words="where to look", usual="the last layer with several positions"),
            Option(
                name="relu_attributions",
                type="yes or no",
                words="keep only what speaks for the class, as the paper does",
                default=False,
            ),
        ),
        settle=_settle_layer,
        passes=_one_pass,
    ),
    Method(
        name="gradient",
        title="Gradient",
        function=gradient,
        result="map",
        answers="which way the score goes if a pixel changes a little",
        needs_gradients=True,
        cost="1",
        source="Simonyan, Vedaldi, Zisserman 2013, arXiv 1312.6034",
        passes=_one_pass,
    ),
    Method(
        name="smooth-grad",
        title="SmoothGrad",
        function=smooth_grad,
        result="map",
        answers="the same, without what changes from pixel to pixel",
        needs_gradients=True,
        needs="what its method needs",
        cost="one of its method for each sample, 50 and more",
        source="Smilkov and others 2017, arXiv 1706.03825",
        supplies={"progress": "progress"},
        options=(*_NOISY, _n_samples("noisy images", SAMPLES), *_INTERVALS, _SEED),
        passes=_samples(SAMPLES),
    ),
    Method(
        name="var-grad",
        title="VarGrad",
        function=var_grad,
        result="map",
        answers="how much of a map is due to chance in the image",
        needs_gradients=True,
        needs="what its method needs",
        cost="one of its method for each sample, 50 and more",
        source="Adebayo and others 2018, arXiv 1810.03307",
        supplies={"progress": "progress"},
        options=(*_NOISY, _n_samples("noisy images", SAMPLES, stops=False), _SEED),
        passes=_samples(SAMPLES),
    ),
    Method(
        name="aggregate-segments",
        title="Sums over segments",
        function=aggregate_segments,
        result="regions",
        answers="the head or the grass?",
        needs_gradients=False,
        needs="any map, and labels of the pixels",
        cost="none",
        source="after Kapishnikov and others 2019, arXiv 1906.02825",
    ),
    Method(
        name="ask",
        title="Ask about a region",
        function=ask,
        result="effects",
        answers="what does this region do, taken away and alone, and would any region of its shape do as much?",
        needs_gradients=False,
        needs="a region, and fills",
        cost="2 for the region and each place that it is held against, for each fill",
        source="a permutation test; Phipson, Smyth 2010, arXiv 1603.05766; Holm 1979",
        supplies={"progress": "progress"},
        options=(
            Option(
                name="objective",
                type="choice",
                words="what is explained of the class",
                usual="log-odds, or what is usual for outputs that have none",
                choices=MappingProxyType({name: name for name in OBJECTIVES}),
            ),
            _FILLS,
            Option(
                name="n_placebos",
                type="whole",
                words="other places that a region is held against, at most",
                default=DEFAULT_PLACEBOS,
                low=0,
                high=MOST,
            ),
            _SEED,
        ),
    ),
    Method(
        name="parts",
        title="Parts",
        function=parts,
        result="parts",
        answers="what is each part of the image predicted as, alone and in place?",
        needs_gradients=False,
        needs="fills",
        cost="405 for the parts alone, as many for the control, and 406 for each fill",
        source="the tutorial of 2018, by hand",
        supplies={"progress": "progress"},
        options=(replace(_FILLS, words="what stands around a part in place"), _SEED),
        passes=_count_parts,
    ),
    Method(
        name="insertion",
        title="Insertion",
        function=insertion,
        result="curve",
        answers="what is predicted from the highest-ranked pixels alone",
        needs_gradients=False,
        needs="any map, and a fill",
        cost="one for each fraction",
        source="after Petsiuk, Das, Saenko 2018, arXiv 1806.07421",
        supplies={"fill": "baseline"},
        options=_masking("of the pixels that are shown", "which pixels are inserted first"),
        passes=_fractions,
    ),
    Method(
        name="deletion",
        title="Deletion",
        function=deletion,
        result="curve",
        answers="what is predicted without the highest-ranked pixels",
        needs_gradients=False,
        needs="any map, and a fill",
        cost="one for each fraction",
        source="after Petsiuk, Das, Saenko 2018, arXiv 1806.07421",
        supplies={"fill": "baseline"},
        options=_masking("of the pixels that are taken away", "which pixels are taken away first"),
        passes=_fractions,
    ),
    Method(
        name="interior-gradients",
        title="Interior gradients",
        function=interior_gradients,
        result="path",
        answers="what made the score on the way from the baseline, where the gradient at the image is next to nothing",
        needs_gradients=True,
        needs="a baseline",
        cost="one for each alpha",
        source="Sundararajan, Taly, Yan 2016, arXiv 1611.02639",
        supplies={"baseline": "baseline", "progress": "progress"},
        options=(
            Option(
                name="alphas",
                type="numbers",
                words="positions on the path: 0 is the baseline, 1 the image",
                default=TUTORIAL2018_ALPHAS,
                low=0,
                high=1,
            ),
        ),
        passes=lambda _, options: len(options["alphas"]),
    ),
    Method(
        name="path-predictions",
        title="Predictions along the path",
        function=path_predictions,
        result="path",
        answers="what many images are called on the way from the baseline",
        needs_gradients=False,
        needs="images with labels, a baseline, alphas",
        cost="one for each image and alpha",
        source="the tutorial of 2018",
    ),
    Method(
        name="activation-distances",
        title="Distance from real images",
        function=activation_distances,
        result="distances",
        answers="are these images (filled ones, say) like real ones to the model?",
        needs_gradients=False,
        needs="images, and real ones to hold them against",
        cost="1 for each image",
        source="Sun, Ming, Zhu, Li 2022, arXiv 2204.06507",
        options=(
            Option(name="layer", type="layer", words="whose activations are taken", usual="the last but one"),
            Option(name="k", type="whole", words="which neighbour", default=DEFAULT_NEIGHBOUR, low=1),
        ),
    ),
    Method(
        name="activations",
        title="Activations",
        function=activations,
        result="layers",
        answers="what each layer gives for an image",
        needs_gradients=False,
        needs="layers",
        cost="1",
        source="Zeiler, Fergus 2013, arXiv 1311.2901",
        passes=_one_pass,
    ),
    Method(
        name="predict",
        title="Prediction",
        function=predict,
        result="prediction",
        answers="what the model calls each image",
        needs_gradients=False,
        cost="1 for each image",
        source="the model itself",
    ),
    Method(
        name="weight-histograms",
        title="Histograms of the weights",
        function=weight_histograms,
        result="histograms",
        answers="what training did to the weights",
        needs_gradients=False,
        needs="weights, of one time or several",
        cost="none",
        source="the tutorial of 2018",
    ),
)
"""Our own, in the order in which they are listed; those that answer the same question stand together."""
