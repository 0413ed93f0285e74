package live_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

var twoShades = regexp.MustCompile(`--([a-z0-9-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);`)

// colours reads the custom properties of one theme: 0 is light, 1 is dark.
func colours(t *testing.T, theme int) map[string]string {
	t.Helper()
	css, err := os.ReadFile("own/afflux.css")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range twoShades.FindAllStringSubmatch(string(css), -1) {
		found[m[1]] = m[2+theme]
	}
	return found
}

func luminance(hex string) float64 {
	v, _ := strconv.ParseUint(hex, 16, 32)
	part := func(shift uint) float64 {
		c := float64(v>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextAndMarksStandOutInBothThemes(t *testing.T) {
	texts := []string{"ink", "soft", "accent", "flight", "waiting", "inbox", "done", "answered", "failed", "demand", "plain"}
	for theme, name := range []string{"light", "dark"} {
		c := colours(t, theme)
		check := func(front, ground string, least float64) {
			if c[front] == "" || c[ground] == "" {
				t.Fatalf("--%s or --%s is not among the properties", front, ground)
			}
			if ratio := contrast(c[front], c[ground]); ratio < least {
				t.Errorf("%s: --%s on --%s is %.2f:1, less than %.1f:1", name, front, ground, ratio, least)
			}
		}
		for _, ground := range []string{"paper", "surface", "wash"} {
			for _, text := range texts {
				check(text, ground, 4.5)
			}
			check("edge", ground, 3)
			check("flight-2", ground, 3)
		}
		check("on-accent", "accent", 4.5)
	}
}
