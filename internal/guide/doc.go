// Package guide shows the workshop's guide, and the source it speaks of, as pages.
//
// It is handed a file system with the repository's files, by their paths in the repository,
// and serves it in three pages: /guide is docs/workshop.md; /source lists the files, and
// /source/{path} shows one of them, or a folder. The files are taken for
// fixed; each is read and rendered when somebody first asks for it and kept, so that the
// memory is bounded by the files themselves, and a start costs nothing but their names.
//
// # Documents
//
// Markdown files are shown as documents, with their contents beside them, or as text with
// ?plain=1. Raw HTML in them is left out. Links between files of the repository lead to
// their pages: [Enter](../internal/resource/caller.go#L80) to that line,
// ../docs/workshop.md to /guide; a link to the lab's usual address leads to the lab that is
// looked at, and that address in commands is shown as the visitor's own. Anchors are those
// that GitHub gives headings.
//
// A paragraph that begins with a strong "Answer." begins an answer, which goes on to the next
// heading, rule, answer, or paragraph that begins with a strong question; on the page it is
// folded, so that a reader can predict first, and ?answers=open opens all of them.
//
// # Code
//
// Code is coloured by few kinds: comments, keywords, names that are declared, types, names of
// settings and attributes, strings, numbers. Each line of a file has its number as its
// anchor: /source/go.mod#L3.
package guide
