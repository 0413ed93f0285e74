#!/bin/sh
# Copies the pages' third-party files from npm into internal/live/borrowed, where they are
# embedded. Does nothing when they are those of package-lock.json already.
set -eu
cd "$(dirname "$0")/.."

target=internal/live/borrowed
stamp=$target/stamp
files="node_modules/idiomorph/dist/idiomorph.esm.js
node_modules/uplot/dist/uPlot.esm.js
node_modules/uplot/dist/uPlot.min.css"

fresh() {
	cmp -s package-lock.json "$stamp" || return 1
	for file in $files; do
		[ -f "$target/$(basename "$file")" ] || return 1
	done
}

if fresh; then
	exit 0
fi
npm ci --ignore-scripts --no-audit --no-fund --silent
rm -f "$stamp"
for file in $files; do
	cp "$file" "$target/"
done
cp package-lock.json "$stamp"
