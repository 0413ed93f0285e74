package telemetry

import (
	"math"
	"strconv"
)

// appendNumber writes v as JSON, so that reading it brings v again: a whole number
// without fraction or exponent; null for what JSON has no number for.
func appendNumber(b []byte, v float64) []byte {
	switch whole := math.Trunc(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return append(b, "null"...)
	case v == whole && math.Abs(v) < 1<<53:
		return strconv.AppendInt(b, int64(v), 10)
	case v == whole, math.Abs(v) >= 1e-6:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'e', -1, 64)
}

// appendNumbers writes values as an array.
func appendNumbers(b []byte, values []float64) []byte {
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, v)
	}
	return append(b, ']')
}

// appendTimes writes unix milliseconds as an array.
func appendTimes(b []byte, times []int64) []byte {
	b = append(b, '[')
	for i, t := range times {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, t, 10)
	}
	return append(b, ']')
}
