package supervise

import (
	"fmt"
	"slices"
)

// Strategy says which children a restart concerns.
type Strategy int

// The strategies, as in OTP.
const (
	OneForOne  Strategy = iota // the child that ended, and no other
	OneForAll                  // all children
	RestForOne                 // the child that ended and those after it in start order
)

func (s Strategy) String() string {
	switch s {
	case OneForOne:
		return "one_for_one"
	case OneForAll:
		return "one_for_all"
	case RestForOne:
		return "rest_for_one"
	}
	return fmt.Sprintf("Strategy(%d)", int(s))
}

// group returns those of all who are restarted with c, c included: nobody if c
// is no longer among them.
func (s Strategy) group(all []*child, c *child) []*child {
	i := slices.Index(all, c)
	switch {
	case i < 0:
		return nil
	case s == OneForAll:
		return all
	case s == RestForOne:
		return all[i:]
	}
	return all[i : i+1]
}
