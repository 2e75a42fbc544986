"""The import arrows of the project, read from the source: who may import whom."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SYSTEMS = [folder.name for folder in (ROOT / "trainer").iterdir() if (folder / "model.py").exists()]
NEVER_IN_ADDON = {"torch", "librosa", "scipy", "soundfile", "trainer", "rigs", "tools", "tests"}


def imported_modules(path: Path) -> set[str]:
    """Every module that a file names in an import, anywhere in it; a relative import starts with a dot."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def neighbours_loaded(path: Path) -> set[str]:
    """The modules beside a file that are loaded before it: imports within functions come later."""
    relative = (
        node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom) and node.level == 1
    )
    return {name for node in relative for name in ([node.module] if node.module else [a.name for a in node.names])}


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_modules(path)}


def files(pattern: str) -> list[Path]:
    return sorted(ROOT.glob(pattern))


@pytest.mark.parametrize("path", files("blender_addon/**/*.py"), ids=str)
def test_addon_never_imports_the_trainer_or_its_libraries(path: Path) -> None:
    assert not tops(path) & NEVER_IN_ADDON


@pytest.mark.parametrize("path", files("blender_addon/**/*.py"), ids=str)
def test_addon_imports_itself_relatively(path: Path) -> None:
    assert "blender_addon" not in tops(path)


@pytest.mark.parametrize("path", files("blender_addon/core/*.py"), ids=str)
def test_core_knows_no_blender_and_looks_at_nothing_above_it(path: Path) -> None:
    modules = imported_modules(path)
    assert not tops(path) & {"bpy", "aud", "gpu", "mathutils"}
    assert not any(name.startswith("..") for name in modules)


@pytest.mark.parametrize("folder", ["blender_addon", "blender_addon/core"])
def test_modules_of_a_folder_import_one_another_one_way(folder: str) -> None:
    TopologicalSorter({path.stem: neighbours_loaded(path) for path in files(f"{folder}/*.py")}).prepare()


@pytest.mark.parametrize("path", files("trainer/**/*.py"), ids=str)
def test_trainer_takes_only_core_from_the_addon(path: Path) -> None:
    modules = imported_modules(path)
    assert all(name.startswith("blender_addon.core") for name in modules if name.startswith("blender_addon"))
    assert not tops(path) & {"bpy", "rigs", "tools", "tests"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_arrow_between_systems_and_none_from_shared_code_into_one(system: str) -> None:
    others = [p for p in files("trainer/**/*.py") if system not in p.relative_to(ROOT).parts]
    assert not [p for p in others if any(f"trainer.{system}" in name for name in imported_modules(p))]


@pytest.mark.parametrize("path", files("rigs/*.py"), ids=str)
def test_rigs_take_only_core_from_the_addon(path: Path) -> None:
    modules = imported_modules(path)
    assert all(name.startswith("blender_addon.core") for name in modules if name.startswith("blender_addon"))
    assert not tops(path) & {"torch", "trainer"}
