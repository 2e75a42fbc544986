"""Which of several characters is meant by the names of strips, channels and files."""

import pytest

from blender_addon.core.names import most_alike

CHARACTERS = {
    "Head": ["Head", "Alice_Rig", "Characters"],
    "Head.001": ["Head.001", "Bob", "Characters"],
    "A1": ["Actor1"],
    "A2": ["Actor2"],
    "H": ["花子"],
}


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        (["alice_02.wav"], "Head"),
        (["Channel 2", "line 7", "bob.mp3"], "Head.001"),
        (["aliceline.wav"], "Head"),
        (["actor 2 take 1"], "A2"),
        (["花子.wav"], "H"),
        (["characters.wav"], None),  # both have it
        (["Channel 2"], None),
        (["bobby.wav"], None),
        (["actor1 and actor2"], None),
        ([], None),
    ],
)
def test_the_character_is_meant_whose_name_is_shared(names: list[str], meant: str | None) -> None:
    assert most_alike(names, CHARACTERS) == meant


def test_without_choices_nothing_is_meant() -> None:
    assert most_alike(["alice"], {}) is None
