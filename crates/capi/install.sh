#!/bin/sh
# Installs the C library: header, shared library with its soname, static library, pkg-config file.
#
#     crates/capi/install.sh [--prefix DIR] [--destdir DIR] [--libs DIR]
#
# DIR of --prefix is /usr/local by default; --destdir is put before it, for packages; --libs names a directory with
# libraries that are built already, without it they are built as for a release.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
prefix=/usr/local
destdir=
libs=
while [ $# -gt 0 ]; do
    case $1 in
    --prefix) prefix=$2 ;;
    --destdir) destdir=$2 ;;
    --libs) libs=$2 ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done
case $prefix in
/*) ;;
*) echo "install.sh: the prefix must be an absolute path" >&2; exit 2 ;;
esac

if [ -z "$libs" ]; then
    # The JSON lines of cargo say where the libraries are, whatever the target directory.
    libs=$(cd "$here" && cargo build --release --locked --message-format json-render-diagnostics |
        sed -n 's/.*"\([^"]*\)\/libloggrep_abm\.so".*/\1/p' | tail -n 1)
fi

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' "$here/../../Cargo.toml")
soname=libloggrep_abm.so.1
lib=$destdir$prefix/lib
mkdir -p "$lib/pkgconfig" "$destdir$prefix/include"
install -m 644 "$here/include/loggrep_abm.h" "$destdir$prefix/include/loggrep_abm.h"
install -m 755 "$libs/libloggrep_abm.so" "$lib/$soname.$version"
ln -sf "$soname.$version" "$lib/$soname"
ln -sf "$soname" "$lib/libloggrep_abm.so"

# The static library as one object in which only the functions of the header are global, so that a program may link a
# zstd, an lzma or Rust of its own beside it. The bitcode that some of the objects carry too is of no use there.
object=$(mktemp -d)
trap 'rm -rf "$object"' EXIT
roots=$(grep -o '\<lgabm_[a-z_]*(' "$here/include/loggrep_abm.h" | tr -d '(' | sort -u | sed 's/^/-u /')
# shellcheck disable=SC2086 # The names are words of their own.
if ld -r --force-group-allocation --gc-sections $roots "$libs/libloggrep_abm.a" -o "$object/loggrep_abm.o" &&
    objcopy --remove-section .llvmbc --remove-section .llvmcmd --wildcard --keep-global-symbol 'lgabm_*' \
        "$object/loggrep_abm.o"; then
    rm -f "$lib/libloggrep_abm.a"
    ar rcs "$lib/libloggrep_abm.a" "$object/loggrep_abm.o"
    chmod 644 "$lib/libloggrep_abm.a"
else
    echo "install.sh: no ld and objcopy of GNU: the static library keeps the symbols of what it is made of" >&2
    install -m 644 "$libs/libloggrep_abm.a" "$lib/libloggrep_abm.a"
fi
cat >"$lib/pkgconfig/loggrep_abm.pc" <<END
prefix=$prefix
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: loggrep_abm
Description: Finds the known issues of Google Distributed Cloud for bare metal in a cluster snapshot
Version: $version
Cflags: -I\${includedir}
Libs: -L\${libdir} -lloggrep_abm
Libs.private: -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
END
