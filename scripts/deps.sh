#!/usr/bin/env bash
# Installs what the tests need from the system, where it is missing: PostgreSQL, Chromium, fonts, libzbar.
# Without root or sudo it prints the one command to run; that fails only when CI=true.
set -euo pipefail

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }
has_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null
has_zbar() { { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -q 'libzbar\.so\.0'; }
has_package() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing=()
has_postgres || missing+=(postgresql)
has_chromium || missing+=(chromium)
has_zbar || missing+=(libzbar0)
for fonts in fonts-noto-cjk fonts-noto-color-emoji; do
    has_package "$fonts" || missing+=("$fonts")
done
[ ${#missing[@]} -gt 0 ] || exit 0

give_up() {
    echo "$1" >&2
    if [ "${CI:-}" = true ]; then exit 1; fi
    echo "Tests that need them are skipped." >&2
    exit 0
}

install="apt-get install -y --no-install-recommends ${missing[*]}"
command -v apt-get >/dev/null || give_up "The tests also want: ${missing[*]} (Debian's names). Install them in your system's way."
if [ "$(id -u)" = 0 ]; then
    sudo=()
elif sudo -n true 2>/dev/null; then
    sudo=(sudo -n)
else
    give_up "The tests also want: ${missing[*]}. Run: sudo apt-get update && sudo $install"
fi

echo "Installing for the tests: ${missing[*]}" >&2
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
    give_up "apt-get update failed. Run: sudo apt-get update && sudo $install"
# shellcheck disable=SC2086  # the names are words of a command
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive $install >/dev/null ||
    give_up "Installing failed. Run: sudo apt-get update && sudo $install"
