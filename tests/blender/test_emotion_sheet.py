"""The picture of all emotions: what it shows."""

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.emotion import EMOTIONS
from rigs.emotion_sheet import poses


def test_every_emotion_is_shown_at_two_strengths_and_speaking() -> None:
    sheet = poses()
    assert len(sheet) == 4 * (len(EMOTIONS) - 1)
    assert all(set(pose) == set(BLENDSHAPE_CHANNELS) for pose in sheet.values())
    for emotion in EMOTIONS[1:]:
        half, full, says_p, says_a = (sheet[f"{emotion}, {what}"] for what in ("half", "full", "saying p", "saying a"))
        assert 0 < sum(half.values()) < sum(full.values())
        assert says_p["jawOpen"] - says_p["mouthClose"] < 0.05 < says_a["jawOpen"] - says_a["mouthClose"]
