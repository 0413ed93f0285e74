#!/bin/sh
# All benchmarks, and then, in one table, every figure that there is an aim for.
set -eu

sh scripts/tools.sh install
log=$(mktemp)
trap 'rm -f "$log" "$log.failed"' EXIT

# What fails is told at once and at the end, and does not stop the others.
measure() { (cd "$1" && shift && "$@") 2>&1 || touch "$log.failed"; }
{
	measure . go test -run '^$' -bench . -benchmem $(go list ./... | grep -v '/bench$')
	measure . go test -tags million -run AMillion -v ./internal/part1
	measure . go test -run '^$' -bench . -benchtime 1x -timeout 30m ./bench
	measure bench/stage go test -run '^$' -bench . -benchtime 1x -timeout 30m
} | tee "$log"

awk -f scripts/figures.awk "$log"
if [ -e "$log.failed" ]; then
	echo "Some of it has failed: see above."
	exit 1
fi
