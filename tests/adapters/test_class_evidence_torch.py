"""Class evidence of PyTorch models that compute something between their layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from innerview.adapters.torch.model import TorchModel
from innerview.errors import UsageError
from innerview.methods import class_evidence
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit
from raising import raises

SPEC = InputSpec(8, 12, 3, layout="CHW")
CLASSES = OutputSpec(("ant", "bee", "cow"))
IMAGE = np.random.default_rng(2).random(SPEC.shape).astype(np.float32)


def same(value: torch.Tensor) -> torch.Tensor:
    return value


class Hidden(torch.nn.Module):
    def __init__(self, between: Any, behind: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.dense = torch.nn.Conv2d(3, 4, 3), torch.nn.Linear(4, 3)
        self.between, self.behind = between, behind

    def forward(self, images: Any) -> Any:
        return self.behind(self.dense(self.between(self.conv(images)).mean((2, 3))))


def test_what_the_layers_do_not_show_shows_in_the_sum() -> None:
    plain = class_evidence(TorchModel(Hidden(same, same), SPEC, CLASSES), IMAGE, Logit(0))
    assert (plain.layer, plain.head, plain.receptive_field) == ("conv", ("dense",), (3, 3))
    for between, behind in ((torch.relu, same), (same, torch.tanh), (same, lambda value: 1.01 * value)):
        with raises(UsageError, "class_evidence"):
            class_evidence(TorchModel(Hidden(between, behind), SPEC, CLASSES), IMAGE, Logit(0))
