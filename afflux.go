// Package afflux holds the project's own source and documents, for the pages of the lab that
// show them: the code that runs is the code that is shown. It is no library; the libraries
// are stage and supervise.
package afflux

import (
	"embed"
	"io/fs"
)

// Patterns, not folders: go:embed takes a folder whole, and with it what third parties wrote
// (internal/live/borrowed), what was built, and what an editor left behind. The test beside
// this file says which pattern is missing when a new kind of file comes.
//
//go:embed go.mod package.json Makefile LICENSE *.md *.go
//go:embed scripts/*.sh scripts/*.awk docs/[a-z]*.* docs/adr/*.md
//go:embed examples/*.md examples/web/*.go examples/crawl/*.go examples/ordered/*.go
//go:embed cmd/*/*.go supervise/*.go stage/*.go stage/*/*.go bench/*.go
//go:embed internal/*/*.go internal/*/[a-z]*/*.html internal/*/[a-z]*/[a-z]*/*.html
//go:embed internal/*/own/*.css internal/*/own/*.js internal/*/own/*.svg
//go:embed internal/guide/testdata/*.md internal/live/borrowed/README
var source embed.FS

// Source returns the files of the repository by their path in it, such as
// "internal/resource/caller.go": code with its tests, templates, scripts and styles of the
// pages, and documents. It does not change and has no cost but its bytes, which are in the
// program anyway.
//
// Left out are files that somebody else wrote or a tool did (go.sum, package-lock.json, what
// scripts/assets.sh copies), pictures, hidden files, and the modules of their own: bench/stage,
// tools and some of the examples, which go:embed cannot reach into.
func Source() fs.FS { return source }
