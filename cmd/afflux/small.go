package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
)

type tokenCmd struct{}

// Run prints 32 random bytes, as text that needs no quoting anywhere.
func (tokenCmd) Run(s streams) error {
	b := make([]byte, 32)
	rand.Read(b)
	_, err := fmt.Fprintln(s.out, base64.RawURLEncoding.EncodeToString(b))
	return err
}

type versionCmd struct{}

func (versionCmd) Run(s streams) error {
	_, err := fmt.Fprintf(s.out, "afflux %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
