"""Watching other people's training: weights, gradients, channels and probe images, written as a run folder.

recorder.py      `Recorder`: what is recorded when, whatever the framework
schedule.py      when something is due, and whether it can be afforded
watched.py       what a recorder asks of a model; torch.py and keras_model.py answer
keras.py         a callback for Keras's `fit`
probe_config.py  what is looked at on the probe images: layers, images, classes
saturation.py    statistics of a layer's channels
tensorboard.py   histograms that others wrote, from event files

Everything that reads a run reads a recording: `innerview.runs.RunFolder`, and `innerview.runs.observations` for what
was seen of gradients, channels and probe images.
"""

from innerview.recorders.recorder import Recorder

__all__ = ["Recorder"]
