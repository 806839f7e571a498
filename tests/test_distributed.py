"""Two processes with different faces are one process with all of them.

Processes take seconds to start: one pair runs all cases and writes down what came out.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from safetensors.torch import load_file, save_file
from torch.nn.parallel import DistributedDataParallel

from aunce_lib import distributed
from aunce_lib.encoder import Encoder
from aunce_lib.loss import AUNCELoss
from aunce_lib.sampler import PositiveSampler

N_PROCESSES, N_IMAGES, N_AUS, DIM = 2, 5, 3, 8  # images of each process

CASES = {
    "a kind per AU": {},
    "a kind per anchor": {"per": "anchor", "temperature": 0.1},
    "other images, in chunks": {"positives_from": "other_images", "chunk_size": 3},
    "weights": {"au_weights": torch.tensor([0.2, 3.0, 1.0])},
    "official": {"variant": "official"},
    "permuted strides": {},
    "permuted strides on one": {},
    "no active face on one": {},
    "no label on one": {},
    "no label on any": {},
}


def batch(case):
    """Embeddings and labels of all processes; the first half of the images is process 0's."""
    generator = torch.Generator().manual_seed(len(case))
    n = N_PROCESSES * N_IMAGES
    z = torch.randn(2, n, N_AUS, DIM, generator=generator)
    labels = torch.randint(0, 2, (n, N_AUS), generator=generator).float()
    labels[0], labels[1] = 1, 0
    labels[2, 1] = torch.nan
    if case == "no active face on one":
        labels[N_IMAGES:, 0] = 0
    elif case == "no label on one":
        labels[N_IMAGES:] = torch.nan
    elif case == "no label on any":
        labels[:] = torch.nan
    return *z, labels


def images_of(rank):
    return slice(rank * N_IMAGES, (rank + 1) * N_IMAGES)


def criterion(per="au", **options):
    sampler = PositiveSampler(per=per, generator=torch.Generator().manual_seed(7))
    return AUNCELoss(sampler, gather_distributed=True, **options)


def loss_and_gradients(case, images):
    z0, z1, labels = batch(case)
    permuted = case == "permuted strides" or (case.endswith("on one") and images == images_of(1))
    if permuted:  # leaves (D, J, B), seen as (B, J, D)
        leaves = [z[images].permute(2, 1, 0).contiguous().requires_grad_() for z in (z0, z1)]
        z0, z1 = (leaf.permute(2, 1, 0) for leaf in leaves)
        assert not z0.is_contiguous()
    else:
        leaves = z0, z1 = [z[images].clone().requires_grad_() for z in (z0, z1)]
    loss = criterion(**CASES[case])(z0, z1, labels[images])
    loss.backward()
    gradients = [leaf.grad for leaf in leaves]
    if permuted:
        gradients = [g.permute(2, 1, 0) for g in gradients]
    return {"loss": loss.detach(), "z0": gradients[0], "z1": gradients[1]}


def encoder_loss_and_gradients(images, wrap):
    """Gradients of an encoder in eval: its BatchNorms would see another batch in each process."""
    torch.manual_seed(0)
    encoder = Encoder(N_AUS, "conv-small", dim=DIM, image_size=32)
    faces = torch.rand(2, N_PROCESSES * N_IMAGES, 3, 32, 32)
    for _ in range(10):  # some statistics for the BatchNorms, else all embeddings are alike
        encoder(faces.flatten(0, 1))
    encoder.eval()
    _, _, labels = batch("a kind per AU")
    wrapped = wrap(encoder)  # kept: DDP averages only as long as it lives
    z0, z1 = wrapped(faces[:, images].flatten(0, 1)).chunk(2)
    loss = criterion(temperature=0.1)(z0, z1, labels[images])
    loss.backward()
    gradients = {name: p.grad for name, p in encoder.named_parameters()}
    return {"loss": loss.detach(), **gradients}


def work(rank, folder):
    """What each of the processes does."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", f"file://{folder}/rendezvous", timedelta(seconds=60), N_PROCESSES, rank
    )
    results = {
        f"{case}/{name}": value.contiguous()
        for case in CASES
        for name, value in loss_and_gradients(case, images_of(rank)).items()
    }
    encoded = encoder_loss_and_gradients(images_of(rank), DistributedDataParallel)
    results |= {f"encoder/{name}": value for name, value in encoded.items()}
    row = torch.full((2, 1), float(rank))
    results["rows"] = distributed.gather(row)
    local = distributed.local_rows(2)
    results["local rows"] = torch.tensor([local.start, local.stop])
    results["world"] = torch.tensor(distributed.world())
    seeds = distributed.shared_seed(), distributed.shared_seed(40 + rank)
    results["seeds"] = torch.tensor(seeds)
    if rank == 0:  # alone: would wait for the others for ever if it talked to them
        z0, z1, labels = batch("a kind per AU")
        results["alone"] = AUNCELoss(PositiveSampler({"mean": 1.0}))(z0, z1, labels)
    save_file(results, f"{folder}/{rank}.safetensors")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """What each process found."""
    folder = tmp_path_factory.mktemp("processes")
    mp.spawn(work, args=(str(folder),), nprocs=N_PROCESSES)
    return [load_file(folder / f"{rank}.safetensors") for rank in range(N_PROCESSES)]


def close(given, expected):
    torch.testing.assert_close(given, expected, rtol=1e-5, atol=1e-5 * expected.abs().max().item())


@pytest.mark.parametrize("case", CASES)
def test_distributed_losses_and_gradients_of_embeddings_are_those_of_one_process(case, processes):
    one = loss_and_gradients(case, slice(None))
    losses = torch.stack([found[f"{case}/loss"] for found in processes])
    close(losses.mean(), one["loss"])  # as DDP averages gradients, so do losses average
    for view in ("z0", "z1"):
        given = torch.cat([found[f"{case}/{view}"] for found in processes]) / N_PROCESSES
        close(given, one[view])
    assert (one["loss"] > 0) == (case != "no label on any")
    assert one["z0"][N_IMAGES:].any() == (not case.startswith("no label"))


def test_distributed_gradients_of_an_encoder_are_those_of_one_process(processes):
    one = encoder_loss_and_gradients(slice(None), wrap=lambda encoder: encoder)
    close(sum(found["encoder/loss"] for found in processes) / N_PROCESSES, one.pop("loss"))
    largest = max(gradient.abs().max().item() for gradient in one.values())
    assert largest > 1e-3
    for found in processes:
        for name, expected in one.items():
            given = found[f"encoder/{name}"]
            torch.testing.assert_close(given, expected, rtol=1e-5, atol=1e-5 * largest)


def test_distributed_data_differ_so_that_local_losses_would_be_wrong(processes):
    z0, z1, labels = batch("a kind per AU")
    local = torch.stack(
        [criterion()(z0[i], z1[i], labels[i]) for i in map(images_of, range(N_PROCESSES))]
    )
    assert abs(local.mean() - loss_and_gradients("a kind per AU", slice(None))["loss"]) > 1e-2


def test_distributed_gather_puts_rows_in_the_order_of_ranks(processes):
    for rank, found in enumerate(processes):
        assert found["rows"].flatten().tolist() == [0, 0, 1, 1]
        assert found["local rows"].tolist() == [2 * rank, 2 * rank + 2]
        assert found["world"].tolist() == [rank, N_PROCESSES]


def test_distributed_processes_share_the_seed_of_the_first(processes):
    first, second = (found["seeds"].tolist() for found in processes)
    assert first == second
    assert first[1] == 40


def test_distributed_loss_without_gathering_needs_no_other_process(processes):
    z0, z1, labels = batch("a kind per AU")
    close(processes[0]["alone"], AUNCELoss(PositiveSampler({"mean": 1.0}))(z0, z1, labels))


def test_distributed_functions_do_nothing_in_a_single_process():
    x = torch.randn(4, 2)
    assert distributed.world() == (0, 1)
    assert distributed.gather(x) is x
    assert distributed.local_rows(4) == slice(0, 4)
    assert distributed.shared_seed(11) == 11
    assert distributed.shared_seed() != distributed.shared_seed()
    total, weight = torch.tensor(6.0, requires_grad=True), torch.tensor(4.0)
    assert distributed.global_ratio(total, weight) == 1.5
    assert distributed.global_ratio(0 * total, 0 * weight) == 0
