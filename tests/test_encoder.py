"""The encoder: each part against its loops, written out; all backbones; eval mode; bad input."""

from __future__ import annotations

import huggingface_hub.constants
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aunce_lib import encoder as encoder_module
from aunce_lib.encoder import BACKBONES, AUFeatures, AUGraph, Encoder

J, C = 5, 16


def with_lively_norms(module: nn.Module, seed: int = 0) -> nn.Module:
    """BatchNorms with other weights and statistics than 1 and 0, as after some training."""
    generator = torch.Generator().manual_seed(seed)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
            for tensor in (norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
    return module


@pytest.fixture
def encoder() -> Encoder:
    torch.manual_seed(0)
    return with_lively_norms(Encoder(n_aus=J, dim=8))


# the whole encoder


@pytest.mark.parametrize(("dim", "length"), [(8, 8), (None, None)])
def test_embeddings_are_float32_of_unit_length(dim, length):
    encoder = Encoder(n_aus=J, dim=dim)
    z = encoder(torch.rand(3, 3, 64, 64))
    assert z.shape == (3, J, length or encoder.backbone.width)
    assert encoder.dim == z.shape[-1]
    assert z.dtype == torch.float32
    torch.testing.assert_close(z.norm(dim=-1), torch.ones(3, J))


def test_embeddings_stay_float32_of_unit_length_under_bf16_autocast(encoder):
    with torch.autocast("cpu", torch.bfloat16):
        z = encoder(torch.rand(3, 3, 64, 64))
    assert z.dtype == torch.float32
    torch.testing.assert_close(z.norm(dim=-1), torch.ones(3, J))


def test_every_parameter_gets_a_gradient(encoder):
    (encoder(torch.rand(4, 3, 64, 64)) * torch.randn(4, J, 8)).sum().backward()
    # a bias before a BatchNorm has none in theory, and rounding's in practice
    assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())


def test_in_eval_mode_a_face_does_not_see_its_batch(encoder):
    faces = torch.rand(6, 3, 64, 64)
    encoder.eval()
    with torch.no_grad():
        together = encoder(faces)
        alone = torch.cat([encoder(face[None]) for face in faces])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_memory_order_of_the_images_does_not_matter(encoder):
    faces = torch.rand(2, 3, 64, 64)
    encoder.eval()
    other = faces.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(encoder(faces), encoder(other))


@pytest.mark.parametrize(
    ("backbone", "size"),
    [("conv-small", 64), ("conv-small", 96), ("swin-nano", 64), ("swin-tiny", 64)]
    + [("swin-tiny", 112)],
)
def test_each_backbone_embeds_images_of_its_size(backbone, size):
    encoder = Encoder(n_aus=3, backbone=backbone, dim=8, image_size=size).eval()
    with torch.no_grad():
        assert encoder(torch.rand(1, 3, size, size)).shape == (1, 3, 8)


# what the backbones see


def seen_by(module: nn.Module, encoder: Encoder, images: torch.Tensor) -> torch.Tensor:
    seen = []
    hook = module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        encoder.eval()(images)
    hook.remove()
    return seen[0]


@pytest.mark.parametrize("backbone", ["swin-nano", "swin-tiny"])
def test_swin_sees_colours_by_the_statistics_of_imagenet(backbone):
    encoder, images = Encoder(3, backbone, 8), torch.rand(2, 3, 64, 64)
    seen = seen_by(encoder.backbone.swin, encoder, images)
    for colour, mean, std in ((0, 0.485, 0.229), (1, 0.456, 0.224), (2, 0.406, 0.225)):
        torch.testing.assert_close(seen[:, colour], (images[:, colour] - mean) / std)
    assert not {"backbone.mean", "backbone.std"} & encoder.state_dict().keys()  # old files load


def test_conv_small_sees_each_image_standardised_by_itself(encoder):
    images = torch.rand(2, 3, 64, 64)
    seen = seen_by(encoder.backbone.layers, encoder, images)
    assert torch.equal(seen, F.instance_norm((images - 0.5) / 0.5))


def test_images_are_resized_or_their_middle_is_taken():
    images = torch.rand(2, 3, 64, 64)
    whole, middle = Encoder(3, image_size=32), Encoder(3, image_size=48, crop_from=64)
    assert torch.equal(Encoder(3).sized(images), images)
    expected = F.interpolate(images, (32, 32), mode="bilinear", antialias=True)
    assert torch.equal(whole.sized(images), expected)
    assert torch.equal(middle.sized(images), images[..., 8:56, 8:56])
    larger = F.interpolate(images, (128, 128))  # of another store: to the same framing
    assert middle.sized(larger).shape == (2, 3, 48, 48)


# features per AU


class LoopedFeatures(nn.Module):
    """What AUFeatures computes at once: J times Linear, BatchNorm, ReLU, mean over tokens."""

    def __init__(self, features: AUFeatures, width: int):
        super().__init__()
        blocks = []
        for j in range(features.n_aus):
            mine = slice(j * width, (j + 1) * width)
            linear, norm = nn.Linear(width, width), nn.BatchNorm1d(width)
            linear.weight.data = features.linear.weight.data[mine].clone()
            linear.bias.data = features.linear.bias.data[mine].clone()
            for name, tensor in norm.state_dict().items():
                if tensor.ndim:
                    tensor.copy_(getattr(features.norm, name)[mine])
            blocks.append(nn.ModuleList([linear, norm]))
        self.blocks = nn.ModuleList(blocks)

    def forward(self, tokens):
        n, n_tokens, width = tokens.shape
        outputs = []
        for linear, norm in self.blocks:
            x = linear(tokens).transpose(1, 2)  # (B, C, T)
            outputs.append(F.relu(norm(x)).mean(dim=2))
        return torch.stack(outputs, dim=1)


@pytest.mark.parametrize("training", [True, False])
def test_features_equal_a_loop_over_the_aus_in_values_and_gradients(training):
    torch.manual_seed(1)
    features = with_lively_norms(AUFeatures(J, C)).double()
    looped = LoopedFeatures(features, C).double()
    tokens, direction = torch.randn(4, 9, C).double(), torch.randn(4, J, C).double()
    outputs, gradients = [], []
    for module in (features.train(training), looped.train(training)):
        x = tokens.clone().requires_grad_()
        outputs.append(module(x))
        (outputs[-1] * direction).sum().backward()
        gradients.append(x.grad)
    torch.testing.assert_close(*outputs, rtol=0, atol=1e-6)
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-6)
    for position, batched in enumerate((features.linear, features.norm)):
        for name, parameter in batched.named_parameters():
            loop = torch.cat([getattr(block[position], name).grad for block in looped.blocks])
            torch.testing.assert_close(parameter.grad, loop, rtol=0, atol=1e-6)
    running = torch.cat([norm.running_var for _, norm in looped.blocks])
    torch.testing.assert_close(features.norm.running_var, running)


# the graph


def looped_adjacency(v, k):
    """D^-½ A D^-½, entry by entry."""
    adjacency = torch.zeros(len(v), v.shape[1], v.shape[1])
    for b, face in enumerate(v.tolist()):
        for j, mine in enumerate(face):
            likeness = [sum(p * q for p, q in zip(mine, theirs, strict=True)) for theirs in face]
            nearest = sorted(range(len(face)), key=lambda i: -likeness[i])[:k]
            adjacency[b, j, nearest] = 1
    degree = adjacency.sum(dim=2)
    for b, row, column in adjacency.nonzero().tolist():
        adjacency[b, row, column] /= (degree[b, row] * degree[b, column]) ** 0.5
    return adjacency


def test_adjacency_equals_a_loop():
    v = torch.rand(3, 6, C)
    graph = AUGraph(6, C, n_neighbours=3)
    torch.testing.assert_close(graph.adjacency(v), looped_adjacency(v, 3))


@pytest.mark.parametrize("n_neighbours", [J, J + 1, 100])
def test_with_as_many_neighbours_as_aus_each_listens_to_all(n_neighbours):
    adjacency = AUGraph(J, C, n_neighbours).adjacency(torch.rand(2, J, C))
    torch.testing.assert_close(adjacency, torch.full((2, J, J), 1 / J))


@pytest.mark.parametrize("training", [True, False])
def test_graph_is_the_formula_with_a_batch_norm_per_au(training):
    torch.manual_seed(2)
    graph = with_lively_norms(AUGraph(J, C, 2)).train(training)
    mean, variance = graph.norm.running_mean.clone(), graph.norm.running_var.clone()
    v = torch.rand(4, J, C)
    x = looped_adjacency(v, 2) @ graph.v(v) + graph.u(v)
    expected = torch.empty_like(v)
    for j in range(J):
        m, s2 = (x[:, j].mean(), x[:, j].var(correction=0)) if training else (mean[j], variance[j])
        normalised = (x[:, j] - m) / (s2 + graph.norm.eps).sqrt()
        expected[:, j] = v[:, j] + normalised * graph.norm.weight[j] + graph.norm.bias[j]
    torch.testing.assert_close(graph(v), expected.clamp(min=0), rtol=1e-5, atol=1e-5)


def test_no_gradient_flows_through_the_adjacency():
    graph = AUGraph(J, C, 2)
    v = torch.rand(4, J, C, requires_grad=True)
    assert not graph.adjacency(v).requires_grad
    (through,) = torch.autograd.grad((graph(v) ** 2).sum(), v)
    constant = graph.adjacency(v)
    formula = F.relu(v + graph.norm(constant @ graph.v(v) + graph.u(v)))
    (expected,) = torch.autograd.grad((formula**2).sum(), v)
    torch.testing.assert_close(through, expected)


def test_neighbours_are_those_of_float32_under_bf16_autocast():
    v = 1 + 0.01 * torch.randn(16, 12, C)  # alike: bf16 products could not tell them apart
    graph = AUGraph(12, C)
    with torch.autocast("cpu", torch.bfloat16):
        adjacency = graph.adjacency(v)
    assert torch.equal(adjacency, graph.adjacency(v))


# bad input


def test_an_unknown_backbone_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'resnet'.*") as error:
        Encoder(n_aus=J, backbone="resnet")
    assert all(name in str(error.value) for name in BACKBONES)


@pytest.mark.parametrize("backbone", ["conv-small", "swin-nano"])
def test_pretrained_weights_that_do_not_exist_are_refused(backbone):
    with pytest.raises(ValueError, match=f"{backbone} has no ImageNet weights.*swin-tiny"):
        Encoder(n_aus=J, backbone=backbone, pretrained=True)


def test_pretrained_weights_for_images_too_small_for_them_are_refused():
    with pytest.raises(ValueError, match="above 192 px, got 64"):
        Encoder(n_aus=J, backbone="swin-tiny", image_size=64, pretrained=True)


@pytest.fixture
def imagenet(tmp_path, monkeypatch):
    """A folder as the hub lays it out, and its weights: a little network named swin-tiny."""
    from transformers import SwinConfig, SwinForImageClassification

    sizes = {"embed_dim": 8, "depths": (1, 1, 2, 1), "num_heads": (1, 1, 1, 1)}
    monkeypatch.setitem(encoder_module.SWIN, "swin-tiny", sizes)
    monkeypatch.setitem(encoder_module.PRETRAINED, "swin-tiny", "aunce-tests/not-there")
    model = SwinForImageClassification(SwinConfig(**sizes, image_size=224, window_size=7))
    model.save_pretrained(tmp_path / "imagenet")
    return tmp_path / "imagenet", model.swin


def start_from(folder, **options) -> Encoder:
    return Encoder(3, "swin-tiny", 8, image_size=224, pretrained=str(folder), **options)


def test_a_folder_with_weights_is_read_without_a_network(imagenet):
    folder, swin = imagenet
    encoder = start_from(folder, drop_path=0.5)
    assert encoder.backbone.swin.config.drop_path_rate == 0.5
    for name, tensor in encoder.backbone.swin.state_dict().items():
        assert torch.equal(tensor, swin.state_dict()[name]), name


@pytest.mark.parametrize(
    ("sizes", "message"),
    [({"embed_dim": 16}, "no whole weights of swin-tiny"), ({"depths": (1, 1, 3, 1)}, "lack")],
)
def test_weights_of_another_network_are_refused(imagenet, monkeypatch, sizes, message):
    monkeypatch.setitem(encoder_module.SWIN, "swin-tiny", encoder_module.SWIN["swin-tiny"] | sizes)
    with pytest.raises(ValueError, match=f"{message}.*hf download"):
        start_from(imagenet[0])


def test_damaged_weights_are_a_value_error(imagenet):
    path = imagenet[0] / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="no whole weights.*hf download"):
        start_from(imagenet[0])


def test_a_folder_without_safetensors_is_an_os_error_and_no_pickle_is_opened(imagenet):
    (imagenet[0] / "model.safetensors").rename(imagenet[0] / "pytorch_model.bin")
    with pytest.raises(OSError, match="hf download"):
        start_from(imagenet[0])
    with pytest.raises(OSError, match="at /nowhere: .*hf download"):
        start_from("/nowhere")


def test_pretrained_weights_out_of_reach_are_an_os_error_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    # a name that is in nobody's cache
    monkeypatch.setitem(encoder_module.PRETRAINED, "swin-tiny", "aunce-tests/not-there")
    with pytest.raises(OSError, match="aunce-tests/not-there.*hf download.*pretrained: FOLDER"):
        Encoder(n_aus=J, backbone="swin-tiny", image_size=224, pretrained=True)


def test_uint8_images_are_refused(encoder):
    with pytest.raises(TypeError, match="floating.*uint8"):
        encoder(torch.zeros(2, 3, 64, 64, dtype=torch.uint8))
