package stage

import "math"

// bucket bounds a rate: a token is spent for each event, and tokens come evenly, to
// at most burst. The zero value bounds nothing.
type bucket struct {
	rate   float64 // tokens a second; 0: no bound
	burst  int
	tokens float64 // at that time
	at     int64
}

// grain makes up for what the arithmetic loses: tokens that come a moment early.
const grain = 1e-6

// holds is how many tokens there are now.
func (b *bucket) holds(now int64) int {
	if b.rate == 0 {
		return math.MaxInt
	}
	b.fill(now)
	return int(b.tokens + grain)
}

func (b *bucket) fill(now int64) {
	if now > b.at {
		b.tokens = min(float64(b.burst), b.tokens+float64(now-b.at)*b.rate/1e9)
		b.at = now
	}
}

// spend takes n tokens that are there.
func (b *bucket) spend(n int) {
	if b.rate > 0 {
		b.tokens -= float64(n)
	}
}

// due is when there is a token.
func (b *bucket) due() int64 {
	if b.tokens+grain >= 1 {
		return b.at
	}
	return later(b.at, durationOf((1-b.tokens)/b.rate))
}

// set puts another rate in force. What has gathered stays; one that was not bounded
// begins full.
func (b *bucket) set(rate float64, burst int, now int64) {
	if b.rate == 0 {
		b.tokens, b.at = float64(burst), now
	}
	b.fill(now)
	b.rate, b.burst = rate, burst
	b.tokens = min(b.tokens, float64(burst))
}
