package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tickInterval is how often what is due by time is looked for.
	tickInterval = 100 * time.Millisecond
	// drainLimit is how long the end waits for what became of the last messages.
	drainLimit = deliveryLimit + 2*lookInterval
	// lastWords is how long the messages under way may take once the load ends.
	lastWords = time.Second
	// runBytes is how much of a random text tells runs apart.
	runBytes = 8
)

// Load is the crowd of users. Build it with New.
type Load struct {
	cfg       Config
	gateways  []string // with path and query
	run       string   // what tells this load's messages from another's
	users     []*user
	web       *http.Client
	dials     chan struct{} // a token for every dial in flight
	inflaters *inflaters
	tally     *tally
	ledger    *ledger
	connects  *stopwatch
	resumes   *stopwatch
	acks      *stopwatch
	sender    *sender // nil where nobody writes
	ran       atomic.Bool
	remained  atomic.Int64 // users that were connected when the load began to end
}

// New prepares the users. It starts nothing.
func New(cfg Config) (*Load, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	now := time.Now()
	l := &Load{
		cfg: cfg, run: rand.Text()[:runBytes],
		// Of its own, so that no proxy of the environment comes between, and no user waits for another's connection.
		web:       &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		dials:     make(chan struct{}, cfg.MaxDials),
		inflaters: newInflaters(),
		tally:     newTally(cfg.Users, now),
		ledger:    newLedger(cfg.Users, now),
		connects:  newStopwatch(), resumes: newStopwatch(), acks: newStopwatch(),
	}
	for _, gateway := range cfg.Gateways {
		complete, err := address(gateway, cfg.Compress)
		if err != nil {
			return nil, err
		}
		l.gateways = append(l.gateways, complete)
	}
	for n := range cfg.Users {
		token := cfg.Token(n)
		payload := encodeIdentify(token, cfg.Compress == CompressPayload)
		if payload == nil {
			return nil, fmt.Errorf("load: token of user %d is not text in UTF-8", n)
		}
		l.users = append(l.users, newUser(n, cfg.Seed, token, payload))
	}
	if cfg.Messages > 0 {
		l.sender = &sender{
			api: newAPI(cfg.REST), ledger: l.ledger, token: l.token, run: l.run, rate: cfg.Messages,
			random: mathrand.New(mathrand.NewPCG(cfg.Seed, uint64(cfg.Users))), ack: l.acks,
		}
	}
	return l, nil
}

func (l *Load) token(user int) string { return l.users[user].token }

// Run keeps the users connected until ctx ends, or the configured time is over, then closes their sessions and waits for
// them. It returns nil after such an end.
func (l *Load) Run(ctx context.Context) error {
	if l.ran.Swap(true) {
		return errors.New("load: Run was called twice: build a new Load")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	writing, silence := context.WithCancel(ctx)
	defer silence()
	calls, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastWords, cut) })()
	var tasks sync.WaitGroup
	for _, u := range l.users {
		tasks.Go(func() { l.keepUp(ctx, u) })
	}
	if l.sender != nil {
		tasks.Go(func() { l.sender.send(writing, calls) })
	}
	l.watch(ctx, silence)
	l.remained.Store(int64(l.Stats().Connected))
	stop()
	tasks.Wait()
	l.web.CloseIdleConnections()
	if l.sender != nil {
		l.sender.api.close()
	}
	return nil
}

// watch does what is due by time, until ctx ends or the load's own time is over and it is known what became of its messages.
func (l *Load) watch(ctx context.Context, silence func()) {
	tick := time.NewTicker(tickInterval)
	defer tick.Stop()
	begin := time.Now()
	var silentSince time.Time
	p := progress{begin: begin}
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			l.ledger.do(func(now time.Time, w *world) { w.tick(now) })
			l.report(&p, now)
			if l.cfg.Duration == 0 || now.Sub(begin) < l.cfg.Duration {
				continue
			}
			if silentSince.IsZero() {
				silentSince = now
				silence()
			}
			if s := l.Stats(); now.Sub(silentSince) >= drainLimit || s.settled() {
				return
			}
		}
	}
}

// settled says whether it is known what became of every message.
func (s Stats) settled() bool {
	return s.OldestOpen == nil && s.MessagesSent == s.MessagesAcked+s.MessagesFailed
}

// Stats returns the counters as they are now.
func (l *Load) Stats() Stats {
	s, _ := l.tally.read(time.Now())
	l.ledger.fill(&s)
	s.ConnectLatency, s.ResumeLatency, s.AckLatency = l.connects.read(), l.resumes.read(), l.acks.read()
	return s
}

// Report returns what Run has shown, after it, and with the answer of Check, if that was asked.
func (l *Load) Report(took time.Duration, read *Check) Report {
	s := l.Stats()
	s.Connected = int(l.remained.Load())
	report := Report{Stats: s, Seconds: took.Seconds(), Read: read}
	if l.sender != nil {
		if err := l.sender.trouble(); err != nil {
			report.Trouble = err.Error()
		}
	}
	return report
}

// Acked returns the messages that were acknowledged, the last million of them.
func (l *Load) Acked() []Acked { return l.ledger.acked() }

// Check reads the acknowledged messages back. It may be called after Run.
func (l *Load) Check(ctx context.Context) Check {
	r := NewReader(l.cfg.REST, l.token)
	defer r.Close()
	return r.Check(ctx, l.Acked())
}
