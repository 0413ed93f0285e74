package live

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// number writes a whole number in full with thousands separators, 1,234,567, and any other
// with three significant digits.
func number(v any) (string, error) {
	rv := reflect.ValueOf(v)
	switch {
	case rv.CanInt():
		return grouped(strconv.FormatInt(rv.Int(), 10)), nil
	case rv.CanUint():
		return grouped(strconv.FormatUint(rv.Uint(), 10)), nil
	}
	return significant(v)
}

// significant writes three significant digits: 0.0123, 1.5, 12.3, 1,230. Trailing zeros go.
func significant(v any) (string, error) {
	f, err := toFloat(v)
	if err != nil {
		return "", err
	}
	return sig(f), nil
}

func sig(f float64) string {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "–"
	case f == 0:
		return "0"
	}
	f = rounded(f)
	decimals := max(0, 2-int(math.Floor(math.Log10(math.Abs(f)))))
	text := strconv.FormatFloat(f, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return grouped(text)
}

// rounded keeps three significant digits.
func rounded(f float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'e', 2, 64), 64)
	if err != nil {
		return f
	}
	return r
}

// grouped puts commas between the thousands of a written number.
func grouped(text string) string {
	whole, fraction, broken := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if broken {
		whole += "." + fraction
	}
	return sign + whole
}

// duration writes a time.Duration as people say it: 41 µs, 1.5 s, 8 min 20 s, 2 h 5 min.
func duration(d time.Duration) string {
	size := d.Abs()
	switch {
	case size == 0:
		return "0 s"
	case size < time.Microsecond:
		return sig(float64(d)) + " ns"
	case size < time.Millisecond:
		return sig(float64(d)/1e3) + " µs"
	case size < time.Second:
		return sig(float64(d)/1e6) + " ms"
	case size < time.Minute:
		return sig(d.Seconds()) + " s"
	case d < 0:
		return "-" + long(size)
	}
	return long(d)
}

// long writes a minute and more in its two largest units.
func long(d time.Duration) string {
	switch {
	case d < time.Hour:
		d = d.Round(time.Second)
		return pair(int(d/time.Minute), "min", int(d%time.Minute/time.Second), "s")
	case d < 24*time.Hour:
		d = d.Round(time.Minute)
		return pair(int(d/time.Hour), "h", int(d%time.Hour/time.Minute), "min")
	}
	d = d.Round(time.Hour)
	return pair(int(d/(24*time.Hour)), "d", int(d%(24*time.Hour)/time.Hour), "h")
}

func pair(n int, unit string, m int, part string) string {
	if m == 0 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, m, part)
}

// milliseconds and seconds write a bare number of that unit as a duration.
func milliseconds(v any) (string, error) { return scaled(v, time.Millisecond) }

func seconds(v any) (string, error) { return scaled(v, time.Second) }

func scaled(v any, unit time.Duration) (string, error) {
	f, err := toFloat(v)
	if err != nil {
		return "", err
	}
	ns := f * float64(unit)
	if math.IsNaN(ns) || math.Abs(ns) >= math.MaxInt64 {
		return "–", nil
	}
	return duration(time.Duration(ns)), nil
}

// byteSize writes a number of bytes in decimal units: 512 B, 4.2 MB.
func byteSize(v any) (string, error) {
	f, err := toFloat(v)
	if err != nil {
		return "", err
	}
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for i < len(units)-1 && math.Abs(rounded(f)) >= 1000 {
		f /= 1000
		i++
	}
	return sig(f) + " " + units[i], nil
}

// percent writes a share of one: 0.124 is 12.4 %.
func percent(v any) (string, error) {
	f, err := toFloat(v)
	if err != nil {
		return "", err
	}
	return sig(f*100) + " %", nil
}

func clock(t time.Time) string { return t.Format(time.TimeOnly) }

func toFloat(v any) (float64, error) {
	rv := reflect.ValueOf(v)
	switch {
	case rv.CanInt():
		return float64(rv.Int()), nil
	case rv.CanUint():
		return float64(rv.Uint()), nil
	case rv.CanFloat():
		return rv.Float(), nil
	}
	return 0, fmt.Errorf("%v (%T) is not a number", v, v)
}

// Count writes a number in full.
func Count(n uint64) Value { return Value{Text: grouped(strconv.FormatUint(n, 10))} }

// Number writes three significant digits, with more of them on hover; what is less
// than a thousandth is only told to be that.
func Number(f float64) Value {
	v := Value{Text: sig(f)}
	if f > 0 && f < 0.001 {
		v.Text = "< 0.001"
	}
	if exact := strconv.FormatFloat(f, 'f', -1, 64); !math.IsNaN(f) && !math.IsInf(f, 0) && exact != v.Text {
		v.Exact = strconv.FormatFloat(f, 'f', 6, 64)
	}
	return v
}

// Rate writes events per second.
func Rate(perSecond float64) Value {
	v := Number(perSecond)
	v.Text += "/s"
	if v.Exact != "" {
		v.Exact += " per second"
	}
	return v
}

// Duration writes a duration as people say it: 41 µs, 8 min 20 s.
func Duration(d time.Duration) string { return duration(d) }

// Bytes writes a number of bytes in decimal units: 4.2 MB.
func Bytes(n float64) string {
	text, _ := byteSize(n) // a float is a number
	return text
}

// Percent writes a share of one: 0.124 is 12.4 %.
func Percent(share float64) string { return sig(share*100) + " %" }
