// Command metrics is a pipeline that is watched from outside, in three ways that a
// program can take over as they are:
//
//   - collector.go: a Prometheus collector of all numbers of a pipeline's Snapshot;
//   - notices.go: what happens in a pipeline, told by Config.Hook, as lines of slog;
//   - spans.go: each call of a handler, told by Config.Observe, as an OpenTelemetry
//     span.
//
// It is a module of its own, because of these two libraries. From its folder:
//
//	go run . -spans
//
// and in a second terminal
//
//	curl -s localhost:9464/metrics | grep afflux_
//
// The pipeline checks orders and ships them; one of ten has to be shipped again.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	addr := flag.String("addr", "localhost:9464", "`address` of /metrics")
	pause := flag.Duration("pause", 20*time.Millisecond, "time between two orders")
	spans := flag.Bool("spans", false, "print spans")
	flag.Parse()
	if err := run(*addr, *pause, *spans); err != nil {
		slog.Error("ended", "err", err)
		os.Exit(1)
	}
}

func run(addr string, pause time.Duration, spans bool) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once

	var options []sdktrace.TracerProviderOption
	if spans {
		exporter, err := stdouttrace.New()
		if err != nil {
			return err
		}
		options = append(options, sdktrace.WithBatcher(exporter))
	}
	tracing := sdktrace.NewTracerProvider(options...)
	defer func() { err = errors.Join(err, tracing.Shutdown(context.WithoutCancel(ctx))) }()

	s, err := newShop(slog.Default(), tracing.Tracer("shop"))
	if err != nil {
		return err
	}
	server := &http.Server{Addr: addr, Handler: metrics(Collector(s.pipeline)), ReadHeaderTimeout: 5 * time.Second}
	ctx, cancel := context.WithCancel(ctx)
	var others sync.WaitGroup
	var served error
	others.Go(func() {
		served = server.ListenAndServe()
		cancel() // no metrics, no program
	})
	others.Go(func() { s.open(ctx, pause) })

	slog.Info("orders are coming", "metrics", "http://"+addr+"/metrics")
	err = errors.Join(s.pipeline.Run(ctx), server.Close())
	cancel()
	others.Wait()
	if !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// metrics serves a collector under /metrics.
func metrics(c prometheus.Collector) http.Handler {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}
