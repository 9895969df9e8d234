"""With which instructions and threads a benchmark's process computes."""

from __future__ import annotations

import os
from collections.abc import Mapping

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
FORCED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Where these are set, OpenBLAS takes the kernels of an older processor than it runs on."""

INSTRUCTIONS: Mapping[str, Mapping[str, str]] = {
    "as the processor has them": {},
    "without AVX-512": {
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
}
"""What OpenBLAS, NumPy, PyTorch, oneDNN and MKL have to be told."""


def surroundings(threads: int | None = None, instructions: str = "as the processor has them") -> dict[str, str]:
    """The environment of a process.

    Args:
        threads: of OpenMP and of the BLAS libraries; None for as many as they take.
        instructions: a name of INSTRUCTIONS.
    """
    known = {name: value for name, value in os.environ.items() if name not in (*FORCED, *THREADS)}
    known |= {} if threads is None else dict.fromkeys(THREADS, str(threads))
    return known | dict(INSTRUCTIONS[instructions])
