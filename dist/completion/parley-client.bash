# Completion of parley-client for bash, with the functions of the package bash-completion. The options are those that
# its help names.

_parley_client()
{
    # shellcheck disable=SC2034 # _init_completion sets all of them
    local cur prev words cword split
    _init_completion -s -n : || return
    case $prev in
        --ca) _filedir pem; return ;;
        --transport) mapfile -t COMPREPLY < <(compgen -W 'polling websocket upgrade' -- "$cur"); return ;;
    esac
    if [[ $cword -eq 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'socketio websocket talo --help --version' -- "$cur")
    elif [[ $split != true && $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_parse_help "$1")" -- "$cur")
    fi
}

complete -F _parley_client parley-client
