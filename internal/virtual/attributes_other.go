//go:build !linux

package virtual

import "syscall"

// attributes are none: only Linux lets a child end with its parent.
func attributes() *syscall.SysProcAttr { return nil }
