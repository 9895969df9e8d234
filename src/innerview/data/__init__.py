"""Pictures and data sets: reading them safely, fitting them to a network, the sample photos, baselines, CIFAR-10."""
