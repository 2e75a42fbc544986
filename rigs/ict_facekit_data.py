"""ICT-FaceKit as data: reading it, checking it, and which parts and expressions it has. No Blender here.

ICT-FaceKit is MIT, Copyright (c) 2020 USC Institute for Creative Technologies: Li et al., "Learning Formation of
Physically-Based Face Attributes", CVPR 2020, https://github.com/ICT-VGL/ICT-FaceKit.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]

SKIN = ("M_Face", "M_BackHead")
EYES = {"Left": ("M_ScleraLeft", "M_IrisLeft"), "Right": ("M_ScleraRight", "M_IrisRight")}
LASHES = ("M_EyeLashes",)
TEETH = ("M_Teeth",)
GUMS = ("M_GumsTongue",)
VEILS = ("M_EyeBlend", "M_EyeOcclusion", "M_LacrimalFluid")
"""Shells over the eyeball that need a shader of their own."""
MOUTH_SOCKET = slice(11248, 13294)
"""Vertices of the mouth's inside, from the table in ICT-FaceKit's README."""

# iBUG landmarks, https://ibug.doc.ic.ac.uk/resources/300-W/ (there 1 to 68, here 0 to 67).
BROWS = (range(17, 22), range(22, 27))
EYELIDS = {"Right": range(36, 42), "Left": range(42, 48)}
OUTER_LIPS = range(48, 60)
INNER_LIPS = range(60, 68)
UPPER_INNER_LIP, LOWER_INNER_LIP = 62, 66


@dataclass(frozen=True)
class FaceKit:
    """ICT-FaceKit as read: centimetres, Y up, the face looks to +Z, the character's left is +X."""

    vertices: Floats
    """(V, 3) the neutral face"""
    faces: Ints
    """(F, 4) vertex of each corner; -1 in the last column of a triangle"""
    uv: Floats
    """(U, 2) texture coordinates, one UDIM tile a material"""
    faces_uv: Ints
    """(F, 4) texture coordinate of each corner; -1 as in faces"""
    material: Ints
    """(F,) index into material_names"""
    material_names: tuple[str, ...]
    expressions: dict[str, Floats]
    """name such as browDown_L -> (V, 3) offsets"""
    identities: Floats
    """(N, V, 3) offsets of the principal components, one standard deviation each"""
    landmarks: Ints
    """(68,) vertex of each iBUG landmark"""


def faces_of(kit: FaceKit, materials: tuple[str, ...]) -> Mask:
    """(F,) True where the face has one of these materials."""
    return np.isin(kit.material, [index for index, name in enumerate(kit.material_names) if name in materials])


def vertices_of(kit: FaceKit, materials: tuple[str, ...]) -> Mask:
    """(V,) True where a face of one of these materials uses the vertex."""
    return used_vertices(kit, faces_of(kit, materials))


def used_vertices(kit: FaceKit, faces: Mask) -> Mask:
    """(V,) True where one of the faces (F,) uses the vertex."""
    corners = kit.faces[faces]
    mask = np.zeros(len(kit.vertices), bool)
    mask[corners[corners >= 0]] = True
    return mask


def faces_within(kit: FaceKit, vertices: Mask) -> Mask:
    """(F,) True where all corners of the face are among the vertices (V,)."""
    within: Mask = (vertices[kit.faces] | (kit.faces < 0)).all(axis=1)
    return within


def source_expressions(channel: str) -> tuple[str, ...]:
    """The ICT-FaceKit expressions whose sum is the channel: eyeBlinkLeft -> eyeBlink_L."""
    if channel in ("browInnerUp", "cheekPuff"):
        return f"{channel}_L", f"{channel}_R"
    for side in ("Left", "Right"):
        if channel.endswith(side) and channel not in (f"jaw{side}", f"mouth{side}"):
            return (f"{channel.removesuffix(side)}_{side[0]}",)
    return (channel,)


def read_facekit(path: Path) -> FaceKit:
    """The packed file, a folder with it, or a checkout; ValueError with a sentence for anything else."""
    packed = path / "ict_facekit.npz" if path.is_dir() else path
    if packed.is_file():
        kit = read_packed(packed)
    elif (path / "FaceXModel" / "generic_neutral_mesh.obj").is_file():
        kit = read_checkout(path / "FaceXModel")
    else:
        raise ValueError(
            f"No ICT-FaceKit data at {path}; name ict_facekit.npz, its folder, or a checkout of"
            " https://github.com/ICT-VGL/ICT-FaceKit."
        )
    check_facekit(kit, path)
    return kit


def read_packed(path: Path) -> FaceKit:
    """Read ict_facekit.npz: the arrays of FaceKit, offsets as float16."""
    try:
        with np.load(path, allow_pickle=False) as packed:
            arrays = {name: packed[name] for name in packed.files}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a readable .npz; name ict_facekit.npz of ICT-FaceKit.") from error
    try:
        names, deltas = arrays["expression_names"].tolist(), arrays["expression_deltas"].astype(np.float32)
        return FaceKit(
            vertices=arrays["neutral"].astype(np.float32),
            faces=arrays["faces"].astype(np.int32),
            uv=arrays["uv"].astype(np.float32),
            faces_uv=arrays["faces_uv"].astype(np.int32),
            material=arrays["material"].astype(np.int32),
            material_names=tuple(arrays["material_names"].tolist()),
            expressions=dict(zip(names, deltas, strict=True)),
            identities=arrays["identity_deltas"].astype(np.float32),
            landmarks=arrays["landmarks68"].astype(np.int32),
        )
    except KeyError as error:
        raise ValueError(f"{path} lacks the array {error}; it is not a packed ICT-FaceKit.") from error


def read_checkout(folder: Path) -> FaceKit:
    """Read FaceXModel: every .obj but the neutral one is a shape with the same vertex order."""
    neutral = folder / "generic_neutral_mesh.obj"
    indices = folder / "vertex_indices.json"
    if not indices.is_file():
        raise ValueError(f"{indices} is missing; check ICT-FaceKit out again, whole.")
    vertices = read_obj_vertices(neutral)
    corners, uv, materials = read_obj_faces(neutral)
    material_names = tuple(sorted(set(materials)))
    offsets = {
        path.stem: read_obj_vertices(path, len(vertices)) - vertices
        for path in sorted(folder.glob("*.obj"))
        if path != neutral
    }
    return FaceKit(
        vertices=vertices,
        faces=corners[..., 0],
        uv=uv,
        faces_uv=corners[..., 1],
        material=np.array([material_names.index(name) for name in materials], np.int32),
        material_names=material_names,
        expressions={name: offset for name, offset in offsets.items() if not name.startswith("identity")},
        identities=np.array([offset for name, offset in offsets.items() if name.startswith("identity")]),
        landmarks=np.array(json.loads(indices.read_text())["idx_to_landmark_verts"], np.int32),
    )


def read_obj_vertices(path: Path, n_expected: int | None = None) -> Floats:
    """(V, 3) the `v` lines of an .obj; ValueError with a sentence when there are not as many as expected."""
    with path.open() as lines:
        words = [line.split()[1:4] for line in lines if line.startswith("v ")]
    if not words or n_expected not in (None, len(words)):
        raise ValueError(
            f"{path} has {len(words)} vertices, not those of the neutral face; check ICT-FaceKit out again."
        )
    return np.array(words, np.float32)


def read_obj_faces(path: Path) -> tuple[Ints, Floats, list[str]]:
    """The faces of an .obj: vertex and texture index of each corner (F, 4, 2), the `vt` lines (U, 2), F materials."""
    corners, uv, materials, current = [], [], [], ""
    with path.open() as lines:
        for line in lines:
            kind, *words = line.split() or [""]
            if kind == "vt":
                uv.append(words[:2])
            elif kind == "usemtl":
                current = words[0]
            elif kind == "f":
                face = [[int(index) - 1 for index in word.split("/")[:2]] for word in words]
                corners.append(face + [[-1, -1]] * (4 - len(face)))
                materials.append(current)
    return np.array(corners, np.int32), np.array(uv, np.float32), materials


def check_facekit(kit: FaceKit, path: Path) -> None:
    """ValueError with a sentence when parts or shapes are missing or the arrays do not fit each other."""
    materials = (*SKIN, *EYES["Left"], *EYES["Right"], *LASHES, *TEETH, *GUMS, *VEILS)
    expressions = [name for channel in BLENDSHAPE_CHANNELS for name in source_expressions(channel)]
    missing = [name for name in materials if name not in kit.material_names]
    missing += [name for name in expressions if name not in kit.expressions]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}; get the whole of ICT-FaceKit.")
    fits = (
        all(offsets.shape == kit.vertices.shape for offsets in (*kit.expressions.values(), *kit.identities))
        and kit.faces.shape == kit.faces_uv.shape == (len(kit.material), 4)
        and kit.landmarks.shape == (68,)
        and max(kit.faces.max(), kit.landmarks.max()) < len(kit.vertices)
        and kit.faces_uv.max() < len(kit.uv)
    )
    if not fits:
        raise ValueError(f"The arrays of {path} do not fit each other; get ICT-FaceKit again.")
