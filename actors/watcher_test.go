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
	k := newKernel(quietSystem(), "scene/", 0, nil)
	s := &scene{
		kernel:  k,
		service: newService(k, "/services/api/", Directory{Service: "api"}),
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

// slowSource answers when the test says so, whatever the context.
type slowSource struct {
	registry.Source
	lists chan chan registry.Listing
	nexts chan chan registry.Change
}

func newSlowSource() slowSource {
	return slowSource{lists: make(chan chan registry.Listing, 8), nexts: make(chan chan registry.Change, 8)}
}

func (s slowSource) List(context.Context, string) (registry.Listing, error) {
	answer := make(chan registry.Listing)
	s.lists <- answer
	return <-answer, nil
}

func (s slowSource) Next(context.Context, string, registry.Index) (registry.Change, error) {
	answer := make(chan registry.Change)
	s.nexts <- answer
	return <-answer, nil
}

// TestReaderDropsTheAnswerOfAnAbandonedCall: a watch that was left for a listing
// comes back with a change from before it.
func TestReaderDropsTheAnswerOfAnAbandonedCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newSlowSource()
		s := newScene(t, func(s *scene) behaviour {
			return newReader(s.kernel, source, s.service, registry.CursorConfig{})
		})
		defer s.stop()
		s.tell(resync{})
		<-source.lists <- registry.Listing{Index: 5}
		first := <-source.nexts
		s.tell(resync{})
		<-source.lists <- registry.Listing{Index: 9}
		second := <-source.nexts
		s.received()
		first <- registry.Change{Kind: registry.ChangePut, Index: 6}
		second <- registry.Change{Kind: registry.ChangePut, Index: 10}
		third := <-source.nexts
		if got := changesIn(s.received()); len(got) != 1 || got[0].Index != 10 {
			t.Errorf("delivered: got %+v, want the change at 10 alone", got)
		}
		s.tested.stop()
		third <- registry.Change{}
	})
}

// TestReaderListsOnceAtATime: whoever asks for a listing while there is one under
// way gets that one, also where a registry takes longer than askers wait.
func TestReaderListsOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newSlowSource()
		s := newScene(t, func(s *scene) behaviour {
			return newReader(s.kernel, source, s.service, registry.CursorConfig{})
		})
		defer s.stop()
		for range 5 {
			s.tell(resync{})
			time.Sleep(time.Second)
		}
		if len(source.lists) != 1 {
			t.Fatalf("listings under way after five requests: got %d, want 1", len(source.lists))
		}
		<-source.lists <- registry.Listing{Index: 9}
		next := <-source.nexts
		if got := s.received(); len(got) != 1 {
			t.Errorf("delivered: got %+v, want the one listing", got)
		}
		s.tell(resync{})
		if len(source.lists) != 1 {
			t.Fatalf("listings under way after another request: got %d, want 1", len(source.lists))
		}
		next <- registry.Change{}
		<-source.lists <- registry.Listing{Index: 10}
		last := <-source.nexts
		s.tested.stop()
		last <- registry.Change{}
	})
}

// nap keeps a behaviour from its turns for so long, as a machine that sleeps does.
type nap struct{ long time.Duration }

type napping struct{ behaviour }

func (n napping) receive(message any) error {
	if m, sleeps := message.(nap); sleeps {
		time.Sleep(m.long)
		return nil
	}
	return n.behaviour.receive(message)
}

// TestMachineThatSlept: what a view missed is no evidence against anybody, and a
// listing makes up for it.
func TestMachineThatSlept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, func(s *scene) behaviour {
			return napping{newWatcher(s.kernel, s.service, watching{prober: TCPProber{}})}
		})
		defer s.stop()
		events, _ := s.kernel.events.subscribe(64)
		s.tell(directoryListed{listing: registry.Listing{Index: 7}})
		s.tell(nap{time.Minute})
		time.Sleep(time.Minute)
		s.expect(t, "after a minute of sleep", s.received(), resync{})
		var slept []Event
		for len(events) > 0 {
			if e := <-events; e.Kind == EventSlept || e.Kind == EventSourceStale {
				slept = append(slept, e)
			}
		}
		if len(slept) != 1 || slept[0].Kind != EventSlept || slept[0].AgeMS < 50_000 || slept[0].AgeMS > 60_000 {
			t.Errorf("events: got %+v, want one of a minute's sleep, and no silence of the registry", slept)
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
