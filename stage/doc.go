// Package stage moves work through a program by demand: events go from queues
// and sources to workers only when a worker has asked, every queue in between is
// bounded, and each event that was accepted is accounted for until its end. It
// is what GenStage and ConsumerSupervisor are to Elixir, in the standard library
// alone.
//
//	p := stage.New("mail", stage.Config{})
//	jobs := stage.NewQueue[Job](p, "jobs", stage.QueueConfig{Buffer: 10_000})
//	send := stage.NewConsumer(p, "send", deliver, stage.ConsumerConfig[Job]{Workers: 3})
//	if _, err := send.Subscribe(jobs); err != nil {
//		return err
//	}
//	go serveHTTP(func(j Job) error { return jobs.TryPush(j) }) // ErrFull: answer 503
//	return p.Run(ctx) // until ctx ends; then drains
//
// # The parts
//
// A [Pipeline] joins stages and starts nothing by itself. Events come from an
// outlet and are taken by a stage; Subscribe joins the two. Subscribers of one
// outlet compete: each event goes to exactly one of them.
//
//	Queue      an outlet that is pushed into
//	Producer   an outlet that asks a Source
//	Transform  a stage that makes other events of those it takes, and an outlet of these
//	Batcher    a stage that gathers events, and an outlet of batches
//	Broadcast  a stage that gives each event to all of its subscribers
//	Consumer   a stage that ends the way of events, with workers that live as long as it does
//	Spawner    the same, with a goroutine for each event
//
// The failures of a stage are an outlet too: its DeadLetters. [Partition] lets an
// outlet hand out the events of one key one after the other. [Stream] is a loop over
// an outlet.
//
// What is wrong in a stage's settings does not crash and is not lost: pushes,
// Subscribe, Serve and Run return it, and [Pipeline.Err] tells it before. What would
// send events in a circle is refused.
//
// Stages come and go while the pipeline runs: one that is made then is started by
// Run, and Leave takes one out, in order.
//
// # Several steps
//
//	pages := stage.NewProducer(p, "pages", crawl, stage.ProducerConfig{})
//	parse := stage.NewTransform(p, "parse", func(ctx context.Context, pg Page, emit func(Doc) error) error {
//		return emit(parsed(pg))
//	}, stage.TransformConfig[Page]{Workers: 4})
//	batch := stage.NewBatcher(p, "batch", stage.BatcherConfig[string, Doc]{Size: 500, MaxAge: time.Second})
//	index := stage.NewConsumer(p, "index", bulk, stage.ConsumerConfig[stage.Batch[string, Doc]]{Workers: 2})
//	parse.Subscribe(pages) // and look at the errors
//	batch.Subscribe(parse)
//	index.Subscribe(batch)
//
// Demand goes through: parse takes a page only while somebody wants a document, so
// that a slow index fills nothing but what each step may hold. The ends go the
// other way: when the source has ended, or the pipeline drains, each stage works off
// what it has, and what it makes for closes after it.
//
// A handler may also push into a queue of its own, whose QueueConfig.FedBy names the
// stage, so that the queue closes after it. Push with the handler's own context, so
// that a stop can reach it. A handler that pushes into the queue it is fed from
// waits for itself once that is full: let it use TryPush, into a queue with room for
// all that may come (as a crawler does, see examples/crawl), and close the queue when
// [Queue.InSystem] says that nothing is left. Nor may it wait for a Drain of its own
// pipeline.
//
// # Two ways to hand out
//
// [Lazy], the default, leaves events in the queue until a worker is free. Every
// worker helps at once, whenever it comes, and nothing waits behind a slow one.
// Slice handlers are given as many events as they are likely to handle within a
// millisecond: one, if each takes longer.
//
// [Demand] asks ahead, with GenStage's numbers. A subscription has at most max
// events that are unfinished, and asks again when they have fallen to min; what
// comes waits in its inbox. With 1000 and 500 a burst of 900 goes to one
// consumer, though three are idle, and consumers that join later cannot help
// with it, unless [Queue.Rebalance] takes it back. Use it to see, or to
// reproduce, how GenStage behaves, and where work is tiny and evenly sized.
//
// [Manual] asks only as far as you say. [Rate] bounds how many events a second a
// stage begins with, however it gets them. All of it can be changed while events
// flow: [Subscription.Set].
//
// # What is promised about events
//
// At every moment, and in every [Snapshot], of each outlet
//
//	accepted = done + failed + dropped + delayed + buffer + inboxes + hands
//
// and at rest nothing waits that an idle worker could take.
//
//   - A push that returned nil has been accepted; one that returned an error has
//     not. [Queue.TryPush] never waits and says ErrFull; [Queue.Push] waits, in
//     turn; [Queue.PushAll] says how many were accepted; [Queue.Do] waits for the
//     event's end. Nothing is dropped unless QueueConfig.Overflow asks for it,
//     and then it is counted and told to OnDrop.
//   - An event whose handler returned nil is done, once.
//   - An event whose handler returned an error, panicked, or ended its goroutine
//     has failed, and nothing else has: ConsumerConfig.OnError says whether to drop
//     it, to retry it later, to put it into the dead letters, or to stop the
//     stage. A retry that waits holds no worker and no demand.
//   - When a stage ends, is told to end, or leaves, what it has not begun returns
//     to its queue in order. What is in hand is finished, or returns too if its
//     handler gives up because its context ended: it then runs again, at least
//     once in all.
//   - What comes back takes its old place, before all that came later, and is never
//     refused, even if the queue is full.
//   - All of it is in memory. A crash of the process loses what was not done.
//
// # Order
//
// Events are handed out in the order in which they were accepted. They are
// finished in that order only with one worker, no retries and no failures; where
// there is a [Partition], those of one key are, whatever happens, but where a slice
// handler says that some of its slice have failed. The subscribers of a [Broadcast] all
// see the same order. PushAll keeps its events together as long as it need not wait and
// nobody else pushes at the time.
//
// # Who stops it
//
// The end of a Serve context always means "leave now": handlers are told by
// their contexts, and Serve returns when they have. The end of the context of
// [Pipeline.Run] is kinder: it drains first, for at most Config.Grace.
// [Queue.Close] and the end of a source are the end of the work: stages see it
// when everything is settled, and end in order. [Pipeline.Drain] brings that
// about, with a deadline, and says what was left.
//
// Every stage has its own Serve(ctx) error, for programs that have a supervisor
// already: a stage that was stopped or failed may be served again, and goes on
// where it was, since outlets live as long as the pipeline and not as long as a
// Serve. Run is for those that have none. No goroutine outlives the Serve or Run
// that started it, but for the timer of a retry, which ends at once. A handler, a
// source or a policy that does not heed its context cannot be ended: Serve and Run
// last as long as it does.
//
// Under a supervisor stages are children that are started again only after an
// abnormal end: nil means that there is nothing left to do.
//
// # Watching
//
// [Pipeline.Snapshot] has every number, with waits and service times as
// histograms; it is meant to be read fifty times a second. Config.Hook is told
// what happens, Config.Observe each call of a handler.
//
// # What it costs
//
// An outlet is one lock, held for some tens of nanoseconds for each push and for
// each time that a worker comes for more; a worker that comes closes the books of
// the last events and takes the next at once. What moves many events at once holds
// it for about half a microsecond each: a rebalance, the return of an inbox, the
// start of a drain with many retries, a PushAll. No memory is allocated for an
// event, but by a Spawner (a goroutine and its task), a retry, and a push that has
// to wait. Queues are made of chunks of 16 KiB, so a waiting event takes its own
// size and 4 bytes; a slice handler is lent the memory of the queue itself and
// must not keep it. The benchmarks are in the repository, under bench/stage.
//
// Times are measured with a clock that costs 50 ns to read on a common virtual
// machine. Up to 10,000 events a second each has its own stamp; above, one in up
// to 64 has, and those between carry the one before theirs.
//
// # When not
//
// For a pipeline that a few goroutines and a channel express, use those. For work
// that must survive the process, use a durable queue. Events are not sent
// between machines, and there are no priorities: use two queues.
//
// # Compared with GenStage
//
// The semantics of demand are those of GenStage 1.3 as its documentation
// (https://hexdocs.pm/gen_stage) and its behaviour show them.
//
//   - max_demand and min_demand are [Demand]; handle_demand is [Source], which
//     cannot forget a shortfall; casting to a producer is [Queue.Push].
//   - buffer_size is Buffer; buffer_keep :first is DropNewest, :last DropOldest. The
//     default here refuses instead.
//   - subscribe_to and sync_subscribe are Subscribe; cancel is
//     [Subscription.Cancel]; resubscribing with other options is [Subscription.Set].
//   - cancel: :transient, :temporary and :permanent are OnEnd, of a stage. The
//     default is Transient: a normal end is no failure.
//   - demand: :accumulate and :forward are Pause and Resume.
//   - ConsumerSupervisor is [Spawner]; its min_demand is Refill, terminate_child
//     Cancel, which_children Tasks.
//   - A consumer that crashes loses its mailbox there. Here it returns.
//   - A producer-consumer is [Transform]; BroadcastDispatcher is [Broadcast], its
//     selector [Where]; PartitionDispatcher is [Partition]; the :manual mode is
//     [Manual], ask is [Subscription.Ask]; GenStage.stream is [Stream].
//
// The repository's docs/from-genstage.md has all of it, Broadway's too.
package stage
