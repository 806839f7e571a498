"""`aunce` with frozen BatchNorms, which may be asked to stop: test_distributed_runs.py starts it.

Several processes normalise by their own share of a batch where SyncBatchNorm can't help, on
processors. Frozen, BatchNorms see no batch, and any number of processes must do the same.
"""

from __future__ import annotations

import os
import signal

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from aunce_lib import cli
from aunce_lib.corpora import FrameTable


def freeze_batchnorms() -> None:
    """BatchNorms stay in evaluation mode, whatever they are told."""
    _BatchNorm.train = lambda self, mode=True: nn.Module.train(self, False)


def stop_at(n_reads: int) -> None:
    """This process is sent SIGTERM as it reads the images of its n-th batch."""
    images, reads = FrameTable.images, []

    def read(table, positions=None):
        reads.append(1)
        if len(reads) == n_reads:
            os.kill(os.getpid(), signal.SIGTERM)
        return images(table, positions)

    FrameTable.images = read


if __name__ == "__main__":
    torch.set_num_threads(1)
    freeze_batchnorms()
    if os.environ.get("LOCAL_RANK", "0") == os.environ.get("STOP_RANK"):
        stop_at(int(os.environ["STOP_AT"]))
    cli.main()
