# Completion of parley-client for fish: the options are those that its help names.

function __parley_client_options
    parley-client --help | string match -r -g '^  (--[a-z]+)(?: .*?)? {1,}(\S.*)$' | paste - -
end

complete -c parley-client -f
complete -c parley-client -n __fish_use_subcommand -a socketio -d 'Socket.IO 5'
complete -c parley-client -n __fish_use_subcommand -a websocket -d 'plain WebSocket'
complete -c parley-client -n __fish_use_subcommand -a talo -d 'Talo: players, channels, presence'
complete -c parley-client -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -a '(__parley_client_options)'
complete -c parley-client -n '__fish_prev_arg_in --ca' -F
complete -c parley-client -n '__fish_prev_arg_in --transport' -a 'polling websocket upgrade'
