"""Code as users write it by mistake: checkers refuse the lines that end in "wrong", and no other; never run."""

import numpy as np

import innerview
from innerview.results import Attribution, IntegratedGradients

model = innerview.load_pretrained("allcnn")
image = np.zeros((32, 32, 3), np.float32)


class Mine:
    shape = (3, 32, 32)
    dtype = "float32"

    def cpu(self) -> int:
        return 1


tensor = Mine()

innerview.integrated_gradients(model, image, 1, baseline="black")
innerview.integrated_gradients(model, 1, basline="black")  # wrong
innerview.integrated_gradients(model, image, 1, basline="black")  # wrong
innerview.integrated_gradients(model, tensor, 1, basline="black")  # wrong
innerview.integrated_gradients(model, image, 1, baseline=0)  # wrong
innerview.integrated_gradients(model, image, 1, baseline=["black", 0])  # wrong
innerview.integrated_gradients(model, image, 1.5)  # wrong
innerview.integrated_gradients(model, image, innerview.Logit("cat"))  # wrong
innerview.integrated_gradients(model, image, tolerance="1 %")  # wrong
innerview.integrated_gradients("allcnn", image)  # wrong
innerview.integrated_gradients(model, None)  # wrong
innerview.integrated_gradients(model)  # wrong
innerview.integrated_gradient(model, image)  # wrong
innerview.predict(model, "cat")  # wrong
innerview.activations(model, image)  # wrong
innerview.expected_gradients(model, image)  # wrong
innerview.smooth_grad(model, image, 1, method="gradient")  # wrong
innerview.insertion(model, image, "map")  # wrong
innerview.wrap(tensor, input=model.input, outputs=model.output)  # wrong
innerview.wrap(tensor, inputs=model.input)  # wrong
innerview.InputSpec(32)  # wrong
innerview.OutputSpec(3, kind="softmax")  # wrong
innerview.load_pretrained(7)  # wrong

found = innerview.integrated_gradients(model, image, 1)
given = innerview.integrated_gradients(model, tensor, 1)
found.attributions  # noqa: B018  # wrong
found.heatmap.cpu()  # wrong
given.heatmap.cpu()
given.heatmap.gpu()  # wrong
given.numpy.heatmap.cpu()  # wrong
found.to("torhc")  # wrong
found.to("numpy", channels="first")  # wrong


def drawn(result: IntegratedGradients) -> None: ...


drawn(found)
drawn(given)  # wrong
drawn(given.numpy)
summed: Attribution = innerview.aggregate_segments(given, image)  # wrong
