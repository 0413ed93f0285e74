//go:build race

package resource_test

// The detector needs no millions: these are hundreds of restarts and thousands of
// phases already. The count is for the run without it, which is part of make test.
const admissions = 250_000
