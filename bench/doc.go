// Package bench measures the lab as its users meet it: the program itself, in a
// process of its own, asked over loopback. It has benchmarks only; make bench runs
// them with -benchtime=1x, as each is one measurement of several rounds.
//
// A number from one machine says little on another, so both sides of a comparison
// run in one go and in turn, A B A B ..., and what counts is the median of the
// ratios of neighbours: what the machine does beside befalls both alike. No
// benchmark fails on time; they do fail when an answer was not OK or is missing in
// the books.
//
// # BenchmarkWork
//
// wrk -t1 -c50 asks a bare net/http server that answers OK, then /part1/serial and
// /part1/async of a lab without latency, for 4 s each, in 4 rounds. All the while
// somebody looks at /part1, also while the bare server has its turn: once a reader
// of the stream, once a real Chromium, which draws the page.
//
//	bare-req/s …        answers per second, median
//	serial/bare …       of that, the median of the rounds' ratios; 1 is as fast as bare
//	bare-µs/req …       processor time of the server's process for each answer, median:
//	                    it tells what the work costs where wrk sets the pace
//	lost                answers that wrk counted and the lab's books have not
//	unbooked            requests in the books that wrk did not count: those it left
//	                    when its time was over, at most 50 for each turn
//
// # BenchmarkViewers
//
// A thousand viewers of the stream of /part1, each reading everything. Three rounds
// of 2,000 requests without them, and then, with them, 4 s of watching and 2,000
// requests.
//
//	%core               processor time of the lab per time, in percent of one core
//	frames/s, KB/s      what one viewer gets
//	late-viewers        viewers that did not get 20 frames a second
//	p50-µs, p99-µs      of requests to /part1/serial, one after the other, with viewers
//	p50-ratio …         the same as a ratio to those without
//
// # BenchmarkIdle
//
// A lab that nobody watches and nobody asks: it samples itself.
//
//	%core               over 10 s
//	MB                  resident memory after that
package bench
