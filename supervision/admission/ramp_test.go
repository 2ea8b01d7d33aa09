package admission_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

func TestParseRamp(t *testing.T) {
	rows := []struct {
		text string
		want admission.Ramp
		out  string // as it is written; empty: not a ramp
	}{
		{"auto", admission.Ramp{Mode: admission.Auto}, "auto"},
		{"off", admission.Ramp{}, "off"},
		{"0", manual(0), "0/s"},
		{"0/s", manual(0), "0/s"},
		{"200/s", manual(200), "200/s"},
		{"0.5/s", manual(0.5), "0.5/s"},
		{"90/m", manual(1.5), "1.5/s"},
		{"1000000/s", manual(1_000_000), "1000000/s"},
		{"1000001/s", admission.Ramp{}, ""},
		{"0.0001/s", admission.Ramp{}, ""},
		{"200", admission.Ramp{}, ""},
		{"200/h", admission.Ramp{}, ""},
		{"-1/s", admission.Ramp{}, ""},
		{"NaN/s", admission.Ramp{}, ""},
		{"Inf/s", admission.Ramp{}, ""},
		{"/s", admission.Ramp{}, ""},
		{"Auto", admission.Ramp{}, ""},
		{"", admission.Ramp{}, ""},
	}
	for _, row := range rows {
		got, err := admission.ParseRamp(row.text)
		switch {
		case row.out == "" && err == nil:
			t.Errorf("ramp %q: got %v, want an error", row.text, got)
		case row.out != "" && (err != nil || got != row.want || got.String() != row.out):
			t.Errorf("ramp %q: got %v, %v, want %v", row.text, got, err, row.out)
		}
		var read admission.Ramp
		if err2 := read.UnmarshalText([]byte(row.text)); (err2 == nil) != (err == nil) || err == nil && read != got {
			t.Errorf("ramp %q as text: got %v, %v, want %v", row.text, read, err2, got)
		}
	}
}

func TestValidate(t *testing.T) {
	rows := []struct {
		name string
		cfg  admission.Config
		want string // part of the error; empty: valid
	}{
		{"zero", admission.Config{}, ""},
		{"low ceiling", admission.Config{Ceiling: 0.5}, ""},
		{"high floor", admission.Config{Floor: 100}, ""},
		{"negative patience", admission.Config{Patience: -1}, "patience -1ns"},
		{"negative limit", admission.Config{MaxInFlight: -1}, "-1 in flight"},
		{"too many", admission.Config{MaxWaiting: math.MaxInt32}, "too many"},
		{"floor above ceiling", admission.Config{Floor: 10, Ceiling: 5, Start: 7}, "floor 10"},
		{"start below floor", admission.Config{Start: 1, Floor: 2}, "start 1"},
		{"rate that is none", admission.Config{Start: math.NaN()}, "no rate"},
		{"ramp without a mode", admission.Config{Ramp: admission.Ramp{Mode: 7}}, "no mode"},
		{"auto with a rate", admission.Config{Ramp: admission.Ramp{Mode: admission.Auto, Rate: 1}}, "has no rate"},
		{"rate beyond all", admission.Config{Ramp: manual(math.Inf(1))}, "rate +Inf"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := admission.New(row.cfg, nil, 0)
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("new: got %v, want an error with %q", err, row.want)
			}
		})
	}
}

// TestMeasuredRamp feeds reports, one a second, to a ramp that begins at 100 a second and is fully used.
func TestMeasuredRamp(t *testing.T) {
	const ms = time.Millisecond
	good := admission.Report{Done: 100, Latency: 10 * ms}
	rows := []struct {
		name    string
		reports []admission.Report
		want    float64
	}{
		{"spare: a step", []admission.Report{good}, 150},
		{"spare: step by step", []admission.Report{good, good}, 225},
		{"refused: below what was done", []admission.Report{{Done: 100, Refused: 1, Latency: 10 * ms}}, 85},
		{"nothing left of the limit", []admission.Report{{Done: 80, InFlight: 9, Limit: 9, Latency: 10 * ms}}, 68},
		{"just below the limit", []admission.Report{{Done: 80, InFlight: 8, Limit: 9, Latency: 10 * ms}}, 150},
		{"slow", []admission.Report{good, {Done: 100, Latency: 41 * ms}, {Done: 100, Latency: 41 * ms}}, 85},
		{"slow once", []admission.Report{good, {Done: 100, Latency: 41 * ms}}, 150},
		{"not yet slow", []admission.Report{good, {Done: 100, Latency: 40 * ms}}, 225},
		{"slow once, and then not", []admission.Report{good, {Done: 100, Latency: 41 * ms}, good}, 225},
		{"slow, of too few", []admission.Report{good, {Done: 4, Latency: time.Second}}, 225},
		{"slow from the first: who knows", []admission.Report{{Done: 100, Latency: time.Second}}, 150},
		{"nothing done, and refused: the floor", []admission.Report{{Refused: 50}}, 1},
		{"works off what was granted before", []admission.Report{{Done: 50, Refused: 9}, {Done: 60, Refused: 9}}, 42.5},
		{"bolder beyond it", []admission.Report{{Done: 98, Refused: 1}, good, good, good, good}, 98 * 0.85 * 1.1 * 1.1 * 1.2 * 1.3},
		{"careful near what was too much", []admission.Report{{Done: 100, Refused: 1}, good}, 93.5},
		{"nothing done: who knows", []admission.Report{{InFlight: 3}}, 100},
		{"no time, no report", []admission.Report{{Over: -1, Refused: 9}}, 100},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := newController(t, admission.Config{Ramp: admission.Ramp{Mode: admission.Auto}, Start: 100, MaxInFlight: 1}, nil)
			c.Step(0, arrival(1, admission.Identify))
			c.Step(0, arrival(2, admission.Identify)) // waits for the end of the first
			for i, r := range row.reports {
				if r.Over == 0 {
					r.Over = time.Second
				}
				now := time.Duration(i+1) * time.Second
				c.Step(now, admission.Event{Kind: admission.EventReport, Report: r})
			}
			if got := c.Rate(); math.Abs(got-row.want) > 1e-9 {
				t.Errorf("rate: got %v, want %v", got, row.want)
			}
		})
	}
}

// TestMeasuredRampRests: what nobody asks for proves nothing, and what was too much long ago is no measure any more.
func TestMeasuredRampRests(t *testing.T) {
	c := newController(t, admission.Config{Ramp: admission.Ramp{Mode: admission.Auto}, Start: 100}, nil)
	idle := admission.Event{Kind: admission.EventReport, Report: admission.Report{Over: time.Second, Done: 3, Latency: time.Millisecond}}
	for i := range 100 {
		c.Step(time.Duration(i)*time.Second, idle)
	}
	if c.Rate() != 100 {
		t.Errorf("rate of an idle node: got %v, want the 100 that it began with", c.Rate())
	}
	busy := admission.Event{Kind: admission.EventReport, Report: admission.Report{Over: time.Second, Done: 100, Refused: 1}}
	c.Step(100*time.Second, busy)
	for n := range uint64(80) { // as many as 85 a second grant in one, nearly
		c.Step(131*time.Second+time.Duration(n)*12*time.Millisecond, arrival(n, admission.Load))
	}
	if got := told(c.Step(132*time.Second, idle)); got != "climbed 127.5/s" {
		t.Errorf("half a minute after it was too much: got %q, want a whole step", got)
	}
}

func TestMeter(t *testing.T) {
	var m admission.Meter
	for range 4 {
		m.Began()
	}
	m.Ended(10*time.Millisecond, false)
	m.Ended(30*time.Millisecond, false)
	m.Ended(time.Hour, true)
	want := admission.Report{Over: time.Second, Done: 2, Refused: 1, InFlight: 1, Limit: 9, Latency: 20 * time.Millisecond}
	if got := m.Report(time.Second, 9); got != want {
		t.Errorf("report: got %+v, want %+v", got, want)
	}
	want = admission.Report{Over: time.Second, InFlight: 1, Limit: 9}
	if got := m.Report(2*time.Second, 9); got != want {
		t.Errorf("report of nothing: got %+v, want %+v", got, want)
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		admission.Load.String(): "load", admission.TooSoon.String(): "too soon", admission.EventSetRamp.String(): "set ramp",
		admission.StepRate.String(): "rate", admission.Fell.String(): "fell", admission.Lane(9).String(): "lane(9)",
		admission.Mode(9).String(): "mode(9)", admission.Manual.String(): "manual",
	} {
		if got != want {
			t.Errorf("word: got %q, want %q", got, want)
		}
	}
}
