#!/usr/bin/env bash
# Each mode of the load generator once, shortly, against the bare loops: the tools of script/bench work.
#   smoke.sh PARLEY-LOAD PARLEY-BARE
set -euo pipefail
load=$1
bare=$2
folder=$(mktemp -d)
server=

stop_server() {
    if [[ -n $server ]]; then
        kill "$server" && wait "$server"
        server=
    fi
}
trap 'stop_server; rm -rf "$folder"' EXIT

start_server() { # ARGUMENT...
    mkfifo "$folder/url.$1$2"
    "$bare" "$@" >"$folder/url.$1$2" &
    server=$!
    read -r url <"$folder/url.$1$2"
}

measure() { # MODE OPTION...
    local mode=$1
    shift
    "$load" "$mode" --url "$url" --pid "$server" --dialect ws --warmup-ms 10 --duration-ms 100 "$@" |
        tee "$folder/out"
    grep -q "\"mode\":\"$mode\"" "$folder/out"
}

start_server --group 1
measure broadcast --count 20
measure echo --count 20 --rate 1000
measure rate --count 20
measure slowloris --count 20 --attackers 10 --rate 1000 --rounds 1
measure deaf --count 20 --attackers 2 --rate 50 --rounds 1
measure idle --count 5,20
measure connect --count 50 --sources 3
stop_server
start_server --group 8
measure broadcast --count 20 --window 32 --publishers 4
stop_server
"$load" start --rounds 2 -- "$bare" --port '{port}'
