package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

const apis = "/services/api/"

// driver drives a view by hand and prints what it answers.
type driver struct {
	*registry.View
	t   *testing.T
	now time.Time
}

func newDriver(t *testing.T, cfg registry.Config) *driver {
	t.Helper()
	return &driver{View: registry.NewView(apis, cfg), t: t, now: time.Unix(1000, 0)}
}

// record is the value of an instance; port 0 makes a bad one.
func record(id string, port int) string {
	if port == 0 {
		return ""
	}
	return fmt.Sprintf(`{"v":1,"service":"api","id":%q,"host":"h","port":%d}`, id, port)
}

func entry(id string, port int, index registry.Index) registry.Entry {
	return registry.Entry{Key: apis + id, Value: record(id, port), Index: index}
}

func (b *driver) list(index registry.Index, entries ...registry.Entry) []registry.Step {
	return b.Resync(registry.Listing{Entries: entries, Index: index}, b.now)
}

func (b *driver) put(id string, port int, index registry.Index) []registry.Step {
	return b.Observe(registry.Change{Kind: registry.ChangePut, Entry: entry(id, port, index), Index: index}, b.now)
}

func (b *driver) remove(id string, kind registry.ChangeKind, index registry.Index) []registry.Step {
	return b.Observe(registry.Change{
		Kind: kind, Entry: registry.Entry{Key: apis + id, Index: index}, Index: index,
	}, b.now)
}

func (b *driver) accept(id string, port int, index registry.Index) []registry.Step {
	b.t.Helper()
	in, err := registry.Decode("api", id, record(id, port))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Accept(apis+id, index, in, b.now)
}

func (b *driver) reject(id string, index registry.Index) []registry.Step {
	return b.Reject(apis+id, index, &registry.Fault{Class: registry.ClassEmpty, Reason: "nothing"}, b.now)
}

func (b *driver) want(what string, steps []registry.Step, want string) {
	b.t.Helper()
	if got := show(steps); got != want {
		b.t.Errorf("%s: got steps %q, want %q", what, got, want)
	}
}

func (b *driver) wantRows(what, want string) {
	b.t.Helper()
	if got := showSnapshot(b.Snapshot(b.now)); got != want {
		b.t.Errorf("%s: got snapshot %q, want %q", what, got, want)
	}
}

func show(steps []registry.Step) string {
	words := make([]string, 0, len(steps))
	id := func(key string) string { return strings.TrimPrefix(key, apis) }
	for _, step := range steps {
		switch s := step.(type) {
		case registry.Judge:
			words = append(words, fmt.Sprintf("judge %s@%d", id(s.Entry.Key), s.Entry.Index))
		case registry.Drop:
			words = append(words, "drop "+id(s.Key))
		case registry.Added:
			words = append(words, fmt.Sprintf("added %s@%d:%d", id(s.Key), s.Index, s.Instance.Port))
		case registry.Updated:
			words = append(words, fmt.Sprintf("updated %s@%d:%d", id(s.Key), s.Index, s.Instance.Port))
		case registry.Removed:
			word := fmt.Sprintf("removed %s@%d %s", id(s.Key), s.Index, s.Kind)
			if s.Held != registry.HoldNone {
				word += " held for " + s.Held.String()
			}
			if s.Order != registry.OrderNone {
				word += " by order " + s.Order.String()
			}
			words = append(words, word)
		case registry.Quarantined:
			words = append(words, fmt.Sprintf("quarantined %s@%d %s x%d serving %d",
				id(s.Bad.Key), s.Bad.Index, s.Bad.Class, s.Bad.Attempts, s.Bad.ServingIndex))
		case registry.Released:
			words = append(words, fmt.Sprintf("released %s@%d after %v", id(s.Key), s.Index, s.After))
		case registry.Republish:
			words = append(words, "republish")
		case registry.Refused:
			words = append(words, fmt.Sprintf("refused %s@%d x%d", id(s.Key), s.Index, s.Attempt))
		case registry.Held, registry.Reclaimed, registry.Doubted, registry.Degraded, registry.Engaged, registry.Reminded,
			registry.Disengaged, registry.Aged, registry.Slept, registry.Diverged, registry.Reread, registry.Probe, registry.Relist:
			words = append(words, showGuard(s))
		case registry.Ordered, registry.Lifted, registry.Rejudged, registry.Rebased:
			words = append(words, showOrder(s))
		}
	}
	return strings.Join(words, ", ")
}

// showGuard prints what the guards say and ask for.
func showGuard(step registry.Step) string {
	id := func(key string) string { return strings.TrimPrefix(key, apis) }
	switch s := step.(type) {
	case registry.Held:
		return fmt.Sprintf("held %s %s", id(s.Key), s.Hold)
	case registry.Reclaimed:
		return fmt.Sprintf("reclaimed %s@%d after %v", id(s.Key), s.Index, s.After)
	case registry.Doubted:
		return fmt.Sprintf("doubted %s@%d", id(s.Key), s.Index)
	case registry.Degraded:
		return fmt.Sprintf("degraded %s after %v", id(s.Key), s.After)
	case registry.Engaged:
		return strings.TrimSpace("engaged " + s.State.Guard.String() + " " + s.State.Zone)
	case registry.Reminded:
		return fmt.Sprintf("reminded %s after %v", s.State.Guard, s.After)
	case registry.Disengaged:
		return strings.TrimSpace(fmt.Sprintf("disengaged %s after %v %s", s.Guard, s.After, s.Zone))
	case registry.Aged:
		return fmt.Sprintf("aged %s %v", s.Level, s.Age)
	case registry.Slept:
		return fmt.Sprintf("slept %v", s.For)
	case registry.Diverged:
		return fmt.Sprintf("diverged %d from %s", s.Divergence.Missed, id(s.Divergence.First))
	case registry.Reread:
		return "reread " + id(s.Key)
	case registry.Probe:
		return "probe " + id(s.Key)
	case registry.Relist:
		return "relist"
	case registry.Judge, registry.Drop, registry.Added, registry.Updated, registry.Removed, registry.Quarantined, registry.Refused,
		registry.Released, registry.Republish, registry.Ordered, registry.Lifted, registry.Rejudged, registry.Rebased: // show prints them
	}
	return fmt.Sprintf("%T", step)
}

// showSnapshot prints rows as id@index:port, then the quarantined keys.
func showSnapshot(s *registry.Snapshot) string {
	var words []string
	for r := range s.Rows.All() {
		word := fmt.Sprintf("%s@%d:%d", strings.TrimPrefix(r.Key, apis), r.Index, r.Instance.Port)
		if r.Status == registry.StatusQuarantinedCached {
			word += " cached"
		}
		if r.Status == registry.StatusLimbo {
			word += " held for " + r.Hold.String()
		}
		words = append(words, word)
	}
	for _, b := range s.Quarantined {
		words = append(words, fmt.Sprintf("bad %s@%d", strings.TrimPrefix(b.Key, apis), b.Index))
	}
	if s.QuarantineOverflow > 0 {
		words = append(words, fmt.Sprintf("and %d more", s.QuarantineOverflow))
	}
	return strings.Join(words, ", ")
}

// showOrder prints what operators caused.
func showOrder(step registry.Step) string {
	id := func(key string) string { return strings.TrimPrefix(key, apis) }
	switch s := step.(type) { //nolint:gochecksumtype // the others are printed elsewhere
	case registry.Ordered:
		if s.State.Order == registry.OrderQuarantined {
			return "quarantined by order " + id(s.State.Key)
		}
		return s.State.Order.String() + " " + id(s.State.Key)
	case registry.Lifted:
		return "lifted " + s.Order.String() + " " + id(s.Key)
	case registry.Rejudged:
		return fmt.Sprintf("rejudged %s@%d", id(s.Key), s.Index)
	case registry.Rebased:
		return fmt.Sprintf("rebased %d", s.Instances)
	}
	return fmt.Sprintf("%T", step)
}
