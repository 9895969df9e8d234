"""Tensors of PyTorch and JAX as users give them; never run (tests/test_typing.py)."""

from typing import assert_type

import jax
import torch

import innerview
from innerview.results import Gradient, IntegratedGradients, Prediction

model = innerview.load_pretrained("allcnn")
image = torch.rand(3, 32, 32)
found = innerview.integrated_gradients(model, image, 3, baseline=torch.zeros_like(image))
assert_type(found, IntegratedGradients[torch.Tensor])
assert_type(found.heatmap.cpu(), torch.Tensor)
assert_type(innerview.predict(model, image[None]), list[Prediction[torch.Tensor]])
array: jax.Array = jax.device_put(image.numpy())
assert_type(innerview.gradient(model, array), Gradient[jax.Array])
