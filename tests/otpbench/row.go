package main

import (
	"slices"
	"time"
)

// The sides of the comparison.
const (
	otp        = "otp"
	protoactor = "protoactor"
	ours       = "ours"
)

// The rows, as they are named on the command line and in the lines of a measurement.
const (
	restartError   = "restart-error"
	restartPanic   = "restart-panic"
	stormError     = "storm-error"
	stormPanic     = "storm-panic"
	start          = "start"
	startAll       = "start-all"
	memory         = "memory"
	memoryFunction = "memory-function"
)

// row is one line of the table.
type row struct {
	name  string
	what  string
	n     int      // crashes or children
	sides []string // who can do it
	bytes bool     // the figure is bytes; otherwise nanoseconds
	// What ours must reach; zero is no such demand.
	most       float64 // ours, in the figure's unit
	otp        float64 // ours / OTP
	protoactor float64 // ours / protoactor
}

// quickShare is how much smaller everything is in a quick run.
const quickShare = 10

func rows(quick bool) []row {
	all := []string{otp, protoactor, ours}
	const million = float64(time.Millisecond)
	list := []row{
		{name: restartError, what: "crash to running again: error", n: 20_000, sides: all, otp: 0.8, protoactor: 0.4},
		{name: restartPanic, what: "crash to running again: panic", n: 20_000, sides: all, protoactor: 0.7},
		{name: stormError, what: "storm, all up again: errors", n: 10_000, sides: all, most: 50 * million, otp: 0.05},
		{name: stormPanic, what: "storm, all up again: panics", n: 10_000, sides: all, most: 60 * million},
		{name: start, what: "start of a child, acknowledged", n: 100_000, sides: all, protoactor: 1.5},
		{name: startAll, what: "start of many, one request", n: 100_000, sides: []string{protoactor, ours}, protoactor: 1.5},
		{name: memory, what: "memory of a child", n: 100_000, sides: all, bytes: true, most: 1 << 10},
		{name: memoryFunction, what: "memory of a function", n: 100_000, sides: []string{ours}, bytes: true, most: 4 << 10},
	}
	if quick {
		for i := range list {
			list[i].n /= quickShare
		}
	}
	return list
}

func (r row) has(side string) bool { return slices.Contains(r.sides, side) }

// names are the names of rows, in their order.
func names(list []row) []string {
	var all []string
	for _, r := range list {
		all = append(all, r.name)
	}
	return all
}
