"""Methods: each one short file on the waist, NumPy only, formula and source on top."""

from innerview.methods.activation_distances import activation_distances
from innerview.methods.activations import activations, area_mean
from innerview.methods.ask import ask
from innerview.methods.attention import attention, attention_rollout
from innerview.methods.attn_lrp import attn_lrp
from innerview.methods.class_evidence import class_evidence
from innerview.methods.expected_gradients import expected_gradients
from innerview.methods.grad_cam import grad_cam
from innerview.methods.gradient import gradient
from innerview.methods.gradient_input import gradient_input
from innerview.methods.integrated_gradients import integrated_gradients
from innerview.methods.interior_gradients import TUTORIAL2018_ALPHAS, interior_gradients
from innerview.methods.masking import DEFAULT_FRACTIONS, deletion, insertion
from innerview.methods.occlusion import occlusion
from innerview.methods.parts import parts
from innerview.methods.passes import Progress, check_image, predict
from innerview.methods.path_predictions import path_predictions
from innerview.methods.removed_and_alone import removed_and_alone
from innerview.methods.rise import rise
from innerview.methods.sampled_shapley import sampled_shapley
from innerview.methods.segments import aggregate_segments, grid_segments, segment_sums
from innerview.methods.shapley import shapley
from innerview.methods.smooth import noisy_images, smooth_grad, var_grad
from innerview.methods.tolerance import BUDGET, integrate_jobs
from innerview.methods.walk import Job
from innerview.methods.weights import weight_histograms

__all__ = [
    "BUDGET",
    "DEFAULT_FRACTIONS",
    "TUTORIAL2018_ALPHAS",
    "Job",
    "Progress",
    "activation_distances",
    "activations",
    "aggregate_segments",
    "area_mean",
    "ask",
    "attention",
    "attention_rollout",
    "attn_lrp",
    "check_image",
    "class_evidence",
    "deletion",
    "expected_gradients",
    "grad_cam",
    "gradient",
    "gradient_input",
    "grid_segments",
    "insertion",
    "integrate_jobs",
    "integrated_gradients",
    "interior_gradients",
    "noisy_images",
    "occlusion",
    "parts",
    "path_predictions",
    "predict",
    "removed_and_alone",
    "rise",
    "sampled_shapley",
    "segment_sums",
    "shapley",
    "smooth_grad",
    "var_grad",
    "weight_histograms",
]
