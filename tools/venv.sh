#!/bin/sh
# Make or refresh .venv with this project installed editable. Usage: tools/venv.sh [EXTRA]
# Needs only a Python >= 3.11 (PYTHON=... to choose one) with venv, or uv. Prints one line naming the fix otherwise.
set -eu
cd "$(dirname "$0")/.."
extra=${1:-}
stamp=.venv/.installed${extra:+-$extra}
want=$(cksum < pyproject.toml)
if [ -x .venv/bin/python ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then exit 0; fi

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if [ ! -x .venv/bin/python ] || ! fits .venv/bin/python; then
    python=
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 && fits "$candidate"; then python=$candidate; break; fi
    done
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --allow-existing --seed --python "${python:-3.11}" .venv ||
            { echo "brinell: uv could not make .venv; install Python 3.11 or newer (uv python install 3.11) and try again" >&2; exit 2; }
    elif [ -z "$python" ]; then
        echo "brinell: needs Python 3.11 or newer, found $(python3 --version 2>/dev/null || echo none); install one (e.g. apt-get install python3.11 python3.11-venv) or say PYTHON=/path/to/python3.11 make ..." >&2
        exit 2
    elif ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "brinell: $python has no venv; install it (e.g. apt-get install python$version-venv) or install uv, and try again" >&2
        exit 2
    else
        "$python" -m venv --clear .venv
    fi
fi

echo "brinell: installing into .venv (once; about half a minute)"
target=".${extra:+[$extra]}"
if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python .venv/bin/python -e "$target"
else
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -e "$target"
fi
echo "$want" > "$stamp"
