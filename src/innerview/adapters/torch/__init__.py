"""PyTorch: any module, its layers by hooks, its gradients by autograd."""
