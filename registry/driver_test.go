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
			words = append(words, fmt.Sprintf("removed %s@%d %s", id(s.Key), s.Index, s.Kind))
		case registry.Quarantined:
			words = append(words, fmt.Sprintf("quarantined %s@%d %s x%d serving %d",
				id(s.Bad.Key), s.Bad.Index, s.Bad.Class, s.Bad.Attempts, s.Bad.ServingIndex))
		case registry.Released:
			words = append(words, fmt.Sprintf("released %s@%d after %v", id(s.Key), s.Index, s.After))
		case registry.Republish:
			words = append(words, "republish")
		}
	}
	return strings.Join(words, ", ")
}

// showSnapshot prints rows as id@index:port, then the quarantined keys.
func showSnapshot(s *registry.Snapshot) string {
	var words []string
	for _, r := range s.Rows {
		word := fmt.Sprintf("%s@%d:%d", strings.TrimPrefix(r.Key, apis), r.Index, r.Instance.Port)
		if r.Status == registry.StatusQuarantinedCached {
			word += " cached"
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
