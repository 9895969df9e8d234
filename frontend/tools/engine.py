# ruff: noqa: INP001
"""Write tests/engine.json: small random networks with what the NumPy adapter makes of them, for the engine to equal.

python frontend/tools/engine.py
"""

import base64
import json
from pathlib import Path

import numpy as np

from innerview.adapters.numpy import NumpyModel
from innerview.adapters.operations import (
    ELU,
    Convolution,
    Dense,
    Flatten,
    GlobalMean,
    MaxPooling,
    MeanPooling,
    Operation,
    ReLU,
)
from innerview.export.web import web_network
from innerview.model import OUTPUT, InputSpec, OutputSpec

IMAGES = 2


def network(seed: int) -> NumpyModel:
    """Draw a network: some convolutions of any kernel, stride and padding, a pooling, one of three ends."""
    random = np.random.default_rng(seed)
    side, channels = (int(random.integers(7, 14)), int(random.integers(7, 14))), int(random.choice([1, 3]))
    wide = seed in {0, 3}  # of these, the 3 x 3 are worked out in tiles
    operations, weights = list[Operation](), dict[str, np.ndarray]()
    size, inputs = np.array(side), channels

    def weight(name: str, *shape: int) -> None:
        fan = int(np.prod(shape[1:])) or 1
        weights[name] = random.normal(0, fan**-0.5, shape).astype(np.float16).astype(np.float32)

    for number in range(1, 4):
        kernel = [3, 3] if wide else random.integers(1, 5, 2).tolist()
        stride = 1 if wide else int(random.integers(1, 3))
        padding = "same" if wide else [*("same", "valid"), int(min(kernel)) - 1][int(random.integers(3))]
        outputs, bias = 32 if wide else int(random.integers(3, 9)), bool(random.integers(2))
        around = 0 if padding == "valid" else padding if isinstance(padding, int) else max(kernel)
        if (size + 2 * around < kernel).any():
            break
        layer = Convolution(f"conv{number}", stride, padding, bias)
        weight(f"conv{number}.weight", outputs, inputs, *kernel)
        if bias:
            weight(f"conv{number}.bias", outputs)
        size = np.array(layer.shape((*size.tolist(), inputs), weights)[:2])
        inputs = outputs
        operations += [layer, (ELU, ReLU)[int(random.integers(2))](f"act{number}")]
        if number == 2 and size.min() >= 4:
            pool = (MeanPooling, MaxPooling)[int(random.integers(2))]("pool", 2)
            operations.append(pool)
            size = size // 2
    if seed % 2:
        operations += [Flatten("flat", ("HWC", "CHW")[int(random.integers(2))]), Dense("dense")]
        weight("dense.weight", 5, int(size.prod()) * inputs)
        weight("dense.bias", 5)
    else:
        operations += [GlobalMean("mean"), Dense("dense", bias=False)]
        weight("dense.weight", 5, inputs)
    spec = InputSpec(*side, channels, mean=0.4, std=0.3, channel_order=("RGB", "BGR")[seed % 5 == 0 and channels == 3])
    return NumpyModel(spec, OutputSpec(5), operations, weights)


def packed(values: np.ndarray) -> str:
    """Numbers as text."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


def case(seed: int) -> dict[str, object]:
    """A network with images, outputs and gradients, worked out in double precision."""
    model = network(seed)
    written, exact = web_network(model, f"random {seed}"), model.astype(np.float64)
    images = np.random.default_rng(seed).random((IMAGES, *model.input.shape)).astype(np.float32)
    factors = np.random.default_rng(seed + 1).normal(size=(IMAGES, 5)).astype(np.float32)
    layer = model.operations[1].name
    found = exact.vjp(images.astype(np.float64), {OUTPUT: lambda _: factors[None].astype(np.float64)}, [layer])
    return {
        "network": dict(written.description),
        "weights": written.text,
        "layer": layer,
        "images": packed(images),
        "factors": packed(factors),
        "outputs": packed(found.outputs),
        "gradients": packed(found.input_gradients[0]),
        "activation": packed(found.activations[layer]),
        "layer_gradient": packed(found.layer_gradients[layer][0]),
    }


def main() -> None:
    """Write the file."""
    cases = [case(seed) for seed in range(16)]
    path = Path(__file__).parents[1] / "tests" / "engine.json"
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
