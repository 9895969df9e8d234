"""Classifiers of transformers, with the image processor that belongs to them.

The processor's configuration says how images are brought to the model. Before it is believed, both are tried on one
made-up photo: what a processor does beyond resizing, cropping and scaling is met there, and refused.
"""

# transformers is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np
import transformers
from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING

from innerview.adapters.hubs import HubModel, no_weights
from innerview.errors import DataError, InnerviewError, ModelError, UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.resize import resize_levels
from innerview.spec import Interpolation, OutputKind, Resize
from innerview.types import Bytes

RESAMPLE: Final[Mapping[int, Interpolation]] = {
    0: "nearest",
    1: "lanczos",
    2: "bilinear",
    3: "bicubic",
    4: "box",
    5: "hamming",
}
"""Pillow's numbers, as they stand in a processor's configuration."""

MULTI_LABEL: Final = "multi_label_classification"
KINDS: Final[Mapping[str | None, OutputKind]] = {MULTI_LABEL: "sigmoid", "regression": "scores"}
"""By `config.problem_type`; any other is softmax's."""

PIPELINE: Final = "image-classification"

CODE: Final = "if you trust where it came from, add --trust-code"


def open_model(name: str, *, pretrained: bool, trust: bool, classes: int = 0) -> HubModel:
    """Open "ORG/NAME" or a folder; without weights also a model type, such as "vit"."""
    kinds, config = transformers.CONFIG_MAPPING, None
    try:
        config = (
            kinds[name]()
            if not pretrained and name in kinds
            else transformers.AutoConfig.from_pretrained(name, trust_remote_code=trust)
        )
        if classes:
            config.num_labels = classes
        _require_plain(name, config, trust=trust)
        maker = transformers.AutoModelForImageClassification
        if pretrained:
            model, loaded = maker.from_pretrained(
                name, config=config, trust_remote_code=trust, weights_only=True, output_loading_info=True
            )
            _require_trained(name, config, list(loaded["missing_keys"]))
        else:
            model = maker.from_config(config, trust_remote_code=trust)
    except InnerviewError:
        raise
    except Exception as error:  # whatever a download, a file or a configuration can raise
        if "Unrecognized configuration class" in str(error):
            raise ModelError(
                f"hf:{name} is no classifier of images: transformers has no image classification for a "
                f"{type(config).__name__}"
            ).of("model", asked=name, found=type(config).__name__) from error
        if "trust_remote_code" in str(error):
            raise UsageError(f"hf:{name} brings code of its own, which opening it would run; {CODE}").of(
                "trust_code", asked=name
            ) from error
        raise no_weights(f"hf:{name}", error) from error
    made_here = not pretrained and name in kinds
    return _described(model.eval(), _processor(model, "" if made_here else name))


def _require_trained(name: str, config: Any, missing: list[str]) -> None:
    """Raise ModelError where transformers would fill in a head at random: its answers would mean nothing."""
    if not missing:
        return
    texts = (
        "; it compares images with texts: give those, --classes 'a photo of a {cat,dog,owl}'"
        if getattr(config, "text_config", None) is not None
        else "; name a model that was trained to classify, or give weights that were, --weights FILE"
    )
    raise ModelError(
        f"hf:{name} holds no trained {sorted(missing)[0]} ({len(missing)} weights are missing), so as a classifier its "
        f"answers would be random{texts}"
    ).of("weights", asked=name, found=sorted(missing)[0])


def _require_plain(name: str, config: Any, *, trust: bool) -> None:
    if getattr(config, "auto_map", None) and not trust:
        raise UsageError(f"hf:{name} brings code of its own, which opening it would run; {CODE}").of(
            "trust_code", asked=name
        )


def describe(model: Any, processor: object = None) -> HubModel | None:
    """What configuration and processor say of an open model, or of a pipeline; None for what is none of either."""
    if isinstance(model, transformers.Pipeline):
        if model.task != PIPELINE:
            raise ModelError(f"a pipeline for {model.task} was given; an explanation is of image classification").of(
                "task", found=model.task
            )
        return _described(model.model, model.image_processor if processor is None else processor)
    if not isinstance(model, transformers.PreTrainedModel):
        return None
    return _described(model, _processor(model, str(model.name_or_path or "")) if processor is None else processor)


def _processor(model: Any, name: str) -> Any:
    """The processor that is kept beside a model; of one that was made here, that of its kind with its usual settings.

    Raises:
        DataError: the model came from somewhere, and its processor can't be had: others would show it other images.
    """
    if name:
        return _kept(name)
    usual = IMAGE_PROCESSOR_MAPPING.get(type(model.config), None)
    made = [one for one in (usual.values() if isinstance(usual, Mapping) else usual or ()) if one is not None]
    if not made:
        raise DataError(
            f"transformers keeps no image processor for a {type(model).__name__}; give one, wrap(model, "
            "processor=…), or declare what it takes"
        ).of("processor", found=type(model).__name__)
    found = made[-1]()
    size = getattr(getattr(model.config, "vision_config", model.config), "image_size", None)
    return found if size is None else _sized(found, size)


def _kept(name: str) -> Any:
    """What was fetched before first, so that nothing is asked of the network in vain."""
    try:
        try:
            return transformers.AutoImageProcessor.from_pretrained(name, local_files_only=True)
        except Exception:  # noqa: BLE001 it is not on this computer
            return transformers.AutoImageProcessor.from_pretrained(name)
    except Exception as error:
        raise DataError(
            f"the image processor of {name} can't be had ({type(error).__name__}), so how images are brought to the "
            "model is not known; give it, wrap(model, processor=…), or declare what the model takes"
        ).of("processor", asked=name, found=type(error).__name__) from error


def _sized(processor: Any, size: int | tuple[int, int]) -> Any:
    """The same for a model of another size."""
    height, width = (size, size) if isinstance(size, int) else size
    if set(dict(processor.size)) >= {"height", "width"}:
        processor.size = {"height": height, "width": width}
    elif getattr(processor, "do_center_crop", False) and getattr(processor, "crop_size", None):
        before = processor.crop_size["height"]
        processor.crop_size = {"height": height, "width": width}
        side = round(dict(processor.size)["shortest_edge"] * height / before)
        processor.size = {"shortest_edge": max(side, height, width)}
    else:
        processor.size = {"shortest_edge": height}
    return processor


def processor_of(model: Any, name: str) -> Any:
    """The processor that is kept beside a model of this name."""
    return _processor(model, name)


def input_of(processor: Any, model: Any) -> InputSpec:
    """What a processor says that a model takes, once it was tried on a photo."""
    config = model.config
    name = getattr(config, "_name_or_path", "") or type(config).__name__
    vision = getattr(config, "vision_config", config)
    spec = _input(processor, int(getattr(vision, "num_channels", 3)), f"{type(processor).__name__} of {name}")
    _check(processor, spec)
    return spec


def _described(model: Any, processor: Any) -> HubModel:
    config = model.config
    name = getattr(config, "_name_or_path", "") or type(config).__name__
    spec = input_of(processor, model)
    names: dict[int, str] = {int(number): str(word) for number, word in dict(config.id2label).items()}
    kind: OutputKind = KINDS.get(getattr(config, "problem_type", None), "logits")
    output = OutputSpec(names, kind=kind, output="logits", source=f"the configuration of {name}")
    return HubModel(model, spec, output)


def _input(processor: Any, channels: int, source: str) -> InputSpec:
    size, crop = dict(processor.size), getattr(processor, "crop_size", None)
    interpolation = RESAMPLE[int(getattr(processor, "resample", 2))]
    share = getattr(processor, "crop_pct", None)
    cut = dict(crop) if getattr(processor, "do_center_crop", False) and crop else {}
    edge = size.get("shortest_edge")
    if edge is None and not cut:
        height, width, side = size["height"], size["width"], None
    elif edge is not None and share is not None:  # ConvNeXt: a large model sees all of the photo
        height, width, side = edge, edge, None if edge >= SQUEEZED else int(edge / share)
    elif cut:
        height, width, side = cut["height"], cut["width"], edge or min(size.values())
    else:
        raise ModelError(f"the {source} gives images of no one size ({size}); declare what the model takes").of(
            "size", found=size
        )
    factor = float(processor.rescale_factor) if processor.do_rescale else 1.0
    scaled = bool(processor.do_normalize)
    return InputSpec(
        int(height),
        int(width),
        channels,
        mean=processor.image_mean if scaled else (),
        std=processor.image_std if scaled else (),
        value_range=(0.0, 255 * factor if abs(255 * factor - 1) > 1e-6 else 1.0),
        layout="CHW",
        channel_order="BGR" if getattr(processor, "do_flip_channel_order", False) else "RGB",
        resize=Resize(side, interpolation, "floor"),
        source=source,
    )


SQUEEZED: Final = 384
"""From this size on ConvNeXt's processor squeezes photos instead of cutting out the middle."""

OFF: Final = 3.5 / 255
"""How far ours may be from the processor's on one pixel, at an edge: both round to levels, at other places."""

MEAN_OFF: Final = 0.25 / 255
"""And in the mean over all pixels."""


def _check(processor: Any, spec: InputSpec) -> None:
    """Raise ModelError unless the processor does to a made-up photo what the InputSpec says."""
    if spec.channels != 3:
        return
    photo = made_up_photo()
    given = np.asarray(processor(images=photo, return_tensors="np")["pixel_values"])[0].transpose(1, 2, 0)
    ours = resize_levels(photo, cast("Resize", spec.resize), spec.height, spec.width) / 255 * spec.scale + spec.offset
    ours = ours[..., ::-1] if spec.channel_order == "BGR" else ours
    off = np.abs((given - ours) / spec.scale) if given.shape == ours.shape else np.ones(1)
    if off.max() > OFF or off.mean() > MEAN_OFF:
        raise ModelError(
            f"the {spec.source} does more to an image than resizing, cutting out the middle and scaling; declare what "
            "the model takes, wrap(model, input=InputSpec(…), …) or --input-spec"
        ).of("processor", found=spec.source)


def made_up_photo() -> Bytes:
    """Something with edges, slopes and three colours, wider than high: 300 × 420 × 3 levels."""
    rows, columns = np.mgrid[0:300, 0:420] / 300
    waves = (np.sin(9 * columns * rows), np.cos(7 * columns - rows), (columns + rows > 1) - 0.5)
    return np.round(127.5 + 110 * np.stack(waves, axis=-1)).astype(np.uint8)
