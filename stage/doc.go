// Package stage builds demand-driven pipelines: events move only when somebody
// downstream has asked for them, and every queue in between is bounded.
package stage
