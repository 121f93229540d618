#!/usr/bin/env bash
# Makes the virtual environment $2 with the interpreter $1, unless it is there and whole.
set -euo pipefail
python=$1 venv=$2

if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then exit 0; fi

if ! command -v "$python" >/dev/null; then
    echo "Python 3.11 or newer is needed: '$python' was not found. With another name: make PYTHON=python3.12 …" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Python 3.11 or newer is needed: '$python' is $("$python" -V 2>&1). With another one: make PYTHON=python3.12 …" >&2
    exit 1
fi

made() { "$python" -m venv --clear "$venv" >/dev/null 2>&1 && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }

if made; then exit 0; fi
package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing $package, without which $python makes no virtual environment" >&2
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package"; } >/dev/null || true
    if made; then exit 0; fi
fi
echo "$python cannot make a virtual environment here. On Debian or Ubuntu: sudo apt-get install -y $package" >&2
exit 1
