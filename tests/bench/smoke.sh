#!/usr/bin/env bash
# Each mode of the load generator once, shortly, against the bare loops, and over TLS against the server: the tools of
# script/bench work.
#   smoke.sh PARLEY-LOAD PARLEY-BARE PARLEY BENCH-APP
set -euo pipefail
load=$1
bare=$2
parley=$3
app=$4
dialect=ws
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

start_tls_server() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null
    mkfifo "$folder/lines"
    "$parley" serve --listen 127.0.0.1:0 --data "$folder/data" --app "$app" --set tls.listen=127.0.0.1:0 \
        --set tls.certificate="$folder/certificate.pem" --set tls.key="$folder/key.pem" >"$folder/lines" 2>/dev/null &
    server=$!
    exec 3<"$folder/lines"
    until [[ $url == https:* ]]; do
        read -r line <&3
        url=$(grep -o 'https://[0-9.:]*' <<<"$line" || true)
    done
}

measure() { # MODE OPTION...
    local mode=$1
    shift
    "$load" "$mode" --url "$url" --pid "$server" --dialect "$dialect" --warmup-ms 10 --duration-ms 100 "$@" |
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
start_tls_server
dialect=socketio
measure broadcast --count 20
measure handshake
measure handshake --resume
measure handshake --tls12
measure handshake --tls12 --resume
stop_server
"$load" start --rounds 2 -- "$bare" --port '{port}'
