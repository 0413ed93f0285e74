//go:build linux || darwin

package lab_test

import "syscall"

// smallSegments makes a connection one of small segments before it is made. The
// other side's buffers are measured in segments, and those of loopback are so
// large that megabytes fit before anyone notices that nobody reads.
func smallSegments(_, _ string, c syscall.RawConn) (err error) {
	outer := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 1400)
	})
	if outer != nil {
		return outer
	}
	return err
}
