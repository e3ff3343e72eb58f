"""What the bundle is made of: what stays out, and what both systems with a form of their own want to know.

Used by ``flyp_gui.spec`` alone. Paths in here are those inside the bundle's folder ``_internal``.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from importlib import metadata
from pathlib import PurePath
from typing import Any

IDENTIFIER = "io.github.flypgui"
"""Of the macOS bundle and of the AppStream entry."""
TITLE = "FLYP"
SUMMARY = "Teach a CLIP model your own pictures"

_NEITHER = [
    # other programs' windows; OpenCV, which nothing here needs but some libraries would like
    "cv2", "tkinter", "_tkinter", "PyQt5", "PyQt6", "PySide2", "wx", "gi", "IPython", "ipywidgets",
    "notebook",
    # what tests and checks are made with, and what only they bring along
    "pytest", "_pytest", "pytestqt", "xdist", "execnet", "sklearn", "scipy", "joblib", "mypy", "mypyc",
    "ruff", "importlinter", "grimp", "py", "pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack",
    "lib2to3", "pydoc_data", "test", "tests",
    # optional wishes of libraries
    "pandas", "numba", "cupy", "jax", "flax", "tensorflow", "tensorboard", "torchaudio", "h5py", "OpenGL",
    "accelerate", "wandb", "torchao", "deepspeed", "peft", "bitsandbytes", "datasets",
]  # fmt: skip

SHIPPED = [
    "appdirs", "filelock", "ftfy", "huggingface_hub", "jinja2", "matplotlib", "numpy", "onnx", "onnxruntime",
    "onnxscript", "open_clip_torch", "pi-heif", "pillow", "psutil", "pydantic", "pydantic_core", "pyqtgraph",
    "PySide6_Essentials", "shiboken6", "regex", "safetensors", "sentencepiece", "sympy", "timm", "tokenizers",
    "tomli-w", "torch", "torchvision", "transformers",
]  # fmt: skip
"""Distributions whose description and licence lie in the bundle."""


def installed(distribution: str) -> bool:
    """Is it in this environment?"""
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


WINDOW_EXCLUDES = [
    *_NEITHER,
    # the window never computes: its engine does
    "torch", "torchvision", "timm", "open_clip", "transformers", "tokenizers", "onnx", "onnxruntime",
    "onnxscript", "matplotlib", "huggingface_hub", "sympy", "PySide6.QtNetwork", "PySide6.QtQml",
    "PySide6.QtQuick", "pyqtgraph.opengl", "pyqtgraph.examples", "pyqtgraph.console", "pyqtgraph.flowchart",
]  # fmt: skip

ENGINE_EXCLUDES = [
    *_NEITHER,
    "PySide6", "shiboken6", "pyqtgraph", "app",
    # compilers of GPU kernels, 1 GB: nothing here is compiled
    "triton", "torch.utils.tensorboard",
    # torch itself uses some of its own test code, but none of its tests
    "torch.testing._internal.opinfo", "torch.testing._internal.generated",
    "torch.testing._internal.distributed.rpc", "torch.testing._internal.distributed.nn",
    "torch.testing._internal.distributed._tensor", "torch.testing._internal.common_methods_invocations",
    "torch.testing._internal.common_modules", "torch.testing._internal.common_distributed",
    "torch.testing._internal.common_fsdp", "torch.testing._internal.codegen",
    # only profilers use it
    "cuda",
    # tools beside running a model
    "onnx.backend.test", "onnxruntime.transformers", "onnxruntime.quantization", "onnxruntime.tools",
    "onnxruntime.training",
    # charts leave as PNG and SVG
    "matplotlib.tests", "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_ps",
    "matplotlib.backends.backend_pgf", "matplotlib.backends.web_backend", "sympy.testing",
    "numpy.f2py", "numpy.testing",
]  # fmt: skip

_LEFT_OUT = [
    # for those who build against torch
    "torch/include/*", "torch/share/*", "torch/bin/protoc*", "torch/test/*", "torchgen/*", "*.a", "*.pyi",
    "*.h", "*.cuh", "*.hpp",
    # parts of CUDA that no library of torch is linked with: one solver on many GPUs, profilers, device code
    "nvidia/*/libcusolverMg.so*", "nvidia/*/libnvperf_*", "nvidia/*/libpcsamplingutil.so*",
    "nvidia/*/libcheckpoint.so*", "nvidia/*/libcufftw.so*", "nvidia/*/libnvblas.so*",
    "nvidia/*/libnvrtc.alt*", "nvidia/*/libcufile_rdma*", "nvidia/nvshmem/*.bc",
    "nvidia/*/nvshmem_transport*", "nvidia/*/nvshmem_bootstrap*", "nvidia/*/include/*", "nvidia/*/bin/*",
    "cuda/*", "cuda_bindings*.dist-info/*",
    "torchvision/image*", "torchvision.libs/*jpeg*",
    # what libraries ask the versions of, whether they need it or not
    "pytest*.dist-info/*", "scikit_learn*.dist-info/*", "scipy*.dist-info/*",
    # of Qt, what draws no widget
    "PySide6/Qt/qml/*", "PySide6/Qt/libexec/*", "PySide6/Qt/lib/libQt6Q[mu]*",
    "PySide6/Qt/lib/libQt6Virtual*", "PySide6/Qt/lib/libQt6Pdf*", "PySide6/Qt/lib/libQt6Lab*",
    "*libQt6EglFS*", "PySide6/Qt/plugins/egldeviceintegrations/*", "PySide6/Qt/plugins/generic/*",
    "PySide6/Qt/plugins/networkinformation/*", "PySide6/Qt/plugins/tls/*", "PySide6/Qt/plugins/qml*",
    "PySide6/Qt/plugins/imageformats/libqpdf*", "PySide6/Qt/plugins/imageformats/libqtga*",
    "PySide6/Qt/plugins/imageformats/libqwbmp*",
    "PySide6/Qt/plugins/platforminputcontexts/*virtualkeyboard*", "PySide6/Qt/plugins/platforms/libqeglfs*",
    "PySide6/Qt/plugins/platforms/libqlinuxfb*", "PySide6/Qt/plugins/platforms/libqvnc*",
    "PySide6/Qt/plugins/platforms/libqvkkhrdisplay*", "PySide6/Qt/plugins/platforms/libqminimal*",
    "PySide6/Qt/plugins/sqldrivers/*", "PySide6/Qt/plugins/vectorimageformats/*",
    "PySide6/Qt/plugins/printsupport/*", "PySide6/Qt/plugins/wayland-graphics-integration-server/*",
    # the same on Windows
    "PySide6/Qt6Q[mu]*.dll", "PySide6/Qt6Virtual*.dll", "PySide6/Qt6Pdf*.dll", "PySide6/opengl32sw.dll",
    "PySide6/plugins/tls/*", "PySide6/plugins/networkinformation/*", "PySide6/plugins/generic/*",
    # pictures and fonts of matplotlib's examples and of windows it does not open here
    "matplotlib/mpl-data/sample_data/*", "matplotlib/mpl-data/images/*", "matplotlib/mpl-data/fonts/afm/*",
    "matplotlib/mpl-data/fonts/pdfcorefonts/*", "onnx/backend/test/*", "onnxruntime/transformers/*",
    "onnxruntime/quantization/*", "onnxruntime/tools/*", "pyqtgraph/examples/*",
]  # fmt: skip

_QT_WORDS = re.compile(r"PySide6/(Qt/)?translations/(?!qtbase_).*")
"""Qt's own programs are translated too; the window has buttons and dialogs of ``qtbase`` only."""


def kept(entries: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:

    return [entry for entry in entries if not _left_out(PurePath(entry[0]).as_posix())]


def _left_out(place: str) -> bool:
    return bool(_QT_WORDS.fullmatch(place)) or any(fnmatch(place, pattern) for pattern in _LEFT_OUT)


def windows_version(version: str, name: str) -> str:
    """The text of the version that Windows shows of a program, as PyInstaller reads it."""
    numbers = [int(part) for part in re.findall(r"\d+", version)[:4]]
    four = tuple((numbers + [0] * 4)[:4])
    words = {
        "CompanyName": "The FLYP authors",
        "FileDescription": SUMMARY
        if name == "flyp-gui"
        else f"{TITLE}: the engine and the terminal's command",
        "FileVersion": version,
        "InternalName": name,
        "LegalCopyright": "Apache License 2.0",
        "OriginalFilename": f"{name}.exe",
        "ProductName": TITLE,
        "ProductVersion": version,
    }
    strings = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in words.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={four}, prodvers={four}, mask=0x3f, flags=0, OS=0x40004, "
        "fileType=1, subtype=0, date=(0, 0)), kids=["
        f"StringFileInfo([StringTable('040904B0', [{strings}])]), "
        "VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n"
    )


def info_plist(version: str) -> dict[str, Any]:
    """What macOS wants to know of the bundle."""
    return {
        "CFBundleName": TITLE,
        "CFBundleDisplayName": TITLE,
        "CFBundleExecutable": "flyp-gui",
        "CFBundleShortVersionString": version,
        "LSApplicationCategoryType": "public.app-category.graphics-design",
        "LSMinimumSystemVersion": "14.0",
        "NSHighResolutionCapable": True,
        "NSRequiresAquaSystemAppearance": False,
        "NSHumanReadableCopyright": "Apache License 2.0",
    }
