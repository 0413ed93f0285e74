// Package lab joins the rooms into a running laboratory: it builds them from the
// settings, applies live changes to all of them, resets them together, and stops
// them in order. The home page and the routes of settings, resource and reset
// are its own.
//
// It reads no flag, file or environment, and but for the profiler opens no listener: whoever starts
// it binds one and hands it over with [Lab.Bind].
package lab
