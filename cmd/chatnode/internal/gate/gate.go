package gate

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

// reportEvery is how often a measured ramp hears what was measured.
const reportEvery = 500 * time.Millisecond

// Config describes a Gate. The zero value is usable, and lets everybody through.
type Config struct {
	Admission admission.Config
	// Log gets a line whenever the rate is ordered or falls, and one at debug when it climbs. The zero value writes
	// nothing.
	Log zerolog.Logger
}

// Request is what somebody wants.
type Request struct {
	Lane admission.Lane
	// Token and Shard say in which bucket an Identify is; without a token it is in none.
	Token string
	Shard uint64
}

// Refused is the error of a request that was refused.
type Refused struct {
	Reason admission.Reason
	// RetryAfter is when it is worth trying again.
	RetryAfter time.Duration
}

// Error implements error.
func (r *Refused) Error() string {
	return fmt.Sprintf("gate: refused: %v, try again in %v", r.Reason, r.RetryAfter.Round(time.Millisecond))
}

// Gate lets goroutines go on one after the other. Build it with New.
type Gate struct {
	log      zerolog.Logger
	limit    int
	patience time.Duration
	origin   time.Time
	seed     maphash.Seed

	mu         sync.Mutex // owns everything below
	controller *admission.Controller
	meter      admission.Meter
	waiting    map[uint64]chan<- admission.Step
	ids        uint64
	timer      *time.Timer // for the controller's next tick; nil until there is one
	changed    change
}

// change is the last one of the rate.
type change struct {
	at    time.Time
	cause admission.Cause
}

// New builds a gate. It starts nothing.
func New(cfg Config) (*Gate, error) {
	controller, err := admission.New(cfg.Admission, rand.Float64, 0)
	if err != nil {
		return nil, err
	}
	filled := cfg.Admission.Filled()
	now := time.Now()
	return &Gate{
		log: cfg.Log, limit: filled.MaxInFlight, patience: filled.Patience, origin: now, seed: maphash.MakeSeed(), controller: controller,
		waiting: map[uint64]chan<- admission.Step{}, changed: change{at: now},
	}, nil
}

// Patience is how long a request may wait.
func (g *Gate) Patience() time.Duration { return g.patience }

// Run measures until ctx ends. Without it a measured ramp stays where it began. It always returns nil.
func (g *Gate) Run(ctx context.Context) error {
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			g.measure()
		}
	}
}

func (g *Gate) measure() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.step(admission.Event{Kind: admission.EventReport, Report: g.meter.Report(g.now(), g.limit)})
}

// SetRamp changes how fast requests are granted.
func (g *Gate) SetRamp(r admission.Ramp) error {
	if err := (admission.Config{Ramp: r}).Validate(); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.step(admission.Event{Kind: admission.EventSetRamp, Ramp: r})
	return nil
}

// Knock asks for a connection of which nothing is known yet. Where it is let in, Settled has to follow; else it says when
// to come back.
func (g *Gate) Knock() (retryAfter time.Duration, open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.step(admission.Event{Kind: admission.EventKnock})
}

// Settled says that a connection that was let in has said what it wants, or has gone.
func (g *Gate) Settled() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.step(admission.Event{Kind: admission.EventSettled})
}

// Enter waits until the request is granted. The pass has to be given back. The error is a *[Refused], or that of the
// context.
func (g *Gate) Enter(ctx context.Context, r Request) (*Pass, error) {
	id, answer := g.arrive(r)
	select {
	case s := <-answer:
		if s.Kind == admission.StepRefuse {
			return nil, &Refused{s.Reason, s.RetryAfter}
		}
		return g.begin(id, r.Lane), nil
	case <-ctx.Done():
		g.leave(id)
		return nil, fmt.Errorf("gate: waiting for a turn: %w", ctx.Err())
	}
}

func (g *Gate) arrive(r Request) (uint64, <-chan admission.Step) {
	client := uint64(0)
	if r.Token != "" {
		client = max(1, maphash.String(g.seed, r.Token))
	}
	answer := make(chan admission.Step, 1) // so that no answer waits for its reader
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ids++
	id := g.ids
	g.waiting[id] = answer
	g.step(admission.Event{Kind: admission.EventArrive, ID: id, Lane: r.Lane, Client: client, Shard: r.Shard})
	return id, answer
}

// leave gives up on an answer that nobody waits for; it may have come already.
func (g *Gate) leave(id uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.waiting, id)
	g.step(admission.Event{Kind: admission.EventLeave, ID: id})
}

// Pass is the leave to go on.
type Pass struct {
	gate    *Gate
	id      uint64
	began   time.Duration
	metered bool
}

// begin makes a pass. What is resumed loads nothing, so it says nothing about capacity.
func (g *Gate) begin(id uint64, lane admission.Lane) *Pass {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := &Pass{gate: g, id: id, began: g.now(), metered: lane != admission.Resume}
	if p.metered {
		g.meter.Began()
	}
	return p
}

// End gives the pass back, once. failed says that the work was turned away, or not done in time, for want of capacity;
// what failed for any other reason has been done.
func (p *Pass) End(failed bool) {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.metered {
		g.meter.Ended(g.now()-p.began, failed)
	}
	g.step(admission.Event{Kind: admission.EventDone, ID: p.id})
}

func (g *Gate) now() time.Duration { return time.Since(g.origin) }

func (g *Gate) tick() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.step(admission.Event{Kind: admission.EventTick})
}

// step feeds one event to the controller, answers those who wait, and sets the timer. It returns the answer to a knock.
// It needs the lock.
func (g *Gate) step(ev admission.Event) (retryAfter time.Duration, open bool) {
	for _, s := range g.controller.Step(g.now(), ev) {
		switch s.Kind {
		case admission.StepOpen:
			open = true
		case admission.StepRate:
			g.tell(s)
		case admission.StepGrant, admission.StepRefuse:
			if s.ID == 0 {
				retryAfter = s.RetryAfter
			} else if answer := g.waiting[s.ID]; answer != nil {
				delete(g.waiting, s.ID)
				answer <- s
			}
		}
	}
	if at, due := g.controller.Next(); due {
		g.arm(at)
	}
	return retryAfter, open
}

// arm sets the timer. One that rings in vain costs a step.
func (g *Gate) arm(at time.Duration) {
	delay := max(at-g.now(), 0)
	if g.timer == nil {
		g.timer = time.AfterFunc(delay, g.tick)
		return
	}
	g.timer.Reset(delay)
}

func (g *Gate) tell(s admission.Step) {
	g.changed = change{time.Now(), s.Cause}
	level := zerolog.InfoLevel
	if s.Cause == admission.Climbed {
		level = zerolog.DebugLevel
	}
	g.log.WithLevel(level).Float64("rate", s.Rate).Stringer("cause", s.Cause).Stringer("ramp", g.controller.Ramp()).Msg("admission rate changed")
}
