package web

import "time"

// SetAnswerTime shortens that limit until what it returns is called.
func SetAnswerTime(d time.Duration) (restore func()) {
	old := answerTime
	answerTime = d
	return func() { answerTime = old }
}

// ConnsEach is the arithmetic of the bound on connections.
var ConnsEach = connsEach
