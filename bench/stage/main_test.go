package bench_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	rounds = flag.Int("rounds", 5, "how often each row has its turn")
	turn   = flag.Duration("turn", 400*time.Millisecond, "how long a turn is, about")
	only   = flag.String("rows", "", "a regular expression: the rows to measure, and those they are held against")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// BenchmarkStage prints the table.
func BenchmarkStage(b *testing.B) {
	wanted, err := regexp.Compile(*only)
	if err != nil {
		b.Fatal(err)
	}
	sections := choose(slices.Concat(throughput(), graphs(), latency(), flatness(), snapshots()), wanted.MatchString)
	for b.Loop() {
		for range *rounds {
			for _, s := range sections {
				for _, t := range s.trials {
					if err := t.round(*turn); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of no interest
	write(os.Stdout, sections, *turn)
}
