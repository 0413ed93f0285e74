package bench_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"testing"

	"go.uber.org/goleak"
)

// bareVar makes this program the server that the lab is held against.
const bareVar = "AFFLUX_BENCH_BARE"

func TestMain(m *testing.M) {
	if os.Getenv(bareVar) != "" {
		serveBare()
	}
	goleak.VerifyTestMain(m)
}

// serveBare answers OK to everything, until it is killed.
func serveBare() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		fmt.Fprintln(os.Stderr, "listening on", l.Addr())
		err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("OK")) }))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// median is the middle one; of an even number, the mean of the middle two.
func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}

// ratios are those of neighbours.
func ratios(of, to []float64) []float64 {
	all := make([]float64, len(of))
	for i := range of {
		all[i] = of[i] / to[i]
	}
	return all
}
