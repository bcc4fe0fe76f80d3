# fish completion for keel2tp. What may come next is keel2tp's own knowledge: `keel2tp complete`.

function __keel2tp_complete
    set -l given (commandline -opc)
    set -l lines ($given[1] complete -- $given[2..-1] (commandline -ct) 2>/dev/null)
    if test "$lines[1]" = :files
        __fish_complete_path (commandline -ct)
    else
        string join \n -- $lines
    end
end

complete -c keel2tp -f -a '(__keel2tp_complete)'
