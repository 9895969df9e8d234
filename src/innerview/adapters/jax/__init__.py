"""JAX: a function from images to outputs, with the values that it names as layers."""

from innerview.errors import MissingExtra

try:
    from innerview.adapters.jax.layers import tap
except Exception as error:
    raise MissingExtra("looking into a JAX function", "jax", error) from error

__all__ = ["tap"]
