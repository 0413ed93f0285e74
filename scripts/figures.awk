# What the benchmarks print -> the figures that there is an aim for, in one table.

BEGIN {
	line = "%-62s %10s %-6s %s\n"
	printf "\n" line, "THE FIGURES TO REACH", "measured", "", "aim"
}

function show(what, value, unit, aim) { printf line, what, value, unit, aim }

# The table of bench/stage: name, letter, median, unit, (min-max), allocs, ratio, letter, aim.
/(≥|≤) / {
	match($0, /(≥|≤) .*/)
	aim = substr($0, RSTART)
	name = substr($0, 1, match($0, /  +/) - 1)
	rest = substr($0, RSTART + RLENGTH)
	sub(/^[a-zA-Z] +/, "", rest)
	split(rest, field, / +/)
	show(name, field[1], field[2], aim)
}

# The program beside a bare server, and its viewers: pairs of value and unit.
/^Benchmark(Work|Pipeline|Viewers)/ {
	name = $1
	sub(/-[0-9]+$/, "", name)
	for (i = 3; i < NF; i += 2) {
		if ($(i + 1) ~ /\/bare$/) show(name ", " $(i + 1), $i, "", "≥ 0.9")
		if ($(i + 1) == "lost") show(name ", answered OK and lost", $i, "", "0")
		if (name == "BenchmarkViewers" && $(i + 1) == "%core") show(name ", a thousand", $i, "% core", "≤ 25")
	}
}

/uses in flight, [0-9]+ bytes each/ {
	for (i = 1; i <= NF; i++) if ($i == "bytes") show("one request in flight, of a million", $(i - 1), "B", "≤ 3,300")
}
