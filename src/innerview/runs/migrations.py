"""Run folders of version 1: what their files, metrics and settings were called, and how they are read and continued.

Nothing in such a folder is renamed or written anew. It is read as if it had today's names; a training that goes on in
it writes on under the names of version 1, so that a folder never mixes two versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, cast

FILES_OF_1: Final[Mapping[str, str]] = MappingProxyType({"checkpoints": "snapshots", "status.json": "ended.json"})

SERIES_OF_1: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ema": "average",
        "predictions": "answers",
        "channel-stats": "channels",
        "activations": "layers",
    }
)

METRICS_OF_1: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ema_loss": "average_loss",
        "ema_accuracy": "average_accuracy",
        "test_images": "test_pictures",
        "final_images": "final_pictures",
    }
)

STATUS_OF_1: Final[Mapping[str, str]] = MappingProxyType({"diverged": "broken"})

SETTINGS_OF_1: Final[Mapping[str, str]] = MappingProxyType(
    {
        "batch_size": "batch",
        "ema": "average",
        "checkpoints": "snapshots",
        "test_images": "test_pictures",
        "muon_lr": "muon_rate",
        "adam_lr": "adam_rate",
        "warmup": "warm_up",
        "lr_schedule": "decay",
        "fix_weight_norm": "hold",
        "lsuv": "unit_variance",
        "fraction": "share",
    }
)
"""Today's name -> that of version 1, in the configuration and in its tables."""

TABLES: Final = ("initialisation", "augmentation", "optimisation")

CONFIGURATIONS_OF_1: Final[Mapping[str, str]] = MappingProxyType({"tutorial2018": "recipe"})


def file_of(name: str, version: int) -> str:
    """What a file or folder is called in a run folder of a version."""
    return FILES_OF_1.get(name, name) if version == 1 else name


def series_of(name: str, version: int) -> str:
    """What a series of files is called in a run folder of a version."""
    return SERIES_OF_1.get(name, name) if version == 1 else name


def modern_settings(told: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration of version 1 under today's names; what has none is left as it is."""
    new = {old: name for name, old in SETTINGS_OF_1.items()}
    found = {new.get(name, name): value for name, value in told.items()}
    for table in TABLES:
        if isinstance(found.get(table), Mapping):
            inner = cast("Mapping[str, Any]", found[table])
            found[table] = {new.get(name, name): value for name, value in inner.items()}
    configurations = {old: name for name, old in CONFIGURATIONS_OF_1.items()}
    if isinstance(found.get("name"), str) and found["name"] in configurations:
        found["name"] = configurations[found["name"]]
    return found


def base_rate(configuration: Mapping[str, Any]) -> float:
    """The learning rate that version 1 logged the fraction of; 1 where the configuration has none.

    It is that of the optimiser that moves most layers: Muon, or Adam where it moves all.
    """
    how = configuration.get("optimisation")
    if not isinstance(how, Mapping):
        return 1.0
    rates = cast("Mapping[str, Any]", how)
    given = [rates.get(name) for name in ("muon_lr", "adam_lr")]
    return next((float(rate) for rate in given if isinstance(rate, int | float) and rate > 0), 1.0)


def modern_record(record: Mapping[str, Any], rate: float) -> dict[str, Any]:
    """A line of the metrics of version 1 under today's names, its learning rate a rate; `rate`: see `base_rate`."""
    new = {old: name for name, old in METRICS_OF_1.items()}
    return {new.get(name, name): _scaled(name, value, rate) for name, value in record.items()}


def old_record(record: Mapping[str, Any], rate: float) -> dict[str, Any]:
    """A line of the metrics as version 1 wrote it: the inverse of `modern_record`."""
    return {METRICS_OF_1.get(name, name): _scaled(name, value, 1 / rate) for name, value in record.items()}


def _scaled(name: str, value: Any, factor: float) -> Any:
    return value * factor if name == "learning_rate" and isinstance(value, int | float) else value
