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
// # BenchmarkPipeline
//
// The same with /part2/genstage beside the bare server, somebody reading the stream
// of /part2: with one consumer that prefetches, with one that is lazy, and with the
// consumer supervisor; the buffer holds 1,000,000. Each turn of the lab's ends when
// all that it accepted is done, and that costs it processor time, too.
//
//	not-OK              answers that were refused or did not come
//	behind              events in the system when wrk had its last answer, at most
//	lost                answers OK that wrk counted and that were not done
//	unbooked            events in the books that wrk did not count, as above
//
// # BenchmarkOverload
//
// 2,000 requests a second come to /part2/genstage for 10 s, whatever becomes of
// those before, and one consumer does 200: the buffer of 1,000 is full soon, and the
// rest is refused. It fails unless each OK is an event and each event is done
// afterwards.
//
//	accepted, refused   requests
//	refused-… µs        of a refusal: from the first byte written to the answer read
//	accepted-p99-µs     the same of an OK
//	bare-p99-µs         the same of a bare server, to which 200 a second come meanwhile
//	due-p99-µs          of any answer, from when its request was due: with what the
//	                    generator is late by on a busy machine
//	RSS-MB, heap-MB     the most resident memory and bytes in objects meanwhile
//	heap-growth-MB      how much higher the heap came in the second half
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
