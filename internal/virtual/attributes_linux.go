package virtual

import "syscall"

// attributes make a child end with its parent, however that ends, and keep a
// Ctrl-C in the terminal for the parent, which decides what becomes of the child.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
