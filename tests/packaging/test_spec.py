"""``flyp_gui.spec`` on each system, with PyInstaller replaced by what only notes what it is given."""

from __future__ import annotations

import ast
import importlib.metadata
import plistlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from engine import __version__
from resources.packaging import parts


class Noted:
    """What PyInstaller was asked for."""

    def __init__(self, kind: str, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.kind, self.given, self.named = kind, given, named
        if kind == "Analysis":
            self.pure, self.scripts = [("engine", "engine/__init__.py", "PYMODULE")], given[0]
            self.binaries = [
                ("torch/lib/libtorch_cpu.so", "/x", "BINARY"),
                ("torch/bin/torch_shm_manager", "/x", "BINARY"),
                ("torch/bin/protoc", "/x", "BINARY"),
                ("nvidia/cu13/lib/libcublas.so.13", "/x", "BINARY"),
                ("nvidia/cu13/lib/libcusolverMg.so.12", "/x", "BINARY"),
                ("PySide6/Qt/plugins/platforms/libqxcb.so", "/x", "BINARY"),
                ("PySide6/Qt/plugins/platforms/libqoffscreen.so", "/x", "BINARY"),
                ("PySide6/Qt/plugins/iconengines/libqsvgicon.so", "/x", "BINARY"),
                ("PySide6/Qt/lib/libQt6Quick.so.6", "/x", "BINARY"),
            ]
            self.datas = [
                ("PySide6/Qt/translations/qtbase_de.qm", "/x", "DATA"),
                ("PySide6/Qt/translations/designer_de.qm", "/x", "DATA"),
                ("torch/include/ATen/ATen.h", "/x", "DATA"),
                ("scipy-1.17.1.dist-info/METADATA", "/x", "DATA"),
            ]


def executed(root: Path, work: Path, system: str, patch: pytest.MonkeyPatch) -> dict[str, list[Noted]]:
    """Run the spec as PyInstaller does on ``system``; what was made, by its kind."""
    made: dict[str, list[Noted]] = {kind: [] for kind in ("Analysis", "PYZ", "EXE", "COLLECT", "BUNDLE")}

    def maker(kind: str) -> Any:
        def make(*given: Any, **named: Any) -> Noted:
            made[kind].append(Noted(kind, given, named))
            return made[kind][-1]

        return make

    def metadata(name: str) -> list[tuple[str, str]]:
        # what is not installed cannot be collected
        importlib.metadata.distribution(name)
        return [(f"/site/{name}.dist-info", f"{name}.dist-info")]

    def of(name: str, **content: Any) -> None:
        module = ModuleType(name)
        vars(module).update(content)
        patch.setitem(sys.modules, name, module)

    hooks = {
        "collect_data_files": lambda name, **_: [(f"/site/{name}/x", name)],
        "collect_dynamic_libs": lambda name, **_: [(f"/site/{name}/x.so", name)],
        "collect_submodules": lambda name: [name, f"{name}.__main__"],
        "copy_metadata": metadata,
    }
    of("PyInstaller", __path__=[])
    of("PyInstaller.utils", __path__=[])
    of("PyInstaller.utils.hooks", **hooks)
    patch.setattr(sys, "path", list(sys.path))
    patch.setattr(sys, "platform", system)
    spec = root / "flyp_gui.spec"
    names = {kind: maker(kind) for kind in made}
    code = compile(spec.read_text(encoding="utf-8"), str(spec), "exec")
    exec(code, {**names, "SPECPATH": str(root), "workpath": str(work), "__file__": str(spec)})
    patch.undo()
    return made


def files_of(analysis: Noted) -> list[tuple[Path, str]]:
    """Our own files that it is given, and where they come."""
    return [(Path(a), b) for a, b in analysis.named["datas"] if not a.startswith("/site/")]


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_two_programs_lie_in_one_folder(
    system: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = executed(root, tmp_path, system, monkeypatch)
    window, engine = made["EXE"]
    assert (window.named["name"], window.named["console"]) == ("flyp-gui", False)
    assert (engine.named["name"], engine.named["console"]) == ("flyp", True)
    assert window.named["exclude_binaries"]
    assert engine.named["exclude_binaries"]
    (folder,) = made["COLLECT"]
    assert folder.named["name"] == "flyp-gui"
    # the first program gives the macOS bundle its name
    assert [each for each in folder.given if isinstance(each, Noted)] == [window, engine]
    for analysis, script in zip(made["Analysis"], ("app/__main__.py", "engine/__main__.py"), strict=True):
        assert analysis.given[0] == [str(root / script)]
        for file in [*analysis.given[0], *analysis.named["runtime_hooks"]]:
            assert Path(file).is_file(), file
        for file, place in files_of(analysis):
            assert file.is_file(), file
            assert place == str(file.parent.relative_to(root)), file
        assert "pi_heif" in analysis.named["hiddenimports"]
        assert analysis.named["pathex"] == [str(root)]


def test_what_is_read_at_run_time_is_collected(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, engine = executed(root, tmp_path, "linux", monkeypatch)["Analysis"]
    assert engine.named["hiddenimports"][:2] == ["engine", "engine.__main__"]
    assert window.named["hiddenimports"][:2] == ["app", "app.__main__"]
    there = {str(file.relative_to(root)) for file, _ in files_of(window)}
    assert {str(file.relative_to(root)) for file in (root / "resources/icons").glob("*.svg")} <= there
    there = {str(file.relative_to(root)) for file, _ in files_of(engine)}
    for name in ("starter/open_clip_model.safetensors", "starter/vocabulary.txt", "report/report.html"):
        assert f"resources/{name}" in there
    assert {"resources/classifier/predict.py", "engine/clip/sizes.json", "LICENSE"} <= there
    assert {str(file.relative_to(root)) for file in (root / "resources/prompts").glob("*.toml")} <= there
    # none of the scripts that made them, and nothing of the packaging itself
    assert not [name for name in there if name.startswith(("resources/drawing", "resources/packaging"))]
    assert not [name for name in there if "__pycache__" in name]


def test_nothing_unused_is_left(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for analysis in executed(root, tmp_path, "linux", monkeypatch)["Analysis"]:
        assert [place for place, _, _ in analysis.binaries] == [
            "torch/lib/libtorch_cpu.so",
            "torch/bin/torch_shm_manager",
            "nvidia/cu13/lib/libcublas.so.13",
            "PySide6/Qt/plugins/platforms/libqxcb.so",
            "PySide6/Qt/plugins/platforms/libqoffscreen.so",
            "PySide6/Qt/plugins/iconengines/libqsvgicon.so",
        ]
        assert [place for place, _, _ in analysis.datas] == ["PySide6/Qt/translations/qtbase_de.qm"]
        assert {"cv2", "pytest", "sklearn", "mypy", "tkinter"} <= set(analysis.named["excludes"])
    assert {"torch", "open_clip"} <= set(parts.WINDOW_EXCLUDES)
    assert {"PySide6", "app", "triton"} <= set(parts.ENGINE_EXCLUDES)


def test_windows_gets_icon_and_version(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = executed(root, tmp_path, "win32", monkeypatch)
    assert not made["BUNDLE"]
    for program in made["EXE"]:
        with Image.open(program.named["icon"]) as icon:
            assert icon.format == "ICO"
            assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= icon.info["sizes"]
        text = Path(program.named["version"]).read_text(encoding="utf-8")
        name = program.named["name"]
        assert f"StringStruct('OriginalFilename', '{name}.exe')" in text
        assert f"StringStruct('FileVersion', '{__version__}')" in text
        # as PyInstaller evaluates it
        known = ("VSVersionInfo", "FixedFileInfo", "StringFileInfo", "StringTable", "StringStruct")
        asked = {node.func.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}  # type: ignore[attr-defined]
        assert asked == {*known, "VarFileInfo", "VarStruct"}
        given = eval(text, {each: lambda *a, **b: SimpleNamespace(given=a, **b) for each in asked})
        numbers = tuple(int(part) for part in __version__.split("."))
        assert given.ffi.filevers == (*numbers, 0)


def test_macos_gets_a_bundle(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYP_CODESIGN_IDENTITY", "Developer ID Application: Someone (ABCDE12345)")
    made = executed(root, tmp_path, "darwin", monkeypatch)
    (bundle,) = made["BUNDLE"]
    assert bundle.given == (made["COLLECT"][0],)
    assert bundle.named["name"] == "FLYP.app"
    assert bundle.named["bundle_identifier"] == parts.IDENTIFIER == "io.github.flypgui"
    assert bundle.named["version"] == __version__
    plist = bundle.named["info_plist"]
    assert plist["CFBundleExecutable"] == "flyp-gui"
    assert plist["CFBundleShortVersionString"] == __version__
    assert plistlib.loads(plistlib.dumps(plist)) == plist
    with Image.open(bundle.named["icon"]) as icon:
        assert icon.format == "ICNS"
    for program in made["EXE"]:
        assert program.named["codesign_identity"].startswith("Developer ID")
        entitlements = plistlib.loads(Path(program.named["entitlements_file"]).read_bytes())
        assert entitlements == {
            "com.apple.security.cs.allow-jit": True,
            "com.apple.security.cs.allow-unsigned-executable-memory": True,
            "com.apple.security.cs.disable-library-validation": True,
        }


def test_linux_needs_none_of_that(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = executed(root, tmp_path, "linux", monkeypatch)
    assert not made["BUNDLE"]
    for program in made["EXE"]:
        assert not {"icon", "version", "entitlements_file"} & set(program.named)


def test_every_excluded_module_is_one_the_program_never_names(root: Path) -> None:
    """An exclusion that the engine imports itself would break the bundle, not the tests."""
    for package, excluded in (("app", parts.WINDOW_EXCLUDES), ("engine", parts.ENGINE_EXCLUDES)):
        for file in (root / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module:
                    names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                for name in names:
                    assert not [out for out in excluded if name == out or name.startswith(f"{out}.")], (
                        file,
                        name,
                    )
