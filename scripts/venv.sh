#!/usr/bin/env bash
# Makes the virtual environment $2 with the interpreter $1, unless it is there and whole, and installs into it what
# requirements.lock names, and Taoli itself. Says in a line what it does; all that pip says goes to .cache/install.log.
set -euo pipefail
python=$1 venv=$2
log=$PWD/.cache/install.log

say() { printf '%s\n' "$@" >&2; }
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >>"$log" 2>&1; }
is_whole() { is_new_enough "$venv/bin/python" && "$venv/bin/python" -m pip --version >>"$log" 2>&1; }

find_python() {
    local found
    if ! command -v "$python" >/dev/null; then
        say "需要 Python 3.11 以上，没有找到 $python。用别的名字：make demo PYTHON=python3.12" \
            "Python 3.11 or newer is needed, and $python was not found. By another name: make demo PYTHON=python3.12"
        exit 1
    fi
    if ! is_new_enough "$python"; then
        found=$("$python" -V 2>&1 | head -n 1) || found='?'
        say "需要 Python 3.11 以上，$python 是 ${found}。换一个：make demo PYTHON=python3.12" \
            "Python 3.11 or newer is needed, and $python is $found. Another one: make demo PYTHON=python3.12"
        exit 1
    fi
}

make_venv() {
    local package
    try_venv && return
    package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "      先装 $package · $package first"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package"; } >>"$log" 2>&1 || true
        try_venv && return
    fi
    say "$python 建不了虚拟环境，记录在 ${log}。Debian 和 Ubuntu 请运行：sudo apt-get install -y $package" \
        "$python cannot make a virtual environment; see $log. On Debian or Ubuntu: sudo apt-get install -y $package"
    exit 1
}

try_venv() { "$python" -m venv --clear "$venv" >>"$log" 2>&1 && is_whole; }

pip_install() {
    PYTHONWARNINGS=ignore "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off "$@" 2>&1
}

# Reads what pip says; tells how many of $1 packages it has come to, at a terminal in one line that changes.
count_packages() {
    local total=$1 count=0 waiting='' open='' line
    while IFS= read -r line; do
        case $line in
            'Collecting '* | 'Ignoring '* | 'Requirement already satisfied: '*)
                count=$((count < total ? count + 1 : total))
                if [ -t 2 ]; then printf '\r      %d/%d' "$count" "$total" >&2 && open=yes; fi
                if [ ! -t 2 ] && [ $((count % 40)) = 0 ]; then say "      $count/$total"; fi
                ;;
            'Installing collected packages: '*)
                close_line
                say "      都已取到，正在放进去 · all here, putting them in"
                ;;
            *'Retrying (Retry('*)
                close_line
                [ -n "$waiting" ] || say "      取不到，再试几次 · no answer, trying again"
                waiting=yes
                ;;
        esac
    done
    close_line
}

close_line() { if [ -n "$open" ]; then printf '\n' >&2 && open=''; fi; }

give_up() {
    say "没有装好，最后说的是 · Installing failed; the last words were:"
    { grep '^ERROR' "$log" || tail -n 3 "$log"; } | tail -n 3 | cut -c 1-300 | sed 's/^/      /' >&2
    if grep -q 'Retrying (Retry(' "$log"; then
        say "看样子连不上软件包源：请检查网络、代理或 pip 的设置。" \
            "It seems that the package index cannot be reached: check the network, the proxy or pip's settings."
    fi
    say "全部记录在 ${log}，改好后再运行一次就行。" "Everything is in $log; mend it and run the same command again."
    exit 1
}

mkdir -p "${log%/*}"
: >"$log"
if ! is_whole; then
    find_python
    say "[1/3] 建虚拟环境 $venv · Making the virtual environment $venv"
    make_venv
fi
total=$(grep -c '^[A-Za-z0-9]' requirements.lock)
say "[2/3] 取 $total 个依赖包，第一次要一两分钟 · Fetching $total packages, a minute or two the first time"
pip_install --require-hashes -r requirements.lock | tee -a "$log" | count_packages "$total" || give_up
say "[3/3] 装桃李 · Installing Taoli"
pip_install --no-deps --no-build-isolation -e . >>"$log" || give_up
say ""
