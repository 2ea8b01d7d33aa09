package page

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
)

// TestFoldBearsAnyHistory feeds folds whatever may be seen, in any order, and
// checks each frame against a second look at the fold.
func TestFoldBearsAnyHistory(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 8))
		f := newTestFold(4)
		at, told := start, map[string]Node{}
		for range 300 {
			at = at.Add(time.Duration(random.IntN(400)) * time.Millisecond)
			f.Apply(anything(random, at))
			if random.IntN(4) > 0 {
				continue
			}
			frame := f.Frame(at)
			for _, n := range frame.Nodes {
				told[n.ID] = n
			}
			if err := consistent(frame, told); err != nil {
				t.Fatalf("seed %d, at %v: %v: %+v", seed, at.Sub(start), err, frame)
			}
		}
	}
}

// anything is one observation.
func anything(random *rand.Rand, at time.Time) Observation {
	node, key := fmt.Sprintf("node-%d", 1+random.IntN(5)), fmt.Sprintf("/services/api/api-%d", random.IntN(4))
	life, index := 1+random.IntN(2), uint64(random.IntN(20))
	kinds := []actors.EventKind{
		actors.EventChildRestarting, actors.EventChildExited, actors.EventSupervisorGaveUp, actors.EventKeyQuarantined, actors.EventKeyReleased,
		actors.EventInstanceAdded, actors.EventInstanceRemoved, actors.EventGuardEngaged, actors.EventGuardDisengaged,
	}
	switch random.IntN(6) {
	case 0:
		return ProcessSeen{At: at, Node: node, Life: life, Change: ProcessChange(1 + random.IntN(4)), Code: random.IntN(200), Asked: random.IntN(3) == 0}
	case 1:
		return LoadSeen{At: at, Life: life, Connected: random.IntN(1000), Lost: int64(random.IntN(500)), Attempts: int64(random.IntN(5000))}
	case 2:
		return PulseSeen{At: at, Node: node, Life: life, Pulse: pulse.Pulse{Sessions: random.IntN(9), Quarantined: random.IntN(3)}}
	case 3:
		verdicts := []string{verdictGood, "empty", "syntax", verdictDeleted, verdictExpired}
		return WriteSeen{At: at, Key: key, Index: index, Verdict: verdicts[random.IntN(len(verdicts))]}
	case 4:
		return ServingSeen{At: at}
	}
	return NodeTold{Node: node, Life: life, Event: actors.Event{
		At: at, Kind: kinds[random.IntN(len(kinds))], Key: key, Class: "empty", Guard: "expiry", Child: "root/service/api/watcher",
	}}
}

// consistent says what in a frame contradicts the rest of it. Told are the nodes as
// a page knows them by now.
func consistent(f Frame, told map[string]Node) error {
	v := f.Verdict
	down := 0
	for _, n := range told {
		if n.State == NodeDown || n.State == NodeStarting {
			down++
		}
		if n.State == NodeDown && (n.Sessions != 0 || n.Restarts != 0) {
			return fmt.Errorf("%s is down and has %d sessions, %d restarts", n.ID, n.Sessions, n.Restarts)
		}
	}
	said := func(what string) bool { return strings.Contains(v.Text, what) }
	switch {
	case !strings.HasPrefix(v.Text, string(v.Level)+": ") || strings.HasSuffix(v.Text, ": "):
		return fmt.Errorf("the verdict says nothing: %q", v.Text)
	case v.Level == LevelOK && (down > 0 || f.Registry.BadTotal > 0):
		return fmt.Errorf("ok with %d nodes down", down)
	case v.Level != LevelStarting && said("nodes down") != (down > 0):
		return fmt.Errorf("%q with %d nodes down", v.Text, down)
	case down > 0 && said("down") && !said(fmt.Sprintf("%d of %d nodes down", down, len(told))):
		return fmt.Errorf("%q with %d of %d nodes down", v.Text, down, len(told))
	case v.Level != LevelStarting && v.Level != LevelOK && said(" bad") != (f.Registry.BadTotal > 0):
		return fmt.Errorf("%q with %d keys bad", v.Text, f.Registry.BadTotal)
	case len(f.Registry.Bad) > f.Registry.BadTotal || f.Band.Capacity > f.Band.Users || f.Band.Offered < 0:
		return fmt.Errorf("figures that cannot be")
	}
	return nil
}
