#!/bin/sh
# setup_environment.sh VENV EXTRAS: makes the virtual environment VENV with this project and its extras, and installs or
# names the Debian libraries that bpy needs. Does nothing where that is done already.
set -eu
venv=$1
extras=$2
python=${PYTHON:-python3.11}
stamp=$venv/.ready-$extras
libraries="libxrender1 libxi6 libxfixes3 libxkbcommon0 libsm6 libgl1 libegl1 libxxf86vm1 libgomp1"

missing_packages() {
    for package in $libraries "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || printf '%s ' "$package"
    done
}

[ -e "$stamp" ] && [ ! pyproject.toml -nt "$stamp" ] && exit 0

if ! command -v "$python" >/dev/null; then
    echo "Voxkey needs Python 3.11 and found no $python; install it, or name yours: make PYTHON=/path/to/python3.11" >&2
    exit 1
fi
if command -v dpkg-query >/dev/null; then
    missing=$(missing_packages)
    # Debian ships Python's venv module in a package of its own
    "$python" -c 'import ensurepip' 2>/dev/null || missing="$missing python3.11-venv"
    if [ -n "$missing" ] && [ "$(id -u)" = 0 ]; then
        echo "== Installing system libraries: $missing"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    elif [ -n "$missing" ]; then
        echo "These system libraries are missing; install them and run again: sudo apt-get install $missing" >&2
        exit 1
    fi
fi
echo "== Setting up $venv ($extras); the first time takes a few minutes"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"
touch "$stamp"
