package autoscale_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/autoscale"
)

// instant is a moment of the tests' own time.
func instant(after time.Duration) time.Time {
	return time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC).Add(after)
}

func fleet(n int, utilisation float64) []autoscale.Sample {
	samples := make([]autoscale.Sample, n)
	for i := range samples {
		samples[i] = autoscale.Sample{Utilisation: utilisation, Known: true}
	}
	return samples
}

func scaler(t *testing.T, cfg autoscale.Config, n int) *autoscale.Scaler {
	t.Helper()
	s, err := autoscale.New(cfg, n)
	if err != nil {
		t.Fatalf("New: got %v, want a scaler", err)
	}
	return s
}

// atOnce lets the load alone decide.
func atOnce(least, most int) autoscale.Config {
	return autoscale.Config{
		Min: least, Max: most, Target: 0.5, Cooldown: -1,
		Up: autoscale.Pace{Add: autoscale.MaxInstances}, Down: autoscale.Pace{Window: -1},
	}
}

func TestOneLook(t *testing.T) {
	silent := func(known, silent int, utilisation float64) []autoscale.Sample {
		return append(fleet(known, utilisation), make([]autoscale.Sample, silent)...)
	}
	for _, row := range []struct {
		name    string
		cfg     autoscale.Config
		before  int
		samples []autoscale.Sample
		want    int
		held    autoscale.Held
	}{
		{"on target", atOnce(1, 10), 4, fleet(4, 0.5), 4, autoscale.HeldNot},
		{"within the tolerance", atOnce(1, 10), 4, fleet(4, 0.55), 4, autoscale.HeldNot},
		{"above the tolerance", atOnce(1, 10), 4, fleet(4, 0.56), 5, autoscale.HeldNot},
		{"below the tolerance", atOnce(1, 10), 4, fleet(4, 0.37), 3, autoscale.HeldNot},
		{"twice the load", atOnce(1, 10), 4, fleet(4, 1), 8, autoscale.HeldNot},
		{"work that waits", atOnce(1, 100), 4, fleet(4, 3), 24, autoscale.HeldNot},
		{"idle", atOnce(2, 10), 4, fleet(4, 0), 2, autoscale.HeldMin},
		{"at the most", atOnce(1, 6), 4, fleet(4, 1), 6, autoscale.HeldMax},
		{"at the most already", atOnce(1, 4), 4, fleet(4, 1), 4, autoscale.HeldMax},
		{"at the least already", atOnce(4, 10), 4, fleet(4, 0.1), 4, autoscale.HeldMin},
		{"begins below the bounds", atOnce(5, 10), 1, fleet(5, 0.5), 5, autoscale.HeldNot},
		{"no instance", atOnce(1, 10), 4, nil, 4, autoscale.HeldSilent},
		{"nobody says anything", atOnce(1, 10), 4, silent(0, 4, 0), 4, autoscale.HeldSilent},
		{"the silent are idle when there is too much load", atOnce(1, 100), 4, silent(2, 2, 1.5), 6, autoscale.HeldNot},
		{"and turn nothing around", atOnce(1, 10), 4, silent(1, 3, 0.9), 4, autoscale.HeldNot},
		{"the silent are busy when there is too little", atOnce(1, 10), 4, silent(3, 1, 0.1), 3, autoscale.HeldNot},
		{"and turn that not around either", atOnce(1, 10), 4, silent(2, 2, 0.1), 4, autoscale.HeldNot},
		{"nor while others leave", atOnce(1, 10), 2, silent(1, 3, 1.5), 2, autoscale.HeldNot},
		{"instances come already", atOnce(1, 10), 8, fleet(4, 0.7), 8, autoscale.HeldNot},
		{"what is no number", atOnce(1, 10), 4, fleet(4, math.NaN()), 4, autoscale.HeldSilent},
		{"below nothing", atOnce(1, 10), 4, fleet(4, -1), 4, autoscale.HeldSilent},
		{"beyond all", atOnce(1, 10), 4, fleet(4, math.Inf(1)), 4, autoscale.HeldSilent},
		{"nearly beyond all", atOnce(1, 10), 4, fleet(4, math.MaxFloat64), 10, autoscale.HeldMax},
		{"by the pace", autoscale.Config{Min: 1, Max: 100, Target: 0.5, Cooldown: -1}, 10, fleet(10, 5), 20, autoscale.HeldPace},
		{"by the pace of few", autoscale.Config{Min: 1, Max: 100, Target: 0.5, Cooldown: -1}, 2, fleet(2, 5), 6, autoscale.HeldPace},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := scaler(t, row.cfg, row.before).Step(instant(0), row.samples)
			if got.Want != row.want || got.Held != row.held {
				t.Errorf("step: got %v (%+v), want %d: %v", got, got, row.want, row.held)
			}
		})
	}
}

func TestShrinkingWaitsForTheWindow(t *testing.T) {
	s := scaler(t, autoscale.Config{Min: 1, Max: 20, Target: 0.5, Down: autoscale.Pace{Window: time.Minute}}, 10)
	for _, row := range []struct {
		at          time.Duration
		utilisation float64
		want        int
		held        autoscale.Held
	}{
		{0, 0.5, 10, autoscale.HeldNot},
		{time.Second, 0.2, 10, autoscale.HeldWindow},
		{30 * time.Second, 0.3, 10, autoscale.HeldWindow},
		{59 * time.Second, 0.2, 10, autoscale.HeldWindow},
		{time.Minute, 0.2, 6, autoscale.HeldWindow}, // six were wanted half a minute ago
		{89 * time.Second, 0.3, 6, autoscale.HeldWindow},
		{90 * time.Second, 0.3, 4, autoscale.HeldNot},
	} {
		if got := s.Step(instant(row.at), fleet(s.Want(), row.utilisation)); got.Want != row.want || got.Held != row.held {
			t.Errorf("at %v: got %v, want %d: %v", row.at, got, row.want, row.held)
		}
	}
}

func TestCooldown(t *testing.T) {
	cfg := atOnce(1, 100)
	cfg.Cooldown = 10 * time.Second
	s := scaler(t, cfg, 2)
	for _, row := range []struct {
		at   time.Duration
		want int
		held autoscale.Held
		news bool
	}{
		{0, 4, autoscale.HeldNot, false},
		{time.Second, 4, autoscale.HeldCooldown, true},
		{10*time.Second - 1, 4, autoscale.HeldCooldown, false},
		{10 * time.Second, 8, autoscale.HeldNot, false},
		{11 * time.Second, 8, autoscale.HeldCooldown, true},
	} {
		if got := s.Step(instant(row.at), fleet(s.Want(), 1)); got.Want != row.want || got.Held != row.held || got.HeldNew != row.news {
			t.Errorf("at %v: got %v (%+v), want %d: %v, new %v", row.at, got, got, row.want, row.held, row.news)
		}
	}
}

func TestPaceCountsOverItsPeriod(t *testing.T) {
	cfg := autoscale.Config{Min: 1, Max: 100, Target: 0.5, Cooldown: -1, Up: autoscale.Pace{Add: 2, Period: 10 * time.Second}, Down: autoscale.Pace{Add: 3, Period: 10 * time.Second, Window: -1}}
	s := scaler(t, cfg, 10)
	for _, row := range []struct {
		at          time.Duration
		utilisation float64
		want        int
	}{
		{0, 1, 12},
		{5 * time.Second, 1, 12},
		{10 * time.Second, 1, 14},
		{11 * time.Second, 0, 11},
		{12 * time.Second, 0, 11},
		{21 * time.Second, 0, 8},
	} {
		if got := s.Step(instant(row.at), fleet(s.Want(), row.utilisation)); got.Want != row.want {
			t.Errorf("at %v: got %v, want %d", row.at, got, row.want)
		}
	}
}

func TestSomebodyElseChangesTheNumber(t *testing.T) {
	s := scaler(t, atOnce(2, 10), 4)
	for set, want := range map[int]int{6: 6, 0: 2, 99: 10} {
		s.Set(set)
		if got := s.Step(instant(0), fleet(want, 0.5)); got.Want != want || got.Changed() {
			t.Errorf("set to %d: got %+v, want %d to go on from", set, got, want)
		}
	}
}

func TestConfigs(t *testing.T) {
	good := autoscale.Config{Min: 1, Max: 3}
	for _, row := range []struct {
		name   string
		change func(*autoscale.Config)
		want   string
	}{
		{"least", func(*autoscale.Config) {}, ""},
		{"one", func(c *autoscale.Config) { c.Max = 1 }, ""},
		{"none", func(c *autoscale.Config) { c.Min = 0 }, "at least 0"},
		{"most below least", func(c *autoscale.Config) { c.Min = 4 }, "at most 3"},
		{"too many", func(c *autoscale.Config) { c.Max = autoscale.MaxInstances + 1 }, "at most 100001"},
		{"target", func(c *autoscale.Config) { c.Target = 1.1 }, "target 1.1"},
		{"no target", func(c *autoscale.Config) { c.Target = math.NaN() }, "target NaN"},
		{"tolerance", func(c *autoscale.Config) { c.Tolerance = 1 }, "tolerance 1"},
		{"add", func(c *autoscale.Config) { c.Up.Add = -1 }, "up: -1 instances"},
		{"factor", func(c *autoscale.Config) { c.Down.Factor = 0.5 }, "down: a factor of 0.5"},
		{"period", func(c *autoscale.Config) { c.Up.Period = 2 * time.Hour }, "a period of 2h"},
		{"window", func(c *autoscale.Config) { c.Down.Window = 2 * time.Hour }, "a window of 2h"},
	} {
		cfg := good
		row.change(&cfg)
		if _, err := autoscale.New(cfg, 1); (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %q", row.name, err, row.want)
		}
	}
}
