package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// A script is one letter a check, five seconds apart: "+" a good one, "-" a failed
// one, "." a minute without. What the gate answers is one letter each: "o" opened,
// "c" closed, "k" kept, " " nothing.
func TestHealthGate(t *testing.T) {
	for _, row := range []struct {
		name, script, want string
		others             registry.Crowd
	}{
		{"closed until it is well", "--+", "  o", registry.Crowd{}},
		{"two failures are not enough", ".+--+--+", " o      ", registry.Crowd{}},
		{"three are", "+.---", "o   c", registry.Crowd{}},
		{"a pass between begins anew", "+.--+---", "o      c", registry.Crowd{}},
		{"not before it has been open for a while", "+---", "o  c", registry.Crowd{}},
		{"one pass is not enough", "+.---.+-+-", "o   c     ", registry.Crowd{}},
		{"two are", "+.---.++", "o   c  o", registry.Crowd{}},
		{"the second time it stays closed for twice as long", "+.---+++---+++++", "o   c o   c   o", registry.Crowd{}},
		{"ten minutes later that is forgotten", "+.---+++..........---+++", "o   c o             c o", registry.Crowd{}},
		{"most others are well", "+.---", "o   c", registry.Crowd{Up: 2, All: 4}},
		{"most others are not: kept, told once", "+.-------", "o   k    ", registry.Crowd{Up: 1, All: 4}},
		{"kept, well, and unwell again", "+.---+---", "o   k   k", registry.Crowd{Up: 1, All: 4}},
		{"most others left at the same moment", "+.---", "o   c", registry.Crowd{Up: 3, All: 3}},
		{"a single other one", "+.---", "o   c", registry.Crowd{Up: 0, All: 1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			g, err := registry.NewHealthGate(registry.HealthConfig{})
			if err != nil {
				t.Fatal(err)
			}
			now, got := time.Unix(1000, 0), ""
			for _, check := range row.script {
				change := registry.HealthSame
				if now = now.Add(5 * time.Second); check == '.' {
					now = now.Add(time.Minute)
				} else {
					change = g.Checked(now, check == '+', row.others)
				}
				got += string(" ock"[change])
			}
			if strings.TrimRight(got, " ") != strings.TrimRight(row.want, " ") {
				t.Errorf("checks %q: got %q, want %q", row.script, got, row.want)
			}
		})
	}
}

// All of a fleet leave in one moment, before any can see it: then some come back.
func TestHealthGateOfAFleetThatLeft(t *testing.T) {
	g, err := registry.NewHealthGate(registry.HealthConfig{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1000, 0)
	check := func(what string, healthy bool, up int, want registry.HealthChange) {
		t.Helper()
		now = now.Add(5 * time.Second)
		if got := g.Checked(now, healthy, registry.Crowd{Up: up, All: 4}); got != want {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	check("never well, all others gone", false, 0, registry.HealthSame)
	check("well", true, 4, registry.HealthOpened)
	check("unwell", false, 4, registry.HealthSame)
	check("unwell", false, 4, registry.HealthSame)
	check("unwell", false, 4, registry.HealthClosed)
	check("so are all others, just now", false, 0, registry.HealthSame)
	check("and for a while", false, 0, registry.HealthKept)
	check("told once", false, 1, registry.HealthSame)
	check("told once", false, 1, registry.HealthSame)
	check("half of the others are well", false, 2, registry.HealthClosed)
	check("and stay so", false, 2, registry.HealthSame)
}

func TestHealthGatePauses(t *testing.T) {
	for random, want := range map[float64]time.Duration{0: 4 * time.Second, 0.5: 5 * time.Second, 0.999: 5998 * time.Millisecond} {
		g, err := registry.NewHealthGate(registry.HealthConfig{Random: func() float64 { return random }})
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Wait(); got.Round(time.Millisecond) != want {
			t.Errorf("pause with %v: got %v, want %v", random, got, want)
		}
	}
	if g, err := registry.NewHealthGate(registry.HealthConfig{Hold: time.Hour}); err == nil {
		t.Errorf("hold beyond its cap: got %v, want an error", g)
	}
}
