package page

import (
	"context"
	"reflect"
	"sync"
	"time"
)

// Recorder turns what is seen into frames of a feed, all the time, whether
// somebody looks or not. Safe for concurrent use.
type Recorder struct {
	feed *Feed

	mu   sync.Mutex
	fold *Fold // of the act that runs; nil before the first
	act  ActEvent
	last Frame // as published, to tell whether anything has changed
	told time.Time
}

// NewRecorder prepares a recorder; Begin starts an act.
func NewRecorder(feed *Feed) *Recorder { return &Recorder{feed: feed} }

// Begin starts an act; what is seen from now on belongs to it.
func (r *Recorder) Begin(cfg FoldConfig, act Act) {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := cfg.Start.UnixMilli()
	act.Start = &start
	r.fold, r.act, r.last, r.told = NewFold(cfg), ActEvent{Index: cfg.Act, Act: act}, Frame{}, time.Time{}
	r.feed.PublishAct(r.act)
	r.publish(cfg.Start)
}

// Observe takes in what was seen. It does not block.
func (r *Recorder) Observe(o Observation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	over, ends := o.(ActOver)
	if r.fold == nil || ends && r.act.End != nil {
		return
	}
	r.fold.Apply(o)
	if ends {
		end := over.At.UnixMilli()
		r.act.End = &end
		r.feed.PublishAct(r.act)
		r.publish(over.At)
	}
}

// Cut notes when the act's write was cut: the moment at which acts are laid on one
// another.
func (r *Recorder) Cut(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fold != nil && r.act.Cut == nil {
		cut := at.UnixMilli()
		r.act.Cut = &cut
		r.feed.PublishAct(r.act)
	}
}

// Run makes frames until ctx ends.
func (r *Recorder) Run(ctx context.Context) {
	tick := time.NewTicker(FramePeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-tick.C:
			r.mu.Lock()
			if r.fold != nil {
				r.publish(at)
			}
			r.mu.Unlock()
		}
	}
}

// publish makes a frame, unless nothing has changed lately. It needs the lock.
func (r *Recorder) publish(at time.Time) {
	frame := r.fold.Frame(at)
	frame.Whole = r.told.IsZero()
	if !frame.Whole && at.Sub(r.told) < idlePeriod && same(frame, r.last) {
		return
	}
	r.last, r.told = frame, at
	r.feed.PublishFrame(frame)
}

// same says that a frame tells nothing but the time.
func same(a, b Frame) bool {
	if len(a.Nodes) > 0 || len(a.Flags) > 0 || len(a.Registry.Bad) != len(b.Registry.Bad) {
		return false
	}
	for i := range a.Registry.Bad {
		if a.Registry.Bad[i].Key != b.Registry.Bad[i].Key {
			return false
		}
	}
	a.T, a.Whole, a.Nodes, a.Flags, a.Registry.Bad = b.T, b.Whole, b.Nodes, b.Flags, b.Registry.Bad
	return reflect.DeepEqual(a, b)
}

// Key is a key's history in the act that runs.
func (r *Recorder) Key(key string) (KeyDetail, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fold != nil {
		if d, known := r.fold.Key(key); known {
			return d, nil
		}
	}
	return KeyDetail{}, ErrUnknown
}

// Incident is an incident of the act that runs.
func (r *Recorder) Incident(id string) (IncidentDetail, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fold != nil {
		if d, known := r.fold.Incident(id); known {
			return d, nil
		}
	}
	return IncidentDetail{}, ErrUnknown
}

// Rest ends what is seen of an act: nothing more counts until the next one begins.
func (r *Recorder) Rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fold = nil
}
