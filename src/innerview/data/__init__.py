"""Images and data sets: reading them safely, fitting them to a model, the sample photos, baselines, CIFAR-10."""
