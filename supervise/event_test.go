package supervise_test

import (
	"errors"
	"testing"
	"time"

	"github.com/affluxlab/afflux/supervise"
)

func TestEveryEventIsOneLineOfALog(t *testing.T) {
	about := supervise.About{Tree: "shop", Child: "store"}
	two := errors.Join(errors.New("one"), errors.New("two"))
	for want, e := range map[string]supervise.Event{
		"shop/store started":                               supervise.Started{About: about},
		"shop/store ended":                                 supervise.Ended{About: about},
		"shop/store ended: one; two":                       supervise.Ended{About: about, Err: two},
		"shop/store is restarted, 2 so far":                supervise.Restarting{About: about, Restarts: 2},
		"shop/store is stuck: it did not return within 1s": supervise.Stuck{About: about, After: time.Second},
		"shop/store has left the tree":                     supervise.Removed{About: about},
		"shop gave up: more than 3 restarts in 5s, the last of store: one; two": supervise.GaveUp{
			About: about, Err: &supervise.IntensityError{Tree: "shop", Child: "store", Max: 3, Within: 5 * time.Second, Err: two},
		},
	} {
		if got := e.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
