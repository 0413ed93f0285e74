// Package live is the look of the lab, and what keeps it fresh: the shell around every
// page, components to write pages with, forms that come back with what is wrong, slots,
// charts, and one stream of what changes. It knows functions that return data, never what
// the data is about.
//
// A room declares a [Page] with its own templates, *.html at the root of a file system;
// "page" among them is drawn inside <main>. All pages are whole without scripts. With
// them, forms are sent in place, values and panels follow the stream, and charts are drawn
// where the tables stood.
//
// Add, Fill, Watch, Share and Tell everything first, then serve Routes and run Serve: from
// then on a [Site] does not change. Drawing costs one execution of the templates; parsing
// and escaping are done before.
//
// # What is kept fresh
//
//	Values       words and numbers, four times a second those that changed: a component with "live" "part1.now"
//	SharedPanel  markup, at most once a second and only when its data has changed: {{panel "part1/latency"}}
//	Feed         whatever else scripts and programs listen for: samples, events, marks
//
// All go through GET /api/v1/stream, server-sent events. Every 50 ms one frame is encoded,
// once for all viewers, into a short log; every 250 ms when only pages that are Calm are
// looked at, or none has been for 15 s. A viewer is a place in that log. One that comes
// back with Last-Event-ID goes on where it was, up to 12 s ago; any other begins with what
// the log holds. One that falls two seconds behind loses what it has not seen; one that
// does not read at all is gone some seconds after the kernel keeps no more for it. No
// viewer costs another one anything, and none costs the feeds.
//
// What stands on a page and is none of these is fetched anew when a mark says that
// settings, a reset, a crash or a restart may have changed it.
//
// # Layout, in plain HTML
//
//	<h1>…</h1> <p class="lede">…</p>
//	<div class="grid"><div class="main">panels</div><aside class="side" aria-label="Controls">panels</aside></div>
//	<div class="columns">panels side by side</div>
//	<section class="panel" aria-labelledby="x"><h2 id="x">…</h2> … </section>
//	<dl class="numbers">{{template "number" …}}</dl>
//	<dl class="ledger">{{template "row" …}}</dl>
//	<div class="controls">{{template "field" …}}{{template "button" …}}</div>
//	<div class="scroll"><table class="data"> … <td class="n">1,234</td> … </table></div>
//
// One element with data-spoken is read aloud as it changes: at most every 5 s, and every 30 s
// where nothing but numbers differs.
//
// Further classes: note (small, soft), unit, flow (space between children), hidden (for
// screen readers alone), js-only and live-only, and the meanings as text colours.
//
// # Meanings
//
// A colour is named by what it means, and each brings a mark of its own shape: flight (also
// hand), flight-2 (a second kind of it), waiting, inbox, done, answered, failed (also
// rejected), demand, and plain for what is no part of the flow. Another word fails.
//
// # Components
//
// Parameters are made with dict; those in brackets may be left out. number, row and item
// take "live" "group.name" in the place of value and exact.
//
//	{{template "number" dict "label" "In flight" "value" (number .N) ["unit" "requests" "note" "peak 50" "colour" "flight" "exact" "3000"]}}
//	{{template "row" dict "label" "done" "value" "16" ["sign" "+" "unit" … "note" … "colour" … "exact" … "total" true]}}
//	{{template "item" dict "label" "limit" "value" "off" ["colour" … "exact" …]}}   in the strip, or in a <dl>
//	{{template "badge" dict "text" "running" ["colour" "done"]}}
//	{{template "mark" "flight"}}
//	{{template "bar" dict "label" "Events by place" "parts" (list (part "buffer" .N "waiting")) ["total" 100]}}
//	{{template "table" dict "caption" "…" "columns" (list (column "Name") (numbers "Done")) "rows" .Rows ["empty" "No runs yet." "hideCaption" true]}}
//	{{template "tree" dict "nodes" .Nodes}}   of []live.Node
//	{{template "windows"}}   the choice of the time that charts show
//	{{template "chart" dict "id" "rates" "label" "Per second" "unit" "per second" "series" (list
//	    (series "in_flight" "serial" "flight" "high" "in_flight_high" "style" "area") (series "finished" "done" "done" "rate" true))
//	    ["title" … "height" 240 "limited" true "floating" true "empty" …]}}
//	{{template "scatter" dict "id" "latency-depth" "label" "Latency against depth at arrival" "part" "part2"
//	    "x" "depth_at_arrival" "xlabel" "events found in the system" "y" "latency_ms" "ylabel" "latency"
//	    ["colour" "done" "slope" "part2.model_slope" "intercept" "part2.model_intercept" "floor" "part2.model_floor"
//	     "per" "event" "good" "done" "title" … "height" 280 "empty" … "columns" … "rows" …]}}
//	{{template "since" dict "sum" "latency_sum" "count" "latency_count" ["unit" "ms" "value" … "live" … "instead" "since the reset"]}}
//	{{template "histogram" dict "label" "…" "rows" .Spreads}}   of []live.Spread
//	{{template "flow" .Flow}}   a live.Flow, inside a SharedPanel: nodes in columns, what waits and moves between them
//	{{template "eventlog" dict "id" "events" "part" "part2" "splits" (list (split "inbox_wait_ms" "in the inbox" "inbox") (split "service_ms" "in hand" "hand")) ["label" …]}}
//	{{template "notice" dict "kind" "warning" ["title" … "text" …]}}   info, good, warning, error
//	{{template "empty" dict "text" "…" ["hint" …]}}
//	{{template "code" dict "text" "ab -n 3000 …" ["label" …]}}
//
// A series has a "style": line; area, filled down to 0; stack, which stands on the stack that is
// listed before it, while legend and table say each for itself; until, with the area between it
// and the series listed before it. A chart that is "floating" is one of counts that grow, such as
// arrived and done: its axis spans what is in view, its numbers are those at the end of each step,
// and where an epoch begins its lines have a gap.
//
// A scatter has a point for each of the last 2,000 events of a part of the stream by two of their
// fields; those whose name ends in _ms are said as durations. An outcome "failed" is a cross. slope
// and intercept are values, the model's line in ms or "–"; where it would be below floor, a third,
// it goes level. The measured one is drawn beside it. A click, or Enter, follows an event. columns
// and rows are the table without scripts. A figure with data-timeline shows the events of its
// data-part; without one, of all.
//
// A flow has dots that run along its edges, one for so many events as Each says: the distance
// between them is always the same, so that their speed is the rate. They go on through a merge.
// Without motion they go a step each second, and each edge tells what passed. A fact of an edge
// whose colour is demand draws a line the other way. Two flows on
// a page need an ID each. It stands side by side from 51.5rem on, else below each other; one
// that Scrolls, as of any graph, stands side by side always.
//
// An eventlog keeps the last 200 events of a part of the stream, newest first. The splits are
// fields in ms, in the order in which they happen; the last is the work, those before it are
// waits. A line, chosen by a click or with the arrow keys, is followed: its whole life is told
// beside it, and pictures mark it. For 4 s after the pointer or a key moved in the list it stands
// still, and the bar says how many are newer.
//
// since is the average since a visitor opened the page: a growing sum, in seconds, through a
// growing count, both of the samples. Only the browser knows it, so without scripts stand value or
// live in its place, and instead says what that is.
//
// Controls are forms of their own and must not stand inside another form:
//
//	{{template "field" dict "name" "resource.latency" "label" "Latency" "value" .Latency
//	    ["hint" … "unit" … "mode" "numeric" "options" (list "a" "b") "steps" (list (dict "label" "× 5" "value" "2.5s"))
//	     "hidden" (dict "if-match" .ETag) "set" "Set" "action" "/settings" "id" … "off" … "curl" … "cli" …]}}
//	{{template "button" dict "label" "Reset counters" "action" "/actions/reset" ["main" true "hint" … "hidden" … "id" … "off" … "curl" … "cli" …]}}
//	{{template "button" dict "label" "Limit 15" "name" "resource.limit" "value" 15}}   posts to /settings
//	{{template "enqueue" dict "path" "/part2/genstage" ["label" … "most" 10000 "value" 1000 "set" "Enqueue" "id" …]}}   POSTs from this browser, with scripts alone
//
// With "off" a control is greyed out, and the text says why it is of no use now; its commands
// stay. <div class="buttons"> sets several buttons side by side, and their commands open over
// what is below. What is to be told of an action is given: "curl" (printf "curl -X POST%s
// %s/api/v1/pipeline/pause" bearer origin).
//
// A value is shown with fmt.Sprint. Each control carries its commands: those of settings and of
// the reset are derived, others are given as curl and cli. Two controls for one name on a page
// need an id each.
//
// # Functions
//
// number (1,234,567), sig (three significant digits), duration (of a time.Duration), ms and
// seconds (bare numbers as durations), bytes, percent (of a share of one), clock (hh:mm:ss);
// dict, list, part, series, split, column, numbers (a column of them), fieldID. Of the request: entry name
// current (what was typed, else the current value), problem name, back (the page's address),
// origin (http://host), target (the --addr that leads the command line here), bearer (the
// header with the token for curl and ab, where one is asked for), slot name,
// panel name, window (the time that charts show).
package live
