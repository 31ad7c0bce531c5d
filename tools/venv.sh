#!/bin/sh
# Make or refresh .venv with this project installed editable. Usage: tools/venv.sh [EXTRA]
# Needs only a Python >= 3.11 (PYTHON=... to choose one) with venv, or uv. Says what to do in one line otherwise.
set -eu
cd "$(dirname "$0")/.."
extra=${1:-}
stamp=.venv/.installed${extra:+-$extra}
want=$(cksum < pyproject.toml)
place=.venv/.folder
# What is installed in a clone that was moved or copied still leads to the old place.
moved() { [ -f "$place" ] && [ "$(cat "$place")" != "$(pwd)" ]; }
if [ -x .venv/bin/python ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && ! moved; then exit 0; fi

say() { echo "brinell: $1" >&2; }
fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
has_uv() { command -v uv >/dev/null 2>&1; }

if [ ! -w . ]; then say "$(pwd) cannot be written, and .venv goes there; clone into a folder of yours"; exit 2; fi
if [ -n "${PYTHON:-}" ] && ! fits "$PYTHON"; then
    say "PYTHON=$PYTHON is not a Python 3.11 or newer; name one that is, or leave PYTHON unset"
    exit 2
fi

make_venv() {
    python=
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 && fits "$candidate"; then python=$candidate; break; fi
    done
    if has_uv; then
        rm -rf .venv
        if uv venv --quiet --python "${python:-3.11}" .venv; then return; fi
        if [ -z "$python" ]; then
            say "uv could not make .venv; install Python 3.11 or newer (uv python install 3.11) and try again"
            exit 2
        fi
    elif [ -z "$python" ]; then
        say "needs Python 3.11 or newer, found $(python3 --version 2>/dev/null || echo none); install one (e.g. apt-get install python3.11 python3.11-venv) or say PYTHON=/path/to/python3.11 make ..."
        exit 2
    fi
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        say "$python has no venv; install it (e.g. apt-get install python$version-venv) or install uv, and try again"
        exit 2
    fi
    "$python" -m venv --clear .venv
}

if [ ! -x .venv/bin/python ] || ! fits .venv/bin/python || moved; then
    make_venv
    pwd > "$place"
fi

echo "brinell: installing into .venv (once; about half a minute)"
target=".${extra:+[$extra]}"
with_uv() {
    has_uv || return 1
    uv pip install --quiet --python .venv/bin/python -e "$target" || { say "uv could not install it; trying pip"; return 1; }
}
with_pip() {
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null 2>&1 || return 1
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -e "$target"
}
if with_uv || with_pip; then
    echo "$want" > "$stamp"
else
    say "the packages could not be installed: the reason is above; where the package index cannot be reached, set PIP_INDEX_URL (uv: UV_INDEX_URL) to one that can, and try again"
    exit 2
fi
