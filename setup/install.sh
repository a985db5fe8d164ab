#!/bin/sh
# Makes the virtual environment and finds the system libraries. Each step is skipped when nothing changed since the
# last time, so a second call returns at once. Variables: PYTHON (3.11 or newer), TORCH_BACKEND (for example cpu).
set -eu
cd "$(dirname "$0")/.."
PYTHON="${PYTHON:-python3}"
TORCH_BACKEND="${TORCH_BACKEND:-}"
VENV=.venv
want="$(cat pyproject.toml constraints.txt setup/install.sh | cksum) $TORCH_BACKEND"

fail() { echo "setup: $1" >&2; exit 1; }

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  fail "Python 3.11 or newer is needed ('$PYTHON' is not); set PYTHON=/path/to/python3.11"

find_uv() {
  if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then echo uv; return; fi
  if [ ! -x .uv/bin/uv ]; then
    echo "setup: installing uv into .uv" >&2
    { "$PYTHON" -m venv .uv && .uv/bin/python -m pip install --quiet uv; } >&2 ||
      fail "uv could not be installed; on Debian or Ubuntu: apt install python3-venv (or install uv yourself)"
  fi
  echo .uv/bin/uv
}

if [ "$(cat $VENV/.installed 2>/dev/null || true)" != "$want" ]; then
  UV="$(find_uv)"
  [ -x $VENV/bin/python ] || "$UV" venv --quiet --python "$PYTHON" $VENV
  echo "setup: installing the Python packages (a minute on a fast line)" >&2
  "$UV" pip install --quiet --python $VENV/bin/python --constraint constraints.txt \
    ${TORCH_BACKEND:+--torch-backend "$TORCH_BACKEND"} --editable . --group dev
  printf '%s' "$want" > $VENV/.installed
fi

sh setup/system.sh graphics
[ "${1:-}" = "for-tests" ] && { sh setup/system.sh browser; sh setup/system.sh postgresql; }
exit 0
