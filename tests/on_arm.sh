#!/usr/bin/env bash
# The tests of the kernels on an Arm processor that qemu emulates: on Debian x86-64, as root once for
# `dpkg --add-architecture arm64 && apt-get update`. Takes some twenty minutes, most of it LLVM's.
#
# bash tests/on_arm.sh FOLDER [pytest's arguments]    FOLDER is made, and used again
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."

if [ ! -x "$folder/root/usr/bin/python3.11" ]; then
    mkdir -p "$folder/debian" "$folder/wheels" "$folder/site"
    (
        cd "$folder/debian"
        apt-get download qemu-user-static
        for package in python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libc6 \
            libgcc-s1 libstdc++6 zlib1g libexpat1 libssl3 libffi8 libbz2-1.0 liblzma5 libuuid1; do
            apt-get download "$package:arm64"
        done
        for package in *arm64.deb; do dpkg -x "$package" "$folder/root"; done
        dpkg -x qemu-user-static_*.deb "$folder/qemu"
    )
    python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.11 \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
        --platform manylinux_2_17_aarch64 \
        -d "$folder/wheels" numba llvmlite numpy safetensors
    for wheel in "$folder"/wheels/*.whl; do
        python3 -m zipfile -e "$wheel" "$folder/site"
    done
    python3 -m pip install -q --no-deps --target "$folder/site" \
        pytest pluggy iniconfig packaging pygments mpmath
fi

export PYTHONPATH=$PWD:$folder/site PYTHONDONTWRITEBYTECODE=1 NUMBA_CACHE_DIR=$folder/cache
if [ $# -eq 0 ]; then
    set -- tests/kernels/test_{blocks,elementary,matmul,panels,random,simd,team,weights}.py \
        tests/layers/test_{dense,dropout}.py
fi
# NumPy's own products raise flags of the emulated processor that the real one does not
exec "$folder/qemu/usr/bin/qemu-aarch64-static" -L "$folder/root" \
    "$folder/root/usr/bin/python3.11" -m pytest -q -p no:cacheprovider \
    -W "ignore:divide by zero encountered in matmul:RuntimeWarning" \
    -W "ignore:overflow encountered in matmul:RuntimeWarning" \
    -W "ignore:invalid value encountered in matmul:RuntimeWarning" "$@"
