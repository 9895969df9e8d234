"""What each view means, in two or three sentences with a source: the same wherever the view is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Explanation:
    """The question that a view answers, what one is looking at, and who introduced it."""

    title: str
    question: str
    text: str
    source: str


EXPLANATIONS: Final[Mapping[str, Explanation]] = MappingProxyType(
    {
        "attribution": Explanation(
            "Attribution",
            "Which pixels raised or lowered this class's score, and how exact is the sum?",
            "Fade the picture in from the baseline and the score changes; the map shares that change out among the "
            "pixels, and the shares add up to the whole of it. It speaks about this network, this class and this "
            "baseline: a pixel that equals the baseline always gets zero. The gap is what the shares miss; it checks "
            "the sum, and says nothing about errors that cancel.",
            "Sundararajan, Taly, Yan 2017, arXiv 1703.01365",
        ),
        "methods": Explanation(
            "Other methods",
            "What do methods that ask another question say of the same class?",
            "Each of these maps has its own meaning and its own unit, so their sizes can't be compared, and two that "
            "disagree need not be wrong: they answer two questions. Hiding a part of the picture shows the network "
            "something that it was not trained on; a gradient never leaves the picture's surroundings.",
            "under each name in docs/methods.md",
        ),
        "interior": Explanation(
            "Interior gradients",
            "How does the answer build up as the picture fades in, and where does the gradient fall silent?",
            "At each step between baseline (alpha 0) and picture (alpha 1) the gradient shows which pixels would "
            "change the score most. Near the full picture it is often small although the pixels matter: the score has "
            "levelled off, which is called saturation.",
            "Sundararajan, Taly, Yan 2016, arXiv 1611.02639",
        ),
        "keep": Explanation(
            "Keep",
            "If the network saw only these pixels, what would it say?",
            "The network answers again while it sees only the pixels that the map ranks first; the rest is replaced by "
            "the baseline. A picture with holes is unlike anything it was trained on, so a part of any change may come "
            "from the holes.",
            "Petsiuk, Das, Saenko 2018, arXiv 1806.07421; Hooker and others 2019, arXiv 1806.10758",
        ),
        "layers": Explanation(
            "Layers",
            "What does each layer keep of this picture?",
            "Each tile is one learned filter's response at every place of the picture; after each pooling the tiles "
            "are coarser. A tile tells where a filter responds and how strongly, not what it stands for: that takes "
            "many pictures.",
            "Zeiler, Fergus 2014, arXiv 1311.2901; Yosinski and others 2015, arXiv 1506.06579",
        ),
        "weights": Explanation(
            "Weights",
            "What did training do to the weights?",
            "Each outline counts how many weights of a layer have which value. One that stands still hints that the "
            "layer has stopped learning, one that runs wide or piles up at zero that something went wrong. Very "
            "different weights can share a histogram, so it raises questions rather than settling them.",
            "Glorot, Bengio 2010, AISTATS",
        ),
        "network": Explanation(
            "Network",
            "What is between the picture and the answer?",
            "Each block is a layer with the shape of what it gives; pooling halves height and width. The answer is "
            "read from the last one.",
            "Springenberg and others 2014, arXiv 1412.6806",
        ),
    }
)
