"""CLIP and SigLIP as image classifiers: each class is a text, and its logit how near the image comes to it.

    logit_k = exp(t) · cos(image, text_k) (+ b)        CLIP: softmax over the texts; SigLIP: a sigmoid for each

Radford and others 2021, arXiv 2103.00020; Zhai and others 2023, arXiv 2303.15343. The texts' embeddings are computed
once, when the model is opened; what is explained is the image's side alone.
"""

# transformers is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
import transformers

from innerview.adapters.hubs import HubModel, no_weights
from innerview.adapters.hubs.transformers_models import CODE, input_of, processor_of
from innerview.errors import InnerviewError, ModelError, UsageError
from innerview.model import OutputSpec
from innerview.spec import OutputKind

KINDS: Final[Mapping[str, OutputKind]] = {"clip": "logits", "metaclip_2": "logits", "siglip": "sigmoid"}
"""Model types whose image side is run alone, and what their outputs are."""

PADDED: Final[Mapping[str, Any]] = {"siglip": {"padding": "max_length", "max_length": 64}}
"""How texts are padded where the model was trained so; else to the longest."""


class ZeroShot(torch.nn.Module):
    """The image side of a model of images and texts, with the embeddings of some texts.

    Args:
        model: of transformers, with a text side.
        texts: embeddings, text × width.
    """

    texts: torch.Tensor

    def __init__(self, model: Any, texts: torch.Tensor) -> None:
        super().__init__()
        self.vision_model = model.vision_model
        self.projection = getattr(model, "visual_projection", None) or torch.nn.Identity()
        self.register_buffer("texts", (texts / texts.norm(dim=-1, keepdim=True)).detach().clone())
        self.register_buffer("scale", model.logit_scale.detach().exp().reshape(()))
        bias = getattr(model, "logit_bias", None)
        self.register_buffer("bias", torch.zeros(()) if bias is None else bias.detach().reshape(()).clone())

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Logits, batch × text."""
        embedded = self.projection(self.vision_model(pixel_values=pixel_values).pooler_output)
        near = (embedded / embedded.norm(dim=-1, keepdim=True)) @ self.texts.T
        return near * self.scale + self.bias


def read_prompts(text: str) -> tuple[str, list[str]]:
    """Read "a photo of a {cat,dog,owl}": the text around the names, and the names.

    Raises:
        UsageError: it has no names between braces, or several pairs of those.
    """
    before, opened, rest = text.partition("{")
    inside, closed, behind = rest.partition("}")
    names = [one.strip() for one in inside.split(",") if one.strip()]
    if not (opened and closed) or "{" in behind or len(names) < 1 or len(set(names)) < len(names):
        raise UsageError(
            f"--classes {text!r} was given as texts; write the names between one pair of braces, with commas: "
            "--classes 'a photo of a {cat,dog,owl}'"
        ).of("classes", asked=text)
    return f"{before}{{}}{behind}", names


def open_zero_shot(name: str, classes: str, *, pretrained: bool, trust: bool) -> HubModel:
    """Open "ORG/NAME" or a folder, with a text for each class.

    Raises:
        UsageError: the texts can't be read, or the model brings code that is not trusted.
        ModelError: the model does not compare images with texts.
        DataError: its weights, its tokenizer or its processor can't be had.
    """
    template, names = read_prompts(classes)
    try:
        config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=trust)
        _require_texts(name, config, trust=trust)
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=trust)
        maker = transformers.AutoModel
        model = (
            maker.from_pretrained(name, config=config, trust_remote_code=trust, weights_only=True)
            if pretrained
            else maker.from_config(config, trust_remote_code=trust)
        )
    except InnerviewError:
        raise
    except Exception as error:  # whatever a download, a file or a configuration can raise
        raise no_weights(f"hf:{name}", error) from error
    return zero_shot(model.eval(), tokenizer, processor_of(model, name), names, template)


def _require_texts(name: str, config: Any, *, trust: bool) -> None:
    """Raise unless a model of this configuration compares images with texts, by code that may run."""
    if getattr(config, "auto_map", None) and not trust:
        raise UsageError(f"hf:{name} brings code of its own, which opening it would run; {CODE}").of(
            "trust_code", asked=name
        )
    if config.model_type not in KINDS:
        raise ModelError(
            f"hf:{name} is a {config.model_type}, and no model that compares images with texts ({', '.join(KINDS)}); "
            "give its classes as a file or a number"
        ).of("model", asked=name, found=config.model_type, known=KINDS)


def zero_shot(
    model: Any, tokenizer: Any, processor: Any, names: Sequence[str], template: str = "a photo of a {}"
) -> HubModel:
    """Make a classifier of a model that is open already.

    Args:
        model: CLIP or SigLIP, of transformers.
        tokenizer: that belongs to it.
        processor: of its images.
        names: of the classes.
        template: the text of a class, with {} for its name.
    """
    kind = model.config.model_type
    texts = [template.format(name) for name in names]
    given = tokenizer(texts, return_tensors="pt", **PADDED.get(kind, {"padding": True}))
    taken = {key: value for key, value in given.items() if key in {"input_ids", "attention_mask"}}
    if kind in PADDED:  # it was trained on texts whose padding counts
        taken.pop("attention_mask", None)
    with torch.no_grad():
        found = model.get_text_features(**taken)
    embedded = found if isinstance(found, torch.Tensor) else found.pooler_output
    source = f"the texts {template.format('…')!r} of {model.config.name_or_path or kind}"
    output = OutputSpec(names, kind=KINDS[kind], source=source)
    return HubModel(ZeroShot(model, embedded).eval(), input_of(processor, model), output)
