package store

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
)

const (
	// rowsATurn is how many rows one worker reads in one turn: tens of microseconds.
	rowsATurn = 64
	// maxHolders is how many may pause the repairs at once, maxHolderBytes how long
	// their names and reasons may be.
	maxHolders, maxHolderBytes = 16, 200
	// maxFaultLines is how many faults of a pass are logged each; more are counted.
	maxFaultLines = 10
)

// RepairState is what the repairs are doing.
type RepairState string

// The states of repairs.
const (
	RepairsOff     RepairState = "off"
	RepairsRunning RepairState = "running"
	RepairsPaused  RepairState = "paused"
	RepairsWaiting RepairState = "waiting" // for the store to serve, or the time of the next pass
	RepairsStopped RepairState = "stopped" // with the store
)

// Hold is somebody who pauses the repairs.
type Hold struct {
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"`
	// Until is when it ends by itself; zero for never.
	Until time.Time `json:"until,omitzero"`
}

// RepairStatus is where the repairs stand.
type RepairStatus struct {
	State RepairState `json:"state"`
	// Share is the part of the store's workers that a running pass takes, Workers
	// how many that are.
	Share   float64 `json:"share"`
	Workers int     `json:"workers"`
	// HeldBy are those who pause them.
	HeldBy []Hold `json:"held_by,omitempty"`
	// Progress is how much of the pass is done, 0 to 1, by the size of the last one;
	// in the first by how many of the buckets.
	Progress float64 `json:"progress"`
	// Pass is under way; LastPass came to its end. Passes counts those.
	Pass     *Pass  `json:"pass,omitempty"`
	LastPass *Pass  `json:"last_pass,omitempty"`
	Passes   uint64 `json:"passes"`
	// Rows were read, Found of them damaged, Repaired of those written anew, over
	// all passes since the start.
	Rows     uint64 `json:"rows_total"`
	Found    uint64 `json:"found_total"`
	Repaired uint64 `json:"repaired_total"`
}

// Repairs is the background job that reads the whole database again and again,
// says what is damaged, and mends what follows from what is right. It takes a
// share of the store's workers while it runs. All methods may be called from any
// goroutine.
type Repairs struct {
	lane    *work.Lane
	share   float64
	workers int           // that a pass takes
	service time.Duration // of one turn; 0: as long as it takes
	every   time.Duration // from the end of a pass to the next
	log     zerolog.Logger
	wake    chan struct{} // has room for one: look again

	mu    sync.Mutex
	state RepairState
	holds map[string]Hold
	scan  *scan // nil between passes; its owner is run, which changes it under mu
	last  *Pass
	total RepairStatus // the counts
}

func newRepairs(cfg Config, lane *work.Lane) *Repairs {
	r := &Repairs{
		lane: lane, share: cfg.RepairShare, service: cfg.Service, every: cfg.RepairEvery, log: cfg.Log,
		wake: make(chan struct{}, 1), state: RepairsOff, holds: make(map[string]Hold),
	}
	if r.share > 0 {
		r.workers = max(1, int(math.Round(r.share*float64(cfg.InFlight))))
		r.state = RepairsWaiting // for the store
	}
	return r
}

// Pause stops the repairs until the same holder resumes them, or for so long; 0
// means without an end. A turn that is under way, some milliseconds, is finished.
// Whoever holds already changes the reason and the time.
func (r *Repairs) Pause(by, reason string, lasting time.Duration) error {
	switch {
	case by == "" || len(by) > maxHolderBytes || len(reason) > maxHolderBytes:
		return fmt.Errorf("store: who pauses the repairs, and why: want 1 to %d bytes each", maxHolderBytes)
	case lasting < 0:
		return fmt.Errorf("store: a pause of %v: want more than 0, or 0 for one without an end", lasting)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.expire(now)
	held, again := r.holds[by]
	if !again && len(r.holds) >= maxHolders {
		return fmt.Errorf("store: %d hold the repairs already", maxHolders)
	}
	hold := Hold{By: by, Reason: reason, Since: now}
	if again {
		hold.Since = held.Since
	}
	if lasting > 0 {
		hold.Until = now.Add(lasting)
	}
	r.holds[by] = hold
	r.look()
	r.log.Info().Str("by", by).Str("reason", reason).Dur("for", lasting).Msg("repairs are paused")
	return nil
}

// Resume ends the pause of one holder, or of all with "". The repairs go on where
// they were once nobody holds them any more.
func (r *Repairs) Resume(by string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, held := r.holds[by]; !held && by != "" {
		return
	}
	delete(r.holds, by)
	if by == "" {
		clear(r.holds)
	}
	r.look()
	r.log.Info().Str("by", by).Int("still_held_by", len(r.holds)).Msg("repairs are released")
}

// Status says where the repairs stand.
func (r *Repairs) Status() RepairStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(time.Now())
	s := r.total
	s.State, s.Share, s.Workers = r.state, r.share, r.workers
	if len(r.holds) > 0 && s.State != RepairsOff && s.State != RepairsStopped {
		s.State = RepairsPaused
	}
	for _, by := range slices.Sorted(maps.Keys(r.holds)) {
		s.HeldBy = append(s.HeldBy, r.holds[by])
	}
	if r.last != nil {
		last := r.last.copied()
		s.LastPass = &last
	}
	if r.scan != nil {
		pass := r.scan.pass.copied()
		s.Pass = &pass
		s.Progress = float64(r.scan.at) / float64(len(r.scan.sections))
		if r.last != nil {
			s.Progress = min(1, float64(pass.Rows)/float64(max(r.last.Rows, 1)))
		}
	}
	return s
}

// look tells run that something has changed.
func (r *Repairs) look() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// expire ends the pauses whose time is over, and says when the next one ends. The
// caller holds the mutex.
func (r *Repairs) expire(now time.Time) (next time.Time) {
	for by, hold := range r.holds {
		switch {
		case hold.Until.IsZero():
		case !now.Before(hold.Until):
			delete(r.holds, by)
			r.log.Warn().Str("by", by).Msg("repairs: a pause was not ended by who began it: its time is over")
		case next.IsZero() || hold.Until.Before(next):
			next = hold.Until
		}
	}
	return next
}

// run repairs until ctx ends.
func (r *Repairs) run(ctx context.Context, db *database) {
	if r.share == 0 {
		return
	}
	defer r.lane.SetAside(0)
	defer r.become(RepairsStopped)
	var due time.Time // of the next pass
	for ctx.Err() == nil {
		wait, held := r.held(time.Now(), due)
		if held {
			r.lane.SetAside(0)
			r.sleep(ctx, wait)
			continue
		}
		r.lane.SetAside(r.workers)
		began := time.Now()
		if r.turn(ctx, db) {
			due = time.Now().Add(r.every)
		}
		if rest := r.rest(time.Since(began)); rest > 0 {
			r.sleep(ctx, rest)
		}
	}
}

// held says that no turn may begin now, and for how long at least; 0 for until
// somebody says so.
func (r *Repairs) held(now, due time.Time) (wait time.Duration, held bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.expire(now)
	if len(r.holds) > 0 {
		r.state = RepairsPaused
		if !next.IsZero() {
			wait = next.Sub(now)
		}
		return wait, true
	}
	if r.scan == nil && now.Before(due) {
		r.state = RepairsWaiting
		return due.Sub(now), true
	}
	r.state = RepairsRunning
	if r.scan == nil {
		r.scan = newScan(now)
	}
	return 0, false
}

// turn reads what the workers read in one service time, mends what can be mended,
// and says whether that was the end of the pass.
func (r *Repairs) turn(ctx context.Context, db *database) (ended bool) {
	// The scan is read by Status meanwhile, so it is a copy that goes on.
	next := *r.scan
	next.pass = next.pass.copied()
	next.after = slices.Clone(next.after)
	faults := next.step(db, rowsATurn*r.workers)
	for _, f := range faults {
		repaired := r.mend(ctx, db, f)
		next.note(f, repaired, time.Now())
		if next.pass.Found <= maxFaultLines {
			r.log.Error().Str("bucket", f.bucket).Str("row", f.key).Str("fault", f.err.Error()).Bool("repaired", repaired).Msg("repairs found a damaged row")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total.Rows += next.pass.Rows - r.scan.pass.Rows
	r.total.Found += next.pass.Found - r.scan.pass.Found
	r.total.Repaired += next.pass.Repaired - r.scan.pass.Repaired
	r.scan = &next
	if !next.done() {
		return false
	}
	next.pass.Ended = time.Now()
	r.last, r.scan = &next.pass, nil
	r.total.Passes++
	r.log.Info().Uint64("rows", next.pass.Rows).Uint64("found", next.pass.Found).Uint64("repaired", next.pass.Repaired).
		Dur("took", next.pass.Ended.Sub(next.pass.Began)).Msg("repairs have read everything")
	return true
}

// mend writes what a damaged row should be, where that follows from other rows. It
// looks again in the transaction that writes.
func (r *Repairs) mend(ctx context.Context, db *database, f fault) bool {
	mend := f.mending()
	if mend == nil {
		return false
	}
	if err := db.update(ctx, mend); err != nil {
		r.log.Error().Err(err).Str("bucket", f.bucket).Str("row", f.key).Msg("a damaged row could not be repaired")
		return false
	}
	return true
}

// rest is how long the repairs do nothing after a turn: what is left of the
// workers' service time or, where that is the processor's, as much as leaves the
// rest of it to others.
func (r *Repairs) rest(took time.Duration) time.Duration {
	if r.service > 0 {
		return r.service - took
	}
	return time.Duration(float64(took) * (1 - r.share) / r.share)
}

// sleep waits for so long, or without an end for 0, or until it is woken.
func (r *Repairs) sleep(ctx context.Context, d time.Duration) {
	var due <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-due:
	}
}

func (r *Repairs) become(state RepairState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = state
}
