# Two commands set everything up: make demo, make test. Both create .venv and install what is missing.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
QT_READY := $(VENV)/qt-ready
BUNDLE_READY := $(VENV)/bundle-ready
# what Qt needs of a Linux system that has no desktop, and a font to write with
QT_PACKAGES := libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 fonts-dejavu-core libxkbcommon0 libxkbcommon-x11-0 \
	libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0

.PHONY: demo run test lint unit strings screenshots bundle clean

demo: $(INSTALLED) ## FLYP on the bundled sample with the bundled starter, end to end, offline
	$(BIN)/flyp demo

run: $(QT_READY) ## the window
	$(BIN)/flyp-gui

test: lint unit ## everything that must hold

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(QT_READY)
	$(BIN)/python -m pytest -n 2

strings: $(QT_READY) ## the template for translators
	$(BIN)/python -m app.strings

screenshots: $(QT_READY) ## the window walks through its wizard and keeps a picture of each page
	QT_QPA_PLATFORM=offscreen $(BIN)/flyp-gui --demo --fast --screenshots docs/screenshots

bundle: $(BUNDLE_READY) ## both programs in dist/flyp-gui, to be run where there is no Python; takes many minutes
	$(BIN)/pyinstaller --noconfirm --log-level WARN flyp_gui.spec
	dist/flyp-gui/flyp-gui --self-test
	$(BIN)/python resources/packaging/sizes.py dist/flyp-gui

# PyInstaller takes programs and the library of Python apart with the tools of binutils
$(BUNDLE_READY): $(QT_READY)
	@command -v objdump >/dev/null && command -v objcopy >/dev/null && $(BIN)/python -c 'import ctypes, sys, sysconfig; name = sysconfig.get_config_var("INSTSONAME"); sysconfig.get_config_var("Py_ENABLE_SHARED") and ctypes.CDLL(name)' 2>/dev/null || { \
		needed="binutils lib$$($(BIN)/python -c 'import sys; print("python%d.%d" % sys.version_info[:2])')"; \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -q && apt-get install -y -q $$needed; \
		else echo "The bundle needs some packages of the system: apt-get install $$needed"; exit 2; fi; }
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[bundle]'
	touch $(BUNDLE_READY)

# venv lies in a package of its own on Debian; root may fetch it, others are told its name
$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is older"; exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -q && apt-get install -y -q python3-venv; \
		else echo "The package python3-venv is needed: apt-get install python3-venv"; exit 2; fi; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[test,heic,hf,onnx]'
	touch $(INSTALLED)

# a widget that can be made, and a display plugin with all its libraries, show that nothing is missing;
# root may fetch what is, others are told: without the first no test runs, without the second no window
$(QT_READY): $(INSTALLED)
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -c 'from PySide6.QtWidgets import QApplication, QWidget; a = QApplication([]); QWidget()' 2>/dev/null \
		&& ! ldd $(VENV)/lib/python*/site-packages/PySide6/Qt/plugins/platforms/libqxcb.so 2>/dev/null | grep -q 'not found' || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -q && apt-get install -y -q $(QT_PACKAGES); \
		else echo "Qt needs some packages of the system: apt-get install $(QT_PACKAGES)"; exit 2; fi; }
	touch $(QT_READY)

clean: ## remove what make has made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist *.egg-info
