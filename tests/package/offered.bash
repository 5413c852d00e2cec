# What bash offers: reads command lines as they are typed, one a line, and prints one line for each: its offers with
# spaces in between. Usage: bash offered.bash COMPLETION-FILE <LINES
# shellcheck disable=SC1090,SC2034
. /usr/share/bash-completion/bash_completion
. "$1"
compopt() { :; } # works only where readline calls

# As readline takes a line apart: = and : are words of their own.
split() { # LINE
    local rest=$1
    COMP_WORDS=()
    while [[ $rest =~ ^[[:space:]]*([=:]+|[^=:[:space:]]+)(.*)$ ]]; do
        COMP_WORDS+=("${BASH_REMATCH[1]}")
        rest=${BASH_REMATCH[2]}
    done
    [[ $1 != *[[:space:]] ]] || COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
}

while IFS= read -r COMP_LINE; do
    COMP_POINT=${#COMP_LINE}
    COMP_TYPE=9
    COMP_KEY=9
    COMPREPLY=()
    split "$COMP_LINE"
    _parley
    printf '%s\n' "${COMPREPLY[*]}"
done
