"""Voxkey without a window: `generate` and `reference-render` for scripts and render farms.

Three ways to the same function:
    blender -b scene.blend --python-exit-code 1 -P blender_addon/cli.py -- generate --audio a.wav --output out.blend
    blender -b scene.blend -c voxkey generate ...           with the extension enabled
    voxkey generate --scene scene.blend ...                 with the bpy package
"""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="arg-type, union-attr"

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SLIDERS = {
    "strength": ("--strength", "how far the whole face moves"),
    "mouth_strength": ("--mouth-strength", "how far the lips move; closed lips stay closed"),
    "jaw_strength": ("--jaw-strength", "how far the jaw opens; closed lips stay closed"),
    "cheek_strength": ("--cheek-strength", "how far cheeks and nose move"),
    "eye_strength": ("--eye-strength", "how far lids and eyes move"),
    "brow_strength": ("--brow-strength", "how far the brows move"),
    "lower_face_smoothing_seconds": ("--lower-face-smoothing", "seconds over which mouth, jaw and cheeks are calmed"),
    "upper_face_smoothing_seconds": ("--upper-face-smoothing", "seconds over which eyes and brows are calmed"),
    "lip_open_offset": ("--lip-open-offset", "how much further open lips part, or below 0 close"),
    "jaw_open_offset": ("--jaw-open-offset", "how much further the jaw opens while the lips are open"),
    "eyelid_open_offset": ("--eyelid-open-offset", "how much wider the lids open, or below 0 droop"),
    "closure_emphasis": ("--closure-emphasis", "how much longer and harder lips close on p, b and m"),
    "symmetry": ("--symmetry", "how alike both sides of the face are"),
    "blinks": ("--blinks", "how far the lids close in a blink, 0 for no blinks"),
    "gaze": ("--gaze", "how far the eyes wander"),
    "brows": ("--brows", "how far brows rise on stressed words"),
    "secondary": ("--secondary", "how far cheeks and nose follow the mouth"),
    "head": ("--head-motion", "how far the head object nods and turns"),
    "emotion_strength": ("--emotion-strength", "how strongly the face shows emotions"),
    "neutral": ("--neutral", "what neutral takes from the other emotions"),
    "calm": ("--calm", "how calm the face is, beside --emotion"),
    "happy": ("--happy", "how happy"),
    "sad": ("--sad", "how sad"),
    "angry": ("--angry", "how angry"),
    "fearful": ("--fearful", "how fearful"),
    "surprised": ("--surprised", "how surprised"),
    "disgusted": ("--disgusted", "how disgusted"),
    "key_tolerance": ("--key-tolerance", "how far the motion may be off for fewer keys"),
}
"""Setting of Shaping -> option and what it does."""


def build_parser() -> argparse.ArgumentParser:
    """The command line; every default is the panel's."""
    from .core.emotion import EMOTIONS  # here, as this file can be a script outside its package
    from .core.shaping import BLINK_STYLES, RANGES, Shaping

    parser = argparse.ArgumentParser("voxkey", description="Recorded speech in, facial animation out.")
    commands = parser.add_subparsers(dest="command", required=True)
    generate = commands.add_parser("generate", help="animate a face from a sound")
    add = generate.add_argument
    add("--scene", type=Path, help=".blend to open first; without it, the one that Blender has opened")
    sound = generate.add_mutually_exclusive_group()
    sound.add_argument("--audio", type=Path, help="sound file to add to the Sequencer; sets the scene's frame range")
    sound.add_argument("--strip", default="", help="sound strip or Speaker of the scene; without it, the active strip")
    speaker_help = "whose voice it is, once for each: Sequencer channel, strip or Speaker, =, mesh or armature"
    sound.add_argument("--speaker", type=_speaker, action="append", metavar="VOICE=OBJECT", help=speaker_help)
    add("--still-listeners", action="store_true", help="nobody blinks while others speak, with --speaker")
    add("--frame-start", type=int, default=1, help="frame at which --audio starts (1)")
    add("--transcript", type=Path, help="text file with what is said, which sharpens lips and phones")
    add("--object", help="mesh of the face, or an armature; without it, that of the scene's only character")
    add("--rig-map", help="rig map, a .json file or the name of one; without it, the character's own or the best fit")
    add("--output", type=Path, required=True, help=".blend to write")
    add("--render", type=Path, help=".mp4 to render with the scene's camera and sound")
    add("--model", type=Path, help="model file; without it, the one that comes with Voxkey")
    add("--device", type=str.upper, default="AUTO", help="AUTO, CUDA, DIRECTML, COREML or CPU (AUTO)")
    add("--head", dest="head_object", help="object that nods and turns: the head, or an Empty at the neck (none)")
    add("--emotion", choices=EMOTIONS, default="neutral", help="how the character feels throughout (neutral)")
    add("--head-bone", help="bone that turns where --head is an armature; without it, the armature does")
    for setting, (name, meaning) in SLIDERS.items():
        (least, greatest), usual = RANGES[setting], getattr(Shaping(), setting)
        number = _number(least, greatest)
        add(name, dest=setting, type=number, default=usual, help=f"{least:g} to {greatest:g}: {meaning} ({usual:g})")
    add("--hold-frames", type=int, choices=(1, 2, 3), default=1, help="frames that a pose is held: 2 on twos (1)")
    add("--blink-style", choices=BLINK_STYLES, default="procedural", help="blinks by rule, or learned from people")
    add("--seed", type=_seed, default=0, help="another number, another performance (0)")
    for layer in ("blinks", "gaze", "brows", "head"):
        add(f"--{layer}-seed", type=_seed, default=0, help=f"another number, other {layer} alone (0)")
    add("--json", action="store_true", help="print the result as one line of JSON on stdout")
    _add_reference_render(commands)
    return parser


def _add_reference_render(commands: Any) -> None:
    add = commands.add_parser(
        "reference-render", help="paint a line with a trained character or a face in pictures"
    ).add_argument
    add("--scene", type=Path, help=".blend to open first; without it, the one that Blender has opened")
    add("--strip", default="", help="sound strip or Speaker of the scene; without it, the active strip")
    add("--object", help="the face whose take is followed; without it, that of the scene's only character")
    add("--look", type=Path, help="model file of a trained character")
    add("--images", type=Path, help="a picture of a face, or a folder of pictures of it, to be painted instead")
    add("--landmarks", type=Path, help="model file that hears landmarks in the sound, to be followed instead of a take")
    add("--output", type=Path, required=True, help="folder for pictures and film, in one with the name of the sound")
    add("--device", type=str.upper, default="AUTO", help="AUTO, CUDA, DIRECTML, COREML or CPU (AUTO)")
    add("--json", action="store_true", help="print the result as one line of JSON on stdout")


def run(arguments: list[str]) -> int:
    """Carry out one command line; 0, or 1 with one sentence on stderr and no half-written file."""
    try:
        options = build_parser().parse_args(arguments)
    except SystemExit as stop:  # argparse has printed its help or what is wrong
        return 1 if stop.code else 0
    try:
        with blender_silenced():
            result = _reference_render(options) if options.command == "reference-render" else _generate(options)
    except (ValueError, OSError, RuntimeError) as error:  # bpy.ops raises RuntimeError with its report
        sentence = " ".join(str(error).removeprefix("Error: ").split())
        result = {"ok": False, "error": sentence}
        print(f"voxkey: {sentence}", file=sys.stderr)
    if options.json:
        print(json.dumps(result), flush=True)
    return 0 if result["ok"] else 1


def main() -> None:
    """The console script: `voxkey generate ...` in a Python that has the bpy package."""
    try:
        import bpy  # noqa: F401  (here to find out whether it is there)
    except ImportError:
        sys.exit("voxkey: there is no bpy in this Python; install the extra voxkey[blender], or run it inside Blender")
    sys.exit(run(sys.argv[1:]))


def _generate(options: argparse.Namespace) -> dict[str, Any]:
    """Open, generate, save and render; the result as --json prints it."""
    import bpy  # here, so that --help needs no Blender

    from . import output

    started = time.perf_counter()
    _check_folder(options.output, ".blend")
    _check_folder(options.render, ".mp4")
    if options.scene:
        _open_scene(options.scene)
    scene = bpy.context.scene
    if options.render and scene.camera is None:
        raise ValueError(f"The scene {scene.name} has no camera; add one to render")
    facts = _generate_dialogue(scene, options) if options.speaker else _generate_one(scene, options)
    output.save_scene(options.output)
    if options.render:
        output.render_film(scene, options.render, _print_progress)
    return {
        "ok": True,
        "output": str(options.output),
        "render": str(options.render) if options.render else None,
        **facts,
        "fps": scene.render.fps / scene.render.fps_base,
        "seconds": round(time.perf_counter() - started, 3),
    }


def _generate_one(scene: Any, options: argparse.Namespace) -> dict[str, Any]:
    """One character says one sound."""
    import bpy

    from . import audio_io, generation, movement, phone_track
    from .core.text_files import read_text

    obj = _find_face(scene, options.object)
    _choose_rig_map(obj, options)
    head = scene.objects.get(options.head_object) if options.head_object else None
    if options.head_object and head is None:
        raise ValueError(
            f"There is no object {options.head_object} to turn; choose --head from the objects of the scene"
        )
    if options.head_bone:
        if head is None or head.type != "ARMATURE":
            raise ValueError(f"--head-bone {options.head_bone} needs the armature that has it; choose it as --head")
        movement.set_head_bone(head, options.head_bone)
    source_name = options.strip
    if options.audio:
        strip = audio_io.add_sound_strip(scene, options.audio, options.frame_start)
        source_name = strip.name
    model_path = options.model or generation.DEFAULT_MODEL
    text = read_text(options.transcript) if options.transcript else None
    result = generation.generate(scene, obj, source_name, _shaping(options), model_path, options.device, head)
    facts = _facts(result)
    if text is not None:
        take = bpy.data.actions[result.take]
        _, reading = phone_track.say(scene, obj, take, text, None, _shaping(options), head)
        facts["transcript"] = {"language": reading.language, "agreement": round(reading.agreement, 3)}
    if options.audio:
        scene.frame_start, scene.frame_end = options.frame_start, options.frame_start + result.n_frames - 1
        strip.sound.pack()  # so that the file plays with sound wherever it is moved
    return facts


def _generate_dialogue(scene: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Every character says all its sounds; what can't be generated is left out and said."""
    from . import dialogue, generation

    if options.object or options.head_object or options.transcript:
        raise ValueError("--speaker says who speaks, so leave --object, --head and --transcript out")
    voices = [dialogue.Voice(sound, _find_face(scene, name)) for sound, name in options.speaker]
    for voice in voices:
        _choose_rig_map(voice.character, options)
    model_path = options.model or generation.DEFAULT_MODEL
    is_listening = not options.still_listeners
    report = dialogue.generate(scene, voices, _shaping(options), model_path, options.device, is_listening)
    for left_out in report.skipped:
        print(f"voxkey: {left_out.sentence}", file=sys.stderr)
    lines = [
        {"object": place.object_name, "source": place.source_name, **_facts(result)} for place, result in report.lines
    ]
    skipped = [{"sound": item.sound, "reason": item.reason} for item in report.skipped]
    return {"lines": lines, "skipped": skipped}


def _shaping(options: argparse.Namespace) -> Any:
    from .core.shaping import SEEDS, Shaping

    chosen = {
        setting: getattr(options, setting) for setting in (*SLIDERS, *SEEDS, "hold_frames", "emotion", "blink_style")
    }
    return Shaping(**chosen)


def _choose_rig_map(obj: Any, options: argparse.Namespace) -> None:
    """Keep the rig map that was asked for with a face."""
    from . import face
    from .core.retarget import rig_map_to_text

    if options.rig_map:
        obj[face.RIG_MAP] = rig_map_to_text(_find_rig_map(options.rig_map))


def _facts(result: Any) -> dict[str, Any]:
    """What --json prints of a take."""
    return {
        "take": result.take,
        "n_frames": result.n_frames,
        "rig_map": result.rig_map,
        "matched": result.matched,
        "combined_channels": result.coverage.combined,
        "unmatched_channels": result.coverage.unmatched,
        "unused_shape_keys": result.coverage.unused,
        "moved": result.moved,
        "n_keys": result.n_keys,
        "n_frame_keys": result.n_frame_keys,
        "warnings": result.warnings,
        "device": result.device,
    }


def _reference_render(options: argparse.Namespace) -> dict[str, Any]:
    """Open, paint and film; the result as --json prints it."""
    import bpy

    from . import audio_io, face, reference_render

    started = time.perf_counter()
    if options.scene:
        _open_scene(options.scene)
    scene = bpy.context.scene
    source = audio_io.find_source(scene, options.strip)
    obj = None if options.landmarks else _find_face(scene, options.object)
    if obj is not None and source is not None and face.find_take(obj, source.name) is None:
        raise ValueError(f"{obj.name} has no take of {source.name}; generate one first, or name --landmarks")
    look, shown = _look(options)
    place = (look, options.landmarks, options.device, options.output, shown)
    result = reference_render.render(reference_render.prepare(scene, obj, options.strip, *place))
    return {
        "ok": True,
        "film": str(result.film),
        "folder": str(result.folder),
        "n_frames": len(result.pictures),
        "start_frame": result.start_frame,
        "device": result.device,
        "seconds": round(time.perf_counter() - started, 3),
    }


def _look(options: argparse.Namespace) -> tuple[Path, Any]:
    """The model file that paints, and who is shown to it, if it is told by pictures."""
    import bpy

    from . import reference_render

    if (options.look is None) == (options.images is None):
        raise ValueError("Name either --look, the model file of a trained character, or --images, pictures of a face")
    if options.look:
        return options.look, None
    found = reference_render.painter_of_anybody(bpy.context)
    if found is None:
        raise ValueError(reference_render.NO_PAINTER)
    return found[0], reference_render.look_at(options.images, found[1])


def _number(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a number in [low, high], in the single precision of Blender's properties.

    So the command line and the panel give the same curves to the last bit.
    """

    def parse(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not in {low} to {high}")
        return ctypes.c_float(value).value

    return parse


def _speaker(text: str) -> tuple[str, str]:
    """An argparse type: a voice and the name of who has it."""
    voice, equals, name = text.rpartition("=")
    if not (voice and equals and name):
        raise argparse.ArgumentTypeError(f"{text} does not say whose voice it is, as in --speaker 'Channel 1=Head'")
    return voice, name


def _seed(text: str) -> int:
    """An argparse type: a whole number that Blender's property takes."""
    value = int(text)
    if not 0 <= value < 2**31:
        raise argparse.ArgumentTypeError(f"{text} is not in 0 to {2**31 - 1}")
    return value


def _check_folder(path: Path | None, suffix: str) -> None:
    if path is None:
        return
    if path.suffix.lower() != suffix:
        raise ValueError(f"{path} must end in {suffix}; rename it")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} to write {path.name} into; make it first")


def _open_scene(path: Path) -> None:
    import bpy

    if not path.is_file():
        raise ValueError(f"There is no scene {path}; check the path")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path.resolve()))
    except RuntimeError as error:
        raise ValueError(f"{path.name} can't be opened; save it again in this Blender version ({error})") from error


def _find_face(scene: Any, name: str | None) -> Any:
    """The named object, or the mesh with most shape keys of the only character; ValueError names the candidates."""
    from . import face

    meshes = [obj for obj in scene.objects if obj.type == "MESH" and obj.data.shape_keys]
    candidates = meshes or [obj for obj in scene.objects if obj.type == "ARMATURE"]
    found = scene.objects.get(name) if name else None
    if not name and candidates and {*candidates} <= {*face.family(candidates[0])}:
        found = max(candidates, key=lambda obj: len(obj.data.shape_keys.key_blocks) if meshes else 0)
    if found is None:
        problem = f"There is no object {name}" if name else f"The scene has {len(meshes)} meshes with shape keys"
        names = ", ".join(obj.name for obj in candidates)
        raise ValueError(f"{problem}; " + (f"choose --object from {names}" if names else "add a face with shape keys"))
    return found


def _find_rig_map(name: str) -> Any:
    """The rig map in a .json file, or the known one of this name; ValueError lists those."""
    from . import presets
    from .core.retarget import load_rig_map

    if Path(name).suffix.lower() == ".json":
        return load_rig_map(Path(name))
    known = {path.stem: rig_map for path, rig_map in presets.rig_map_files().items() if rig_map}
    for stem, rig_map in known.items():
        if name.lower() in (stem.lower(), rig_map.name.lower()):
            return rig_map
    raise ValueError(f"There is no rig map {name}; choose --rig-map from {', '.join(known)}, or a .json file")


def _print_progress(n_done: int, n_frames: int) -> None:
    """A bar for people, a line a frame for programs."""
    if sys.stderr.isatty():
        bar = "#" * (40 * n_done // n_frames)
        end = "\n" if n_done == n_frames else ""
        print(f"\rrendering [{bar:<40}] {n_done}/{n_frames} frames", end=end, file=sys.stderr, flush=True)
    else:
        print(f"rendered {n_done}/{n_frames} frames", file=sys.stderr, flush=True)


@contextlib.contextmanager
def blender_silenced() -> Iterator[None]:
    """Keep Blender's chatter, which C code prints, off stdout: what is left there is for programs to read."""
    _flush_stdout()
    kept = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        _flush_stdout()
        os.dup2(kept, 1)
        os.close(kept)


def _flush_stdout() -> None:
    """Python's and C's buffers: what is still in them would come out on the other side of the swap."""
    sys.stdout.flush()
    ctypes.CDLL("ucrtbase" if os.name == "nt" else None).fflush(None)


if __name__ == "__main__":  # blender -P cli.py: a script outside its package, which is imported here
    folder = Path(__file__).resolve().parent
    sys.path.insert(0, str(folder.parent))
    package_cli = importlib.import_module(f"{folder.name}.cli")
    sys.exit(package_cli.run(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []))
