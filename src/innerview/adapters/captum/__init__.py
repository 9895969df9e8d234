"""Captum's methods on a wrapped PyTorch module, as attributions of ours."""
