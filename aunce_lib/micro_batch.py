"""A step on a batch too large for the memory, exactly: embed in parts, compare all, embed again.

To add up the gradients of small batches is not the same: each face would meet the few negatives of
its own part. But what needs the memory is the encoder, not the comparison of its embeddings. So
(GradCache: Gao et al., "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup",
2021) embed part by part and keep the embeddings alone; take the loss of all of them, and how it
would have each embedding move; then embed each part once more and pass that on to the weights, as
dL/dθ = Σ_parts dL/dz_part · dz_part/dθ. It costs one more forward pass. A BatchNorm that learns
sees a part at a time, hence other statistics than those of the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from lightning_fabric import Fabric
from torch import Tensor

from aunce_lib.batch import chunks
from aunce_lib.devices import random_state, set_random_state
from aunce_lib.distributed import average_gradients
from aunce_lib.optimisation import Objective


def compare_in_parts(
    fabric: Fabric, objective: Objective, view0: Tensor, view1: Tensor, labels: Tensor, size: int
) -> tuple[Tensor, Tensor, Tensor, Callable[[], None]]:
    """Loss and embeddings (B, J, D) of both views, and what then computes all gradients.

    Args:
        size: Faces embedded at a time, in either view.
    """
    parts, states, views = chunks(len(view0), size), [], (view0, view1)
    norms = [m for m in objective.encoder.modules() if getattr(m, "track_running_stats", False)]
    embedded: tuple[list[Tensor], list[Tensor]] = ([], [])
    for norm in norms:
        norm.track_running_stats = not norm.training  # each part is counted once, when it learns
    with torch.no_grad(), fabric.autocast():
        for part in parts:
            states.append(random_state(fabric.device))
            for z, view in zip(embedded, views, strict=True):
                z.append(objective.encoder(view[part]))
    for norm in norms:
        norm.track_running_stats = True
    z0, z1 = (torch.cat(z).requires_grad_() for z in embedded)
    loss = objective.compare(z0, z1, labels)

    def backward() -> None:
        fabric.backward(loss)
        for part, state in zip(parts, states, strict=True):
            set_random_state(state, fabric.device)  # stochastic depth as it was
            for z, view in ((z0, view0), (z1, view1)):
                with fabric.autocast():
                    again = objective.encoder(view[part])
                fabric.backward(again, z.grad[part])
        average_gradients(objective.parameters())

    return loss, z0, z1, backward
