package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// How many announcements are made in each of the three modes, unless the environment
// says it; and where the seed comes from, which is printed when a run fails.
const (
	announcements    = 667
	announcementsVar = "FIREBREAK_ANNOUNCEMENTS"
	seedVar          = "FIREBREAK_SEED"

	// perRuntime keeps within the retries that one process may make at once.
	perRuntime = 8
	workers    = 16
	// The longest record leaves room for the word that it drains.
	shortest, longest = 50, 64<<10 - 100
)

// TestAnnouncements: whatever byte a connection is cut at, in whatever mode etcd
// runs, an announcer finds what came of it by its first look, and repairs it by its
// next write; nothing is there without a TTL, and nothing of anybody else's is
// written over.
func TestAnnouncements(t *testing.T) {
	count, seed := fromEnvironment(t, announcementsVar, announcements), fromEnvironment(t, seedVar, int(time.Now().UnixNano()&math.MaxInt32))
	if testing.Short() {
		count = min(count, 100)
	}
	for i, mode := range []string{"plain", "incident", "guard"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := startLogging(t, mode, "info")
			a := &assembly{t: t, cutter: newCutter(t, s.addr), etcd: s.url(), mode: mode, system: quiet()}
			a.run(count, uint64(seed), uint64(i))
			if t.Failed() {
				t.Logf("again: %s=%d %s=%d go test -run TestAnnouncements ./tests/etcd", seedVar, seed, announcementsVar, count)
			}
			a.judge(count)
		})
	}
}

// quiet is an actor system without a log of its own, for all runtimes of a mode: it
// is the most costly part of one.
func quiet() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
}

func fromEnvironment(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("%s: got %q, want a number", name, text)
	}
	return n
}

// assembly is all announcements on one etcd.
type assembly struct {
	t      *testing.T
	cutter *cutter
	etcd   string
	mode   string
	system *actor.ActorSystem

	cut, torn, foreign, bodies atomic.Int64
}

func (a *assembly) run(count int, seed, stream uint64) {
	batches := make(chan int)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for first := range batches {
				random := rand.New(rand.NewPCG(seed, stream<<32|uint64(first)))
				if err := a.batch(random, first, min(perRuntime, count-first)); err != nil {
					a.t.Errorf("announcements %d to %d: %v", first, first+perRuntime-1, err)
				}
			}
		})
	}
	for first := 0; first < count && !a.t.Failed(); first += perRuntime {
		batches <- first
	}
	close(batches)
	wait.Wait()
}

// judge sees to it that the run was about something.
func (a *assembly) judge(count int) {
	a.t.Logf("mode %s: %d announcements, %d cut, %d with a form, %d found undecodable, %d keys of others",
		a.mode, count, a.cut.Load(), a.bodies.Load(), a.torn.Load(), a.foreign.Load())
	if cut := a.cut.Load(); cut < int64(count)*6/10 || a.bodies.Load() < int64(count)/10 {
		a.t.Errorf("cuts: got %d and %d with a form of %d, want most of them", cut, a.bodies.Load(), count)
	}
	if torn := a.torn.Load(); (torn > 0) != (a.mode == "incident") {
		a.t.Errorf("records torn: got %d in mode %s, want some in mode incident alone", torn, a.mode)
	}
}

// before is what a key holds when an announcer comes.
type before int

const (
	nothing before = iota
	foreign        // somebody else's record
	earlier        // that of our predecessor
	remains        // a torn one, without a TTL
)

type subject struct {
	instance registry.Instance
	before   before
	was      holding
}

// batch announces some instances by one runtime, and withdraws them.
func (a *assembly) batch(random *rand.Rand, first, count int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	etcd, err := etcdv2.New(etcdv2.Config{Endpoints: []string{"http://" + a.cutter.listener.Addr().String()}, Timeout: limit})
	if err != nil {
		return err
	}
	defer etcd.Close()
	runtime, err := actors.New(actors.Config{Source: etcd, Writer: etcd, Mute: true, Seed: random.Uint64(), System: a.system})
	if err != nil {
		return err
	}
	subjects := make([]*subject, 0, count)
	for i := range count {
		s, err := a.prepare(ctx, random, first+i)
		if err != nil {
			return err
		}
		subjects = append(subjects, s)
		err = runtime.AnnounceWith(actors.Announcement{Instance: s.instance, Lease: registry.LeaseConfig{
			RetryBase: 4 * time.Millisecond, RetryCap: 40 * time.Millisecond, Drain: 5 * time.Millisecond,
		}})
		if err != nil {
			return err
		}
	}
	events, end := runtime.Subscribe(1 << 10)
	defer end()
	if err := runtime.Start(ctx); err != nil {
		return err
	}
	err = errors.Join(await(ctx, events, subjects), a.inspect(subjects))
	return errors.Join(err, runtime.Stop(ctx), a.bury(subjects))
}

// prepare draws an instance, what its key holds, and where its connection is cut.
func (a *assembly) prepare(ctx context.Context, random *rand.Rand, number int) (*subject, error) {
	s := &subject{instance: drawn(random, number)}
	id := s.instance.ID
	switch draw := random.IntN(20); {
	case draw < 2:
		s.before = foreign
		a.foreign.Add(1)
	case draw < 4:
		s.before = earlier
	case draw < 5:
		s.before = remains
	}
	if s.before != nothing {
		if err := a.occupy(ctx, s); err != nil {
			return nil, err
		}
	}
	p := plan{nth: 1, place: place(random.IntN(int(placeKind))), random: random.Float64(), reset: random.IntN(4) == 0, was: s.was.Value}
	if random.IntN(2) == 0 {
		p.place = anywhere
	}
	if draw := random.IntN(10); draw >= 7 {
		p.nth = draw - 5 // a repair, a renewal, the word that it drains
	}
	a.cutter.plan(id, p)
	return s, nil
}

// drawn is an instance whose record has a size between the shortest and the longest
// there are, each order of magnitude as often as the next.
func drawn(random *rand.Rand, number int) registry.Instance {
	in := registry.Instance{
		Service: "api", ID: fmt.Sprintf("a%06d", number), Incarnation: strconv.Itoa(number), Host: "10.0.0.7", Port: 50051,
	}
	bare, _ := registry.Encode(in)
	size := int(math.Exp(math.Log(shortest) + random.Float64()*math.Log(float64(longest)/shortest)))
	text := strings.Repeat("0123456789 abcdefghijklmnopqrstuvwxyz%&+=?/:;,.<>{}[]'", 20)
	for left, i := size-len(bare), 0; left > 20 && i < 64; i++ {
		length := min(left-16, 1024)
		if in.Meta == nil {
			in.Meta = make(map[string]string)
		}
		in.Meta[fmt.Sprintf("m%02d", i)] = text[random.IntN(50):][:length]
		left -= length + 16
	}
	return in
}

// occupy writes what is there before the announcer comes.
func (a *assembly) occupy(ctx context.Context, s *subject) error {
	other := registry.Instance{Service: "api", ID: s.instance.ID, Incarnation: "other", Host: "10.0.0.7", Port: 50051}
	form := url.Values{"ttl": {"600"}}
	if s.before == foreign {
		other.Host = "10.9.9.9"
	}
	value, err := registry.Encode(other)
	if err != nil {
		return err
	}
	if form.Set("value", value); s.before == remains {
		form = url.Values{"value": {value[:len(value)/2]}}
	}
	if err := send(ctx, http.MethodPut, a.etcd+"/v2/keys/services/api/"+s.instance.ID, form); err != nil {
		return err
	}
	s.was, err = a.cutter.get(s.instance.ID)
	return err
}

// await waits until each instance is in, or has found somebody else in its place.
func await(ctx context.Context, events <-chan actors.Event, subjects []*subject) error {
	waiting := make(map[string]*subject)
	for _, s := range subjects {
		waiting[directory+s.instance.ID] = s
	}
	for len(waiting) > 0 {
		select {
		case e := <-events:
			s := waiting[e.Key]
			if s != nil && (e.Kind == actors.EventAnnounced || e.Kind == actors.EventLeaseConflict && s.before == foreign) {
				delete(waiting, e.Key)
			}
		case <-ctx.Done():
			return fmt.Errorf("%d of %d are not in: %w", len(waiting), len(subjects), ctx.Err())
		}
	}
	return nil
}

// inspect looks at what is stored now.
func (a *assembly) inspect(subjects []*subject) error {
	var wrong []error
	for _, s := range subjects {
		held, err := a.cutter.get(s.instance.ID)
		switch in, bad := registry.Decode("api", s.instance.ID, held.Value); {
		case err != nil:
			wrong = append(wrong, err)
		case s.before == foreign:
			wrong = append(wrong, s.untouched(held))
		case bad != nil || in.Incarnation != s.instance.Incarnation || len(in.Meta) != len(s.instance.Meta):
			wrong = append(wrong, fmt.Errorf("%s: got %.100q stored (%w), want its record", s.instance.ID, held.Value, bad))
		case held.TTL <= 0 || held.TTL > 61:
			wrong = append(wrong, fmt.Errorf("%s: got a TTL of %d s, want at most 60", s.instance.ID, held.TTL))
		}
	}
	return errors.Join(wrong...)
}

func (s *subject) untouched(held holding) error {
	if held.Value != s.was.Value || held.ModifiedIndex != s.was.ModifiedIndex {
		return fmt.Errorf("%s: got somebody else's record written over, at %d by %.100q", s.instance.ID, held.ModifiedIndex, held.Value)
	}
	return nil
}

// bury looks at what the cut was to each key, and whether its record is out.
func (a *assembly) bury(subjects []*subject) error {
	var wrong []error
	for _, s := range subjects {
		p := a.cutter.outcome(s.instance.ID)
		a.cut.Add(int64(p.cuts))
		if len(s.instance.Meta) > 3 { // beyond what a request line holds
			a.bodies.Add(1)
		}
		if p.bad != (found{}) && s.before != remains {
			a.torn.Add(1)
		}
		// One look finds it, one write mends it, or takes it out.
		if p.bad.looks > 1 || p.bad.writes > 1 {
			p.trouble = append(p.trouble, fmt.Sprintf("undecodable for %d looks and %d writes, want one of each", p.bad.looks, p.bad.writes))
		}
		for _, trouble := range p.trouble {
			wrong = append(wrong, fmt.Errorf("%s, PUT %d cut at %d (%v): %s", s.instance.ID, p.nth, p.place, p.random, trouble))
		}
		held, err := a.cutter.get(s.instance.ID)
		switch {
		case err != nil:
			wrong = append(wrong, err)
		case s.before == foreign:
			wrong = append(wrong, s.untouched(held))
		case held.ModifiedIndex != 0:
			wrong = append(wrong, fmt.Errorf("%s: got %.100q after its withdrawal, want nothing", s.instance.ID, held.Value))
		}
	}
	return errors.Join(wrong...)
}
