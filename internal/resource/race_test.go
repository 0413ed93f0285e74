//go:build race

package resource_test

const admissions = 1_000_000
