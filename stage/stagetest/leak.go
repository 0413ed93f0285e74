package stagetest

import (
	"regexp"
	"runtime"
	"strings"
	"testing/synctest"
)

var (
	bubbleOf = regexp.MustCompile(`^goroutine \d+ \[[^\]]*synctest bubble (\d+)`)
	// inEach is what every bubble has beside the goroutine of the test.
	inEach = []string{"internal/synctest.Run(", "testing/synctest.testingSynctestTest("}
)

// others are the stacks of the goroutines of this bubble but for the caller's and
// synctest's own. They are read from the text of a stack dump, since nothing else
// tells; should that text change, synctest still finds them, if less clearly.
func others() []string {
	synctest.Wait()
	stacks := strings.Split(dump(), "\n\n")
	mine := bubbleOf.FindStringSubmatch(stacks[0])
	if mine == nil {
		return nil
	}
	var left []string
	for _, stack := range stacks[1:] {
		if its := bubbleOf.FindStringSubmatch(stack); its != nil && its[1] == mine[1] && !containsAny(stack, inEach) {
			left = append(left, stack)
		}
	}
	return left
}

// dump is the stacks of all goroutines, the caller's first.
func dump() string {
	for size := 1 << 16; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return string(buf[:n])
		}
	}
}

func containsAny(s string, subs []string) bool {
	for _, sub := range subs {
		if strings.Contains(s, sub) {
			return true
		}
	}
	return false
}
