"""Run by the real Blender: `blender -b -P make_scene.py -- WAV BLEND` saves a head and a sound strip."""

import sys

import bpy

CHANNELS = (
    "jawOpen",
    "mouthClose",
    "mouthSmile_L",
    "mouthSmile_R",
    "browInnerUp",
    "eyes.eyeBlink_L",
    "eyes.eyeBlink_R",
    "wart",
)


def main(audio: str, output: str) -> None:
    scene = bpy.context.scene
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    bpy.ops.mesh.primitive_uv_sphere_add(radius=1.5, location=(0, 0, 1))
    head = bpy.context.object
    head.name = "Head"
    head.shape_key_add(name="Basis")
    for name in CHANNELS:
        block = head.shape_key_add(name=name, from_mix=False)
        block.value = 0.0
        for point in block.data:
            if name == "jawOpen" and point.co.z < 0:
                point.co.z -= 0.6
            elif name != "jawOpen" and point.co.z > 1:
                point.co.y -= 0.1
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_sound("speech", audio, 1, 1)
    editor.active_strip = strip
    scene.frame_end = 48
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 64
    bpy.ops.wm.save_as_mainfile(filepath=output)


main(*sys.argv[sys.argv.index("--") + 1 :])
