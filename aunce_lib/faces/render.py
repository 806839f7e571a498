"""Pixels: every pixel is traced back through pose, proportions and muscles to the resting face.

    picture -> p: the head seen from the front        (camera, pose)
            -> q = p - person(p): average proportions (lips and eyes are drawn here)
            -> u = q - action(q): the face at rest    (skin, brows and relief are looked up here)

Which point a ray meets first is found on the relief of the person's own head, so a turned head
hides parts of itself. Then the skin is lit by the slope of its relief, and hair, ears, neck, wall
and camera are put around it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.anatomy import AUS, GIVES_WAY
from aunce_lib.faces.camera import HALF_VIEW, VIEW_Y, Turn, camera_plane, develop, trace
from aunce_lib.faces.curves import View, curve_effects, pair, per_face, ramp, soft
from aunce_lib.faces.eyes import brows, draw_eyes
from aunce_lib.faces.fields import CENTRE_Y, HALF, Fields, blend_fields, canonical_grid
from aunce_lib.faces.hair import beard_cover, hair_on_skin
from aunce_lib.faces.head import compose
from aunce_lib.faces.light import Lamps, cast_shadow, highlight, normals
from aunce_lib.faces.mouth import draw_mouth
from aunce_lib.faces.people import People, Scenes
from aunce_lib.faces.resting import fall
from aunce_lib.faces.skin import sample_grain, skin_colour

SIZES = (16, 512)  #: smallest and largest picture, pixels


def chunk_size(size: int, device: torch.device) -> int:
    """How many faces are drawn at a time: always as many, the last chunk is padded.

    The last bit of a matrix product depends on its shape, and a face must not depend on the
    company it is drawn in. On a CPU a chunk has 128 thousand pixels at most: what one step leaves
    is still in a cache when the next one wants it, and threads seldom wait for Python.
    """
    if device.type != "cpu":
        return 256
    return max(1, min(32, 2**17 // size**2))


def render(
    people: People,
    aus: Tensor,
    scenes: Scenes,
    seeds: Tensor,
    size: int = 64,
    device: str | torch.device | None = None,
    chunk: int | None = None,
) -> Tensor:
    """Draws faces.

    A face depends on its own rows and seed, and in the last bit on `chunk`: not on the batch it is
    drawn in, nor on the number of threads.

    Args:
        people: N people, one per face: `population.people[who]`.
        aus: (N, AUs, 2) float intensities 0..1, left and right half, in the order of `AUS`.
        scenes: N scenes.
        seeds: (N,) int64, the seed of each picture's camera noise.
        size: Height and width in pixels, 16..512.
        device: Where to draw; where the people are if left out.
        chunk: Faces drawn at a time; `chunk_size`, the quickest for many faces, if left out. For
            one face now and then, 1: a chunk takes as long when it is not full.

    Returns:
        uint8 (N, 3, size, size) on that device.

    Raises:
        TypeError: If `aus` is not floating point or `seeds` not int64.
        ValueError: If shapes disagree, or an intensity is NaN or outside 0..1.

    Example:
        >>> from aunce_lib.faces import Population, draw_scenes
        >>> smile = torch.zeros(1, len(AUS), 2)
        >>> smile[:, AUS.index(12)] = 1.0
        >>> render(Population(1).people, smile, draw_scenes(1), torch.tensor([7])).shape
        torch.Size([1, 3, 64, 64])
    """
    _check(people, aus, scenes, seeds, size)
    device = torch.device(device) if device is not None else people.skin.device
    fields = blend_fields(96 if size <= 96 else 128, str(device))
    if chunk is not None and chunk < 1:
        raise ValueError(f"chunk must be at least 1 face, got {chunk!r}")
    n, chunk = len(people), chunk or chunk_size(size, device)
    pictures = torch.empty(n, 3, size, size, dtype=torch.uint8, device=device)
    tables = [(people, people.skin.device), (scenes, scenes.pose.device)]
    tables += [(aus.float(), aus.device), (seeds, seeds.device)]

    def draw_from(start: int) -> None:
        stop = min(start + chunk, n)
        rows = torch.arange(start, start + chunk).clamp(max=n - 1)  # padded with the last face
        given = (table[rows.to(source)].to(device) for table, source in tables)
        pictures[start:stop] = _draw(*given, size, fields)[: stop - start]

    _one_thread_each(draw_from, range(0, n, chunk), device)
    return pictures


def _one_thread_each(draw_from: Callable[[int], None], starts: range, device: torch.device) -> None:
    """Draws every chunk in a single thread, as many chunks at a time as PyTorch has threads.

    PyTorch's own threads would share out the pixels of a chunk, which is slower (the chunk fits
    one core's cache) and moves the last bit where the shares meet.
    """
    if device.type != "cpu":
        for start in starts:
            draw_from(start)
        return
    threads = torch.get_num_threads()
    workers = max(1, min(threads, len(starts)))
    try:
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for _ in pool.map(draw_from, starts):
                pass
    finally:
        torch.set_num_threads(threads)  # also what threads born later start with


def _check(people: People, aus: Tensor, scenes: Scenes, seeds: Tensor, size: int) -> None:
    """Refuses what cannot be drawn, and says why."""
    n = len(people)
    if not isinstance(aus, Tensor) or not aus.is_floating_point():
        raise TypeError(
            f"aus must be a floating-point tensor, got {getattr(aus, 'dtype', type(aus).__name__)}"
        )
    if aus.shape != (n, len(AUS), 2):
        raise ValueError(
            f"aus must be (N, AUs, sides) = ({n}, {len(AUS)}, 2), got {tuple(aus.shape)}; "
            "for the same strength on both sides use aus[..., None].expand(-1, -1, 2)"
        )
    if not bool(((aus >= 0) & (aus <= 1)).all()):  # False for NaN too
        raise ValueError("aus must be intensities in 0..1 without NaN")
    if not isinstance(seeds, Tensor) or seeds.dtype != torch.int64:
        raise TypeError(
            f"seeds must be an int64 tensor, got {getattr(seeds, 'dtype', type(seeds).__name__)}"
        )
    if seeds.shape != (n,):
        raise ValueError(f"seeds must be (N,) = ({n},), got {tuple(seeds.shape)}")
    if len(scenes) != n:
        raise ValueError(f"one scene per face: {n} people but {len(scenes)} scenes")
    if isinstance(size, bool) or not isinstance(size, int) or not SIZES[0] <= size <= SIZES[1]:
        raise ValueError(f"size must be a whole number in {SIZES[0]}..{SIZES[1]}, got {size!r}")


# ------------------------------------------------------------------------- one chunk
@torch.inference_mode()
def _draw(
    people: People, scenes: Scenes, aus: Tensor, seeds: Tensor, size: int, fields: Fields
) -> Tensor:
    """One chunk of faces, uint8 (N, 3, S, S)."""
    pixel = 2 * HALF_VIEW / size
    effort = given_way(aus * people.gain)  # (N, AUs, 2)
    person, action, resting = blend(people, effort, fields)
    effects = curve_effects(effort)
    turn, lamps = Turn.of(scenes), Lamps.of(scenes)

    relief_map = head_relief(person, action, resting)

    def depth(x: Tensor, y: Tensor) -> Tensor:
        height, contour = sample(relief_map, x, y).unbind(1)
        return height.sub_(fall(contour))

    plane = camera_plane(scenes, size)
    px, py, pz = trace(*plane, depth, turn)
    shadowed = sample(cast_shadow(depth, scenes, relief_map.shape[-1]), px, py)[:, 0]
    dx, dy = sample(person, px, py).unbind(1)
    qx, qy = px - dx, py - dy
    dx, dy, raised, shadow = sample(action, qx, qy).unbind(1)
    ux, uy = qx - dx, qy - dy
    relief, dark, red, hairs, contour = sample(resting, ux, uy).unbind(1)
    front = ramp((pz - 0.05) / 0.25)  # 0 on the steep sides of the head, where skin is stretched
    grain = front[:, None] * sample_grain(ux, uy, people)  # (N, 4, S, S)

    albedo = skin_colour(people, dark, red, shadow, grain)
    hair, rows = hair_on_skin(people), rows_between(-0.35, 0.89, size)
    brow = torch.zeros_like(ux)
    brow[:, rows] = brows(ux[:, rows], uy[:, rows], grain[:, 2, rows], people)
    albedo.lerp_(hair * per_face(people.brow[:, -1])[:, None], brow[:, None])
    beard = beard_cover(hairs, grain)
    albedo.lerp_(hair, beard[:, None])

    relief = (relief + raised).addcmul_(0.0008 * per_face(people.texture[:, 1]), grain[:, 2])
    view = View(qx, qy, soft(qx, 0.03), pixel)
    eye_rows, mouth_rows = rows_between(-0.35, 0.60, size), rows_between(-1.17, -0.10, size)
    at_eyes, at_mouth = crop(view, eye_rows), crop(view, mouth_rows)
    albedo[:, :, eye_rows], eye, folds = draw_eyes(
        at_eyes, albedo[:, :, eye_rows], effects, people, scenes.gaze
    )
    albedo[:, :, mouth_rows], mouth, lips = draw_mouth(
        at_mouth, albedo[:, :, mouth_rows], shadow[:, mouth_rows].clamp(0, 2.2), effects, people
    )
    relief[:, eye_rows] += folds
    relief[:, mouth_rows] += lips

    relief = torch.lerp(pz, relief - fall(contour), front)
    normal = normals(turn.depth_seen(px, py, relief), pixel)
    light = lamps.on(*normal, 1 - 0.85 * shadowed)
    shine = highlight(normal, scenes).mul_(per_face(scenes.shine * people.texture[:, 3]))
    shine.mul_(1 - 0.8 * brow).mul_(1 - 0.7 * beard).mul_(1 - shadowed)
    shine *= (1 + 0.15 * grain[:, 2]).clamp_(0, 2)
    face = torch.addcmul(shine[:, None], albedo, light)
    for opening, rows in ((eye, eye_rows), (mouth, mouth_rows)):
        lit = (0.18 + 0.75 * light[:, :, rows]).clamp_(max=1.1).mul_(opening.colour)
        face[:, :, rows].lerp_(lit, opening.mask[:, None])

    picture = compose(face, plane, view, (ux, uy), pz, people, scenes)
    return develop(picture, people, scenes, seeds)


def given_way(effort: Tensor) -> Tensor:
    """Effort (N, AUs, 2) of the muscles after weaker ones gave way to stronger ones, in place."""
    for weaker, stronger, share in GIVES_WAY:
        effort[:, AUS.index(weaker)] *= 1 - share * effort[:, AUS.index(stronger)].clamp(max=1)
    return effort


def head_relief(person: Tensor, action: Tensor, resting: Tensor, nodes: int = 64) -> Tensor:
    """Height and contour of each head as it is now, on a coarse grid for rays, (N, 2, D, D)."""
    x, y = (t.expand(len(person), -1, -1) for t in canonical_grid(nodes, person.device))
    dx, dy = sample(person, x, y).unbind(1)
    x, y = x - dx, y - dy
    dx, dy, raised = sample(action[:, :3], x, y).unbind(1)
    relief = sample(resting[:, ::4], x - dx, y - dy)
    relief[:, 0] += raised
    return relief


def blend(people: People, effort: Tensor, fields: Fields) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted sums of the blend fields.

    Returns:
        person (N, 2, G, G): displacement dx, dy.
        action (N, 4, G, G): displacement dx, dy, height, shadow.
        resting (N, 5, G, G): height, darkness, redness, hair, contour.
    """
    n, g = len(people), fields.grid
    person = (people.warp @ fields.warp).view(n, 2, g, g)
    resting = (people.marks @ fields.skin).view(n, 5, g, g)
    # furrows deepen faster than the skin moves, and old skin folds more
    folding = people.creasing[:, None, None] * effort * (0.45 + 0.55 * effort)
    action = torch.empty(n, 4, g, g, device=effort.device)
    action[:, :3] = (effort.flatten(1) @ fields.move).view(n, 3, g, g)
    folds = (folding.flatten(1) @ fields.fold).view(n, 2, g, g)
    action[:, 2] += folds[:, 0]
    action[:, 3] = folds[:, 1]
    return person, action, resting


def sample(field: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Looks a field (N, C, G, G) up at face coordinates (N, S, S) -> (N, C, S, S)."""
    where = pair(x / HALF, (y - CENTRE_Y).div_(HALF))
    return F.grid_sample(field, where, padding_mode="border", align_corners=True)


def rows_between(low: float, high: float, size: int) -> slice:
    """Rows of the picture that show heights y in low..high."""
    top = (VIEW_Y + HALF_VIEW - high) / (2 * HALF_VIEW) * size
    bottom = (VIEW_Y + HALF_VIEW - low) / (2 * HALF_VIEW) * size
    return slice(max(0, int(top)), min(size, int(bottom) + 1))


def crop(view: View, rows: slice) -> View:
    """The part of a view in those rows."""
    return View(view.x[:, rows], view.y[:, rows], view.right[:, rows], view.pixel)
