#!/bin/sh
# Looks for the system libraries that pip cannot bring and installs them with apt where that is allowed.
# graphics: needed (MuJoCo draws with OSMesa or EGL). browser: only for the tests that open the dashboard.
# postgresql: only for the tests that keep books there; they start a server of their own.
set -eu
PYTHON=.venv/bin/python

may_apt() { command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
apt_install() {
  as_root apt-get update -qq >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}
has_postgresql() { command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
draws() { "$PYTHON" -c 'import cv2; from sim.graphics import choose_backend; choose_backend()' >/dev/null 2>&1; }

case "$1" in
graphics)
  draws && exit 0
  if may_apt; then
    echo "setup: installing Mesa's software renderer with apt" >&2
    apt_install libosmesa6 libgl1 libglib2.0-0 || apt_install libegl1 libgl1-mesa-dri libgl1 libglib2.0-0t64 || true
  fi
  draws || { echo "setup: no OpenGL library found; install Mesa: apt install libosmesa6 libgl1 libglib2.0-0" >&2; exit 1; }
  ;;
browser)
  command -v chromium >/dev/null 2>&1 && exit 0
  if may_apt; then
    echo "setup: installing Chromium with apt for the dashboard's tests" >&2
    apt_install chromium || true
  fi
  command -v chromium >/dev/null 2>&1 ||
    echo "setup: Chromium is missing, so the browser tests will be skipped; to run them: apt install chromium" >&2
  ;;
postgresql)
  has_postgresql && exit 0
  if may_apt; then
    echo "setup: installing PostgreSQL with apt for the ledger's tests" >&2
    # The tests want the programs only, not a server that runs from now on.
    no_server=/etc/postgresql-common/createcluster.d/glass-aisle.conf
    as_root mkdir -p "${no_server%/*}" && echo "create_main_cluster = false" | as_root tee "$no_server" >/dev/null || true
    apt_install postgresql || true
    as_root rm -f "$no_server"
  fi
  has_postgresql ||
    echo "setup: PostgreSQL is missing, so the ledger is tested on SQLite only; to test both: apt install postgresql" >&2
  ;;
esac
