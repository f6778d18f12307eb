# shellcheck shell=bash
# Read by the scripts with `source`, after progress.sh: starts and stops one development service and asks what it wrote of itself.

service_pid='' service_dir='' service_options=()

# More options of fuin dev are in `service_options`.
# service_start BIN ENCLAVE DIR LOG SECONDS: returns once DIR/dev.json says that the service is ready.
service_start() {
    local bin=$1 enclave=$2 dir=$3 log=$4 limit=$5 begin=$SECONDS told=$SECONDS
    service_dir=$dir
    if [ -f "$dir/lock" ] && ! flock -n "$dir/lock" true; then
        die "another fuin dev uses $dir: stop it first, or choose another folder with --dir"
    fi
    # A file of an earlier run would say ready too early.
    rm -f "$dir/dev.json"
    "$bin/fuin" dev --enclave "$enclave" --dir "$dir" "${service_options[@]}" >"$log" 2>&1 &
    service_pid=$!
    # So that bash tells nothing of its end; it is watched by its id.
    disown "$service_pid"
    until [ -s "$dir/dev.json" ]; do
        if ! kill -0 "$service_pid" 2>/dev/null; then
            service_pid=''
            tail -n 40 "$log" >&2
            die "fuin dev ended before it was ready; its log is $log"
        fi
        if [ $((SECONDS - begin)) -gt "$limit" ]; then
            tail -n 40 "$log" >&2
            die "fuin dev was not ready within $limit s; its log is $log"
        fi
        if [ $((SECONDS - told)) -ge 15 ]; then
            say "still starting: $(tail -n 1 "$log")"
            told=$SECONDS
        fi
        sleep 0.1
    done
}

# As Ctrl-C does, then harder. Children end with their parent.
service_stop() {
    [ -n "$service_pid" ] || return 0
    local pid=$service_pid waited
    service_pid=''
    kill -INT "$pid" 2>/dev/null || true
    for ((waited = 0; waited < 300; waited++)); do
        if ! kill -0 "$pid" 2>/dev/null; then
            return 0
        fi
        sleep 0.1
    done
    say "fuin dev does not stop within 30 s: killing it" >&2
    kill -KILL "$pid" 2>/dev/null || true
}

# service_fact FIELD...: a value of dev.json.
service_fact() { json_fact "$service_dir/dev.json" "$@"; }

json_fact() {
    python3 - "$@" <<'PY'
import json, sys
value = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    value = value[int(name)] if isinstance(value, list) else value[name]
print(value)
PY
}
