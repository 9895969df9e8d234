"""Methods: each one short file on the waist, NumPy only, formula and source on top."""

from innerview.methods.activations import activations, area_mean
from innerview.methods.gradient import gradient
from innerview.methods.integrated_gradients import integrated_gradients
from innerview.methods.interior_gradients import RECIPE_ALPHAS, interior_gradients
from innerview.methods.keep import DEFAULT_SHARES, keep
from innerview.methods.passes import Progress, check_picture, predict
from innerview.methods.path_statistics import path_statistics
from innerview.methods.tolerance import BUDGET, integrate_to_tolerance
from innerview.methods.walk import Job
from innerview.methods.weights import weight_histograms

__all__ = [
    "BUDGET",
    "DEFAULT_SHARES",
    "RECIPE_ALPHAS",
    "Job",
    "Progress",
    "activations",
    "area_mean",
    "check_picture",
    "gradient",
    "integrate_to_tolerance",
    "integrated_gradients",
    "interior_gradients",
    "keep",
    "path_statistics",
    "predict",
    "weight_histograms",
]
