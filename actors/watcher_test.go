package actors

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// scene is a service whose actors are played by the test, all but one.
type scene struct {
	kernel  *kernel
	service *service
	got     chan any // what the played actors receive, in order
	played  *process
	tested  *process
}

func newScene(t *testing.T, tested func(*scene) behaviour) *scene {
	t.Helper()
	s := &scene{
		kernel:  newKernel(quietSystem(), "scene/", 0, nil),
		service: newService("api", "/services/api/"),
		got:     make(chan any, 64),
	}
	s.played = s.spawn("played", scripted{onReceive: func(message any) error { s.got <- message; return nil }})
	s.service.reader.Store(s.played)
	s.service.watcher.Store(s.played)
	s.service.entries.Store(s.played)
	s.tested = s.spawn("tested", tested(s))
	synctest.Wait()
	return s
}

func (s *scene) spawn(name string, b behaviour) *process {
	p := s.kernel.host(overseerFunc(func(control) {}), name, func() behaviour { return b })
	p.begin(supervision.Ref{}, nil)
	return p
}

// tell sends the tested actor a message and returns what the played ones
// receive because of it.
func (s *scene) tell(message any) []any {
	s.tested.post(message)
	return s.received()
}

func (s *scene) received() []any {
	synctest.Wait()
	var all []any
	for len(s.got) > 0 {
		all = append(all, <-s.got)
	}
	return all
}

func (s *scene) stop() {
	s.tested.stop()
	s.played.stop()
	s.kernel.close()
	synctest.Wait()
}

func (s *scene) expect(t *testing.T, what string, got []any, want ...any) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %+v, want %+v", what, got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: got %+v, want %+v", what, got[i], want[i])
		}
	}
}

// TestNewerValueIsNotLeftWithoutAVerdict: a value that was sent to an entry
// while that was ending must reach the next one at once, not after a backoff.
func TestNewerValueIsNotLeftWithoutAVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, func(s *scene) behaviour { return newWatcher(s.kernel, s.service, watching{prober: TCPProber{}}) })
		defer s.stop()
		const key = "/services/api/a"
		first := registry.Entry{Key: key, Value: "", Index: 7}
		second := registry.Entry{Key: key, Value: "{}", Index: 8}
		fault := &registry.Fault{Class: registry.ClassEmpty, Reason: "empty"}

		s.expect(t, "a listing", s.tell(directoryListed{listing: registry.Listing{Entries: []registry.Entry{first}, Index: 7}}),
			ensureChild{id: "a"})
		s.expect(t, "the entry's start", s.tell(entryStarted{key: key, entry: s.played}), decide{entry: first})
		s.expect(t, "a write", s.tell(directoryChanged{change: registry.Change{Kind: registry.ChangePut, Entry: second, Index: 8}}),
			decide{entry: second})
		s.expect(t, "the verdict on the first value", s.tell(entryRejected{key: key, index: 7, fault: fault}),
			ensureChild{id: "a"})
		s.expect(t, "the next entry's start", s.tell(entryStarted{key: key, entry: s.played}), decide{entry: second})
		s.expect(t, "the verdict on the second value", s.tell(entryRejected{key: key, index: 8, fault: fault}))
		s.expect(t, "the start after a backoff", s.tell(entryStarted{key: key, entry: s.played}))
		time.Sleep(2 * time.Second)
		s.expect(t, "the time for a re-read", s.received(), rereadKey{key: key})
		s.expect(t, "the same value read again", s.tell(keyReread{key: key, entry: second}))
		third := registry.Entry{Key: key, Value: "[]", Index: 9}
		s.expect(t, "another value read", s.tell(keyReread{key: key, entry: third}), decide{entry: third})
	})
}

// slowSource answers List when the test says so, whatever the context.
type slowSource struct {
	registry.Source
	calls chan chan registry.Listing
}

func (s slowSource) List(context.Context, string) (registry.Listing, error) {
	answer := make(chan registry.Listing)
	s.calls <- answer
	return <-answer, nil
}

func (s slowSource) Next(ctx context.Context, _ string, _ registry.Index) (registry.Change, error) {
	<-ctx.Done()
	return registry.Change{}, ctx.Err()
}

func TestReaderDropsTheAnswerOfAnAbandonedCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := slowSource{calls: make(chan chan registry.Listing, 2)}
		s := newScene(t, func(s *scene) behaviour {
			return newReader(s.kernel, source, s.service, registry.CursorConfig{})
		})
		defer s.stop()
		s.tell(resync{})
		s.tell(resync{})
		first, second := <-source.calls, <-source.calls
		second <- registry.Listing{Index: 9}
		synctest.Wait()
		first <- registry.Listing{Index: 5}
		synctest.Wait()
		if len(s.got) != 1 {
			t.Fatalf("listings delivered: got %d, want 1", len(s.got))
		}
		if got, ok := (<-s.got).(directoryListed); !ok || got.listing.Index != 9 {
			t.Errorf("listing delivered: got %+v, want the one at 9", got)
		}
	})
}

// TestWatcherThatIsLostKeepsTheLastGoodValues stops the watcher behind its
// supervisor's back while a key is bad.
func TestWatcherThatIsLostKeepsTheLastGoodValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &listSource{listing: registry.Listing{Entries: []registry.Entry{record(t, "a"), record(t, "b")}, Index: 7}}
		r, err := New(Config{Source: source})
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		if err := r.Watch("api"); err != nil {
			t.Fatalf("Watch: got %v, want no error", err)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		synctest.Wait()
		source.set(registry.Listing{
			Entries: []registry.Entry{{Key: "/services/api/a", Index: 8}, record(t, "b")}, Index: 8,
		})
		s := r.byName["api"]
		s.reader.Load().post(resync{})
		synctest.Wait()
		before := s.watcher.Load()
		before.order(orderPerish)
		time.Sleep(time.Minute)
		if s.watcher.Load() == before {
			t.Fatal("the watcher: got the same incarnation, want another")
		}
		snapshot := r.Snapshot("api")
		if snapshot.Len() != 2 || len(snapshot.Quarantined) != 1 {
			t.Errorf("after the watcher was lost: got %d instances, %d quarantined, want 2 and 1", snapshot.Len(), len(snapshot.Quarantined))
		}
		if gets := source.gets.Load(); gets < 3 || gets > 12 {
			t.Errorf("re-reads of one bad key in a minute: got %d, want a handful, fewer and fewer", gets)
		}
		if err := r.Stop(context.Background()); err != nil {
			t.Errorf("Stop: got %v, want no error", err)
		}
	})
}
