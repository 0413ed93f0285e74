// Package config turns layers of text into one plain [Settings] value, or into
// errors that name the place of each mistake and what would be accepted there.
//
// It is pure: it reads no file, no environment and no flag. Who does hands the
// layers to [Build], lowest first: file, environment, flags. Below them all are
// the [Defaults].
//
// Every setting is one row of the table in table.go. Its name in a file, its
// flag, its environment variable, its bounds, its help and whether it can be
// changed while the lab runs all follow from that row; there is no second list.
package config
