#!/bin/sh
# Make a virtual environment and put the package into it; one line says what is missing when that cannot be.
# usage: tools/prepare.sh VENV [EXTRA]
set -eu

venv=$1
extra=${2:-}

fail() {
    echo "pase: $1" >&2
    exit 1
}

find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
}

as_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
    echo "pase: installing $*" >&2
    export DEBIAN_FRONTEND=noninteractive
    { apt-get install -qq -y --no-install-recommends "$@" ||
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@"; }; } >/dev/null 2>&1 || true
}

python=$(find_python)
[ -n "$python" ] || fail "Python 3.11 or newer is missing; on Debian: sudo apt install python3 python3-venv"

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    as_root && apt_install python3-venv
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Python's venv module is missing; on Debian: sudo apt install python3-venv"
fi

# VTK draws off-screen through EGL; without a GPU Mesa's software driver answers.
has_drawing() {
    [ "$(uname -s)" != Linux ] || "$python" -c '
import ctypes, glob, sys
ctypes.CDLL("libEGL.so.1")
drivers = ("/usr/lib*/dri/*_dri.so", "/usr/lib/*/dri/*_dri.so", "/usr/lib*/libgallium*", "/usr/lib/*/libgallium*",
           "/usr/lib/*/libEGL_nvidia*", "/usr/lib*/libEGL_nvidia*")
sys.exit(not any(glob.glob(d) for d in drivers))' 2>/dev/null
}
if ! has_drawing; then
    as_root && apt_install libegl1 libgl1-mesa-dri
    has_drawing ||
        fail "libraries for off-screen drawing are missing; on Debian: sudo apt install libegl1 libgl1-mesa-dri"
fi

"$venv/bin/python" -c 'import pip' 2>/dev/null || { rm -rf "$venv" && "$python" -m venv "$venv"; }
echo "pase: installing the package into $venv (some minutes the first time)" >&2
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".${extra:+[$extra]}" ||
    fail "pip could not install the package; see its lines above"
