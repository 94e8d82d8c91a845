# Sourced by the scripts beside it with $root set to the checkout; needs a Python of 3.11 or later
# with venv and pip, nothing else.
#
#   prepare requirements.lock       .venv holds the program and what it runs with
#   prepare requirements-dev.lock   ... and what tests and lint need
#
# Nothing happens while .venv holds what the lock and pyproject.toml say. $PYTHON names the Python
# to make .venv with. uv is used where it is installed and pip otherwise, both with hashes.

venv=$root/.venv

say() {
    printf '%s\n' "$*" >&2
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.11 python3.12 python3.13 python3 python
    fi
    for python in "$@"; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s\n' "$python"
            return
        fi
    done
    say "No Python of 3.11 or later among: $* (set PYTHON to one)"
    return 1
}

# One line: it changes with the lock, pyproject.toml and the place of the checkout.
stamp() {
    { printf '%s\n' "$root"; cat "$root/$1" "$root/pyproject.toml"; } | cksum
}

make_venv() {
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return
    python=$(find_python)
    say "Making .venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
}

install() {
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python "$venv/bin/python" "$@" && return
        say "uv could not; trying pip"
    fi
    "$venv/bin/python" -m pip -qq --disable-pip-version-check install "$@"
}

prepare() {
    stamped="$1 $(stamp "$1")"
    if grep -qxF "$stamped" "$venv/.lock-hash" 2>/dev/null; then
        return
    fi
    make_venv
    rm -f "$venv/.lock-hash"
    say "Installing $1"
    install --require-hashes -r "$root/$1"
    install --no-deps --no-build-isolation -e "$root"
    # The development lock holds all of the other one.
    if [ "$1" = requirements-dev.lock ]; then
        stamped="$stamped
requirements.lock $(stamp requirements.lock)"
    fi
    printf '%s\n' "$stamped" >"$venv/.lock-hash"
}
