# shellcheck shell=bash
# Read by the scripts with `source`: one line of progress at a time, with the seconds since the script began.
# Sets `root` (top of the repository) and stands in it afterwards. Colour only on a terminal.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
self=$(basename "$0")
bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

say() { printf '%s[%s +%4ds]%s %s\n' "$bold" "$self" "$SECONDS" "$plain" "$*"; }
die() {
    say "error: $*" >&2
    exit 1
}

# A path that stays what it is after the step to the top.
absolute() { case $1 in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$PWD" "$1" ;; esac; }

# Runs a command that may need rights.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root: $*"
    fi
}

# Programs that scripts/setup puts here rather than into the system.
tools=$root/.work/tools
export PATH=$tools/bin:$PATH
