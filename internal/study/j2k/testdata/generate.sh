#!/usr/bin/env bash
# Makes the streams of the tests with other tools: opj_compress (Debian's libopenjp2-tools) and, for High-Throughput,
# grk_compress (grokj2k-tools) and ojph_compress (openjph-tools, 0.9.0). The pixels follow a formula that the tests know: value(x, y, c) below.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$work" <<'PY'
import sys

def value(x, y, c, top):
    return (x * 7 + y * 13 + x * y // 3 + c * 40) % (top + 1)

def picture(name, w, h, samples, top):
    kind = "P5" if samples == 1 else "P6"
    with open(f"{sys.argv[1]}/{name}", "wb") as f:
        f.write(f"{kind}\n{w} {h}\n{top}\n".encode())
        for y in range(h):
            for x in range(w):
                for c in range(samples):
                    f.write(value(x, y, c, top).to_bytes(1 if top < 256 else 2, "big"))

picture("grey1.pgm", 37, 29, 1, 1)
picture("grey8.pgm", 37, 29, 1, 255)
picture("grey12.pgm", 37, 29, 1, 4095)
picture("rgb8.ppm", 37, 29, 3, 255)
PY

opj_compress -n 3 -i "$work/grey8.pgm" -o grey8.j2k >/dev/null
opj_compress -n 3 -i "$work/grey12.pgm" -o grey12.j2k >/dev/null
opj_compress -n 3 -i "$work/rgb8.ppm" -o rgb8-rct.j2k >/dev/null
opj_compress -n 3 -i "$work/rgb8.ppm" -mct 0 -o rgb8-plain.j2k >/dev/null
opj_compress -n 3 -i "$work/rgb8.ppm" -I -q 75 -o rgb8-ict.j2k >/dev/null
opj_compress -n 3 -i "$work/grey8.pgm" -t 16,16 -o grey8-tiles.j2k >/dev/null
opj_compress -n 3 -i "$work/grey8.pgm" -TP R -o grey8-parts.j2k >/dev/null
opj_compress -n 3 -i "$work/grey8.pgm" -o grey8.jp2 >/dev/null
grk_compress -n 3 -i "$work/grey8.pgm" -M 64 -o grey8-ht.j2k >/dev/null
grk_compress -n 3 -i "$work/rgb8.ppm" -M 64 -o rgb8-ht.j2k >/dev/null
ojph_compress -num_decomps 2 -reversible true -i "$work/grey1.pgm" -o "$work/grey1.j2c" >/dev/null
ojph_compress -num_decomps 2 -reversible true -i "$work/grey8.pgm" -o "$work/grey8.j2c" >/dev/null
cp "$work/grey1.j2c" grey1-openjph.j2k
cp "$work/grey8.j2c" grey8-openjph.j2k
