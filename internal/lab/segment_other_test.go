//go:build !linux && !darwin

package lab_test

import "syscall"

// smallSegments leaves a connection as it is: the buffers take longer to fill.
func smallSegments(_, _ string, _ syscall.RawConn) error { return nil }
