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

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

from innerview.version import __version__ as __version__

# Where each public name lives. What type checkers and editors know of them is made from this table and the code
# (`__init__.pyi`, by `python scripts/docs.py`).
_HOMES = {
    "Contrast": "targets",
    "InnerviewError": "errors",
    "InputSpec": "model",
    "LogOdds": "targets",
    "Logit": "targets",
    "Margin": "targets",
    "OutputSpec": "model",
    "Probability": "targets",
    "Query": "workbench",
    "Recorder": "recorders",
    "Similarity": "targets",
    "activation_distances": "tensors",
    "activations": "tensors",
    "aggregate_segments": "tensors",
    "ask": "tensors",
    "attention": "tensors",
    "attention_rollout": "tensors",
    "attn_lrp": "tensors",
    "captum_attribution": "tensors",
    "channel_atlas": "workbench.survey.atlas",
    "class_evidence": "tensors",
    "compare": "workbench",
    "deletion": "tensors",
    "detected_at": "adapters.torch.detections",
    "example_image": "data.samples",
    "example_names": "data.samples",
    "expected_gradients": "tensors",
    "explain": "workbench",
    "grad_cam": "tensors",
    "gradient": "tensors",
    "gradient_input": "tensors",
    "grid_segments": "methods",
    "insertion": "tensors",
    "integrated_gradients": "tensors",
    "interior_gradients": "tensors",
    "load_image": "data.reading",
    "load_pretrained": "allcnn",
    "load_result": "results.io",
    "make_baseline": "tensors",
    "mean_inside": "adapters.torch.regions",
    "occlusion": "tensors",
    "parts": "tensors",
    "path_predictions": "tensors",
    "predict": "tensors",
    "preprocess": "data.fitting",
    "removed_and_alone": "tensors",
    "sampled_shapley": "tensors",
    "save_result": "results.io",
    "shapley": "tensors",
    "smooth_grad": "tensors",
    "survey": "workbench",
    "var_grad": "tensors",
    "view": "notebook.view",
    "weight_histograms": "tensors",
    "wrap": "adapters",
}

# Names of earlier checkouts: asked for, each is answered with the new one.
_RENAMED = {
    "NetworkError": "errors.ModelError",
    "PictureError": "errors.ImageError",
    "Request": "Query",
    "fit": "preprocess",
    "grid_labels": "grid_segments",
    "keep": "insertion or deletion",
    "load": "load_pretrained",
    "look": "explain",
    "path_statistics": "path_predictions",
    "read_picture": "load_image",
    "sample": "example_image",
    "samples": "example_names",
    "snapshot": "load_pretrained(name, checkpoint=…)",
    "sum_regions": "aggregate_segments",
}

# Modules of earlier checkouts, likewise.
_MOVED = {
    "innerview.network": "innerview.model",
    "innerview.pictures.film": "innerview.pictures.timeline",
    "innerview.runs.ending": "innerview.runs.status",
}


class _Moved:
    """Asked last, for what nobody has: a module of an earlier name is answered with the new one."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:  # noqa: ARG004 as it is called
        if name in _MOVED:
            raise ModuleNotFoundError(f"{name} was renamed; use {_MOVED[name]}", name=name)


sys.meta_path.append(_Moved)  # pyright: ignore[reportArgumentType] a finder is known by what it has

# checkers read the stub, which lists them
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"innerview.{_HOMES[name]}"), name)
    if name in _RENAMED:
        raise AttributeError(f"innerview.{name} was renamed; use innerview.{_RENAMED[name]}")
    if f"innerview.{name}" in _MOVED:
        raise AttributeError(f"innerview.{name} was renamed; use {_MOVED[f'innerview.{name}']}")
    # A method needs no line here: one that only the registry knows (of another package, say) is found there.
    if not name.startswith("_") and find_spec(f"innerview.{name}") is None:
        found = import_module("innerview.tensors").method_named(name)
        if found is not None:
            return found
    raise AttributeError(f"module 'innerview' has no attribute {name!r}; it has {', '.join(sorted(_HOMES))}")


def __dir__() -> list[str]:
    return list(__all__)


# A notebook shows every result as a figure of itself; nowhere else is anything imported for that.
if "ipykernel" in sys.modules or "marimo" in sys.modules:
    import_module("innerview.notebook").attach()
