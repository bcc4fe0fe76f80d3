# bash completion for keel2tp. What may come next is keel2tp's own knowledge: `keel2tp complete`.

_keel2tp() {
    local word what
    COMPREPLY=()
    # Users' names are among the words: they are quoted, and never expanded (no compgen -W).
    while IFS=$'\t' read -r word what; do
        if [[ $word == :files ]]; then
            compopt -o default
            return
        fi
        printf -v word %q "$word"
        COMPREPLY+=("$word")
    done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

complete -F _keel2tp keel2tp
