package monitor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

const (
	// Shown is how many incidents a view has.
	Shown = 20
	// factBuffer is how many facts of event streams wait; more are dropped.
	factBuffer = 1024
	// maxWebhooks is how many are called.
	maxWebhooks = 16
	// stopLimit bounds the saving of what is left when a Monitor ends.
	stopLimit = 2 * time.Second
	// leastEvery is the shortest time between two rounds.
	leastEvery = 100 * time.Millisecond
)

// Config describes a [Monitor]. Targets is required.
type Config struct {
	// Targets returns whom to watch. It is called before every round, and must not
	// block.
	Targets func() []Target
	// Every is the time between two rounds; 0 means 2 s. Three rounds make a page.
	Every time.Duration
	// Incident tunes the decisions.
	Incident incident.Config
	// Folder keeps the log; empty means that it is kept in memory only.
	Folder string
	// Webhooks are called with every opening, escalation and end, and with Secret as
	// a bearer token if there is one.
	Webhooks []string
	Secret   string
	// Client asks the targets, Outside calls the webhooks; nil means one of its own.
	Client, Outside *http.Client
	// Log gets one line for each thing that people are told.
	Log zerolog.Logger
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if c.Targets == nil {
		errs = append(errs, errors.New("monitor: nobody to watch: set Config.Targets"))
	}
	if c.Every != 0 && (c.Every < leastEvery || c.Every > time.Minute) {
		errs = append(errs, fmt.Errorf("monitor: a round every %v: want %v to 1m", c.Every, leastEvery))
	}
	if len(c.Webhooks) > maxWebhooks {
		errs = append(errs, fmt.Errorf("monitor: %d webhooks: want at most %d", len(c.Webhooks), maxWebhooks))
	}
	for _, w := range c.Webhooks {
		if u, err := url.Parse(w); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			errs = append(errs, errors.New("monitor: a webhook is no http or https URL"))
		}
	}
	return errors.Join(append(errs, c.Incident.Validate())...)
}

// Stats is what a Monitor counts.
type Stats struct {
	// Targets are watched, Dropped ones are over the limit.
	Targets, Dropped int
	// Severity is the open incident's; Incidents counts all.
	Severity  incident.Severity
	Incidents uint64
	// Sent, Failed and Lost count notices to webhooks: taken, given up, and dropped
	// because too many waited. Waiting ones wait now.
	Sent, Failed, Lost uint64
	Waiting            int
	// SaveFailures counts savings of the log that failed, Missed facts that came too
	// fast.
	SaveFailures, Missed uint64
}

// Monitor watches a cluster.
type Monitor struct {
	cfg    Config
	clock  *clock
	log    *incident.Log
	fleet  *incident.Fleet
	prober prober
	keeper *keeper // nil: nothing is kept
	hooks  []*webhook

	facts   chan report
	bad     map[string]bool // who has a key in quarantine
	missed  atomic.Uint64
	follows map[string]context.CancelFunc
	streams sync.WaitGroup
	crowded bool // said that there are too many targets
	unsaved bool

	view  atomic.Pointer[incident.View]
	all   atomic.Pointer[[]incident.Incident]
	stats atomic.Pointer[Stats]
}

// New reads the log. The error is a mistake in the configuration, or a folder that
// cannot be used.
func New(cfg Config) (*Monitor, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Every = cmp.Or(cfg.Every, 2*time.Second)
	log, err := incident.New(cfg.Incident)
	if err != nil {
		return nil, err
	}
	client := cfg.Client
	if client == nil {
		client = &http.Client{Transport: transport()}
	}
	outside := cmp.Or(cfg.Outside, client)
	m := &Monitor{
		cfg: cfg, clock: newClock(), log: log, fleet: incident.NewFleet(), prober: prober{client},
		facts: make(chan report, factBuffer), bad: map[string]bool{}, follows: map[string]context.CancelFunc{},
	}
	if cfg.Folder != "" {
		f := folder{cfg.Folder}
		said, err := f.load(log, m.clock.now())
		if err != nil {
			return nil, fmt.Errorf("monitor: the incident log: %w", err)
		}
		if said != "" {
			cfg.Log.Warn().Msg(said)
		}
		m.keeper = newKeeper(f.save, cfg.Log)
	}
	for _, w := range cfg.Webhooks {
		m.hooks = append(m.hooks, newWebhook(w, cfg.Secret, outside, cfg.Log))
	}
	m.publish()
	return m, nil
}

// transport keeps a connection to every target.
func transport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConns = 2 * incident.MaxTargets
	t.ResponseHeaderTimeout = webhookLimit
	return t
}

// View returns what everybody may see.
func (m *Monitor) View() incident.View { return *m.view.Load() }

// Incidents returns all that are kept, oldest first. The slice is shared: nobody
// changes it.
func (m *Monitor) Incidents() []incident.Incident { return *m.all.Load() }

// Stats returns the counters, as of the last round.
func (m *Monitor) Stats() Stats {
	s := *m.stats.Load()
	for _, h := range m.hooks {
		s.Sent, s.Failed, s.Lost = s.Sent+h.sent.Load(), s.Failed+h.failed.Load(), s.Lost+h.dropped.Load()
		s.Waiting += len(h.queue)
	}
	if m.keeper != nil {
		s.SaveFailures = m.keeper.failures.Load()
	}
	s.Missed = m.missed.Load()
	return s
}

// Run watches until ctx ends. It is called once, and returns within a few seconds.
func (m *Monitor) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	// They outlive ctx: what is decided last is still to be saved.
	working, release := context.WithCancel(context.WithoutCancel(ctx))
	if m.keeper != nil {
		workers.Go(func() { m.keeper.run(working) })
	}
	for _, h := range m.hooks {
		workers.Go(func() { h.run(working) })
	}
	m.watch(ctx)
	m.save()
	release()
	for _, stop := range m.follows {
		stop()
	}
	m.streams.Wait()
	gone := make(chan struct{})
	go func() {
		workers.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(stopLimit):
		m.cfg.Log.Error().Msg("the incident log could not be saved at the end")
	}
	return nil
}

// watch is the loop that owns the decisions.
func (m *Monitor) watch(ctx context.Context) {
	tick := time.NewTicker(m.cfg.Every)
	defer tick.Stop()
	rounds := make(chan []incident.Report, 1)
	asking := false
	for {
		select {
		case <-ctx.Done():
			if asking {
				<-rounds // its questions have ended with ctx
			}
			return
		case r := <-m.facts:
			m.hear(r)
		case reports := <-rounds:
			asking = false
			m.take(reports)
		case <-tick.C:
			if asking {
				continue
			}
			targets := m.expect(ctx)
			asking = true
			go func() { rounds <- m.prober.round(ctx, targets) }()
		}
	}
}

// expect asks who is to be watched now.
func (m *Monitor) expect(ctx context.Context) []Target {
	all := m.cfg.Targets()
	expected := make([]incident.Target, len(all))
	byID := make(map[string]Target, len(all))
	for i, t := range all {
		expected[i], byID[t.ID] = t.Target, t
	}
	m.fleet.Expect(m.clock.now(), expected)
	if over := m.fleet.Dropped(); over > 0 && !m.crowded {
		m.crowded = true
		m.cfg.Log.Warn().Int("more", over).Int("limit", incident.MaxTargets).Msg("there are more targets than are watched")
	}
	var targets []Target
	for _, t := range m.fleet.Targets() {
		targets = append(targets, byID[t.ID])
	}
	m.follow(ctx, targets)
	return targets
}

// follow reads the event streams of the chat nodes that are watched.
func (m *Monitor) follow(ctx context.Context, targets []Target) {
	wanted := map[string]bool{}
	for _, t := range targets {
		if t.Role != incident.ChatNode {
			continue
		}
		wanted[t.Admin] = true
		if m.follows[t.Admin] != nil {
			continue
		}
		following, stop := context.WithCancel(ctx)
		m.follows[t.Admin] = stop
		f := newFollower(m.prober.client, t.Admin, m.tell)
		m.streams.Go(func() { f.run(following) })
	}
	for admin, stop := range m.follows {
		if !wanted[admin] {
			stop()
			delete(m.follows, admin)
			delete(m.bad, admin)
		}
	}
}

// hear takes in what a stream tells. Healed is said when nobody has a bad key any more.
func (m *Monitor) hear(r report) {
	if r.kind == incident.Poisoned {
		m.bad[r.from] = true
	}
	if r.kind == incident.Healed {
		delete(m.bad, r.from)
		if len(m.bad) > 0 {
			return
		}
	}
	m.perform(m.log.Tell(m.clock.now(), incident.Fact{Kind: r.kind}))
}

// tell queues a fact of a stream.
func (m *Monitor) tell(r report) {
	select {
	case m.facts <- r:
	default:
		m.missed.Add(1)
	}
}

// take is the end of a round.
func (m *Monitor) take(reports []incident.Report) {
	now := m.clock.now()
	var facts []incident.Fact
	for _, r := range reports {
		facts = append(facts, m.fleet.Take(now, r)...)
	}
	readings, more := m.fleet.Sweep(now)
	for _, f := range append(facts, more...) {
		m.perform(m.log.Tell(now, f))
	}
	m.perform(m.log.Observe(now, readings...))
	m.save()
	m.publish()
}

// perform carries out what the log has decided.
func (m *Monitor) perform(steps []incident.Step) {
	decided := false
	for _, s := range steps {
		n, told := notice(s)
		if !told {
			continue
		}
		decided = true
		m.cfg.Log.Warn().Uint64("incident", s.Incident.ID).Stringer("severity", s.Incident.Severity).Msg(n.Text)
		for _, h := range m.hooks {
			h.put(n)
		}
	}
	m.unsaved = m.unsaved || len(steps) > 0
	if decided {
		m.save()
	}
}

// save hands the log to the keeper, if there is something new in it.
func (m *Monitor) save() {
	if m.unsaved && m.keeper != nil {
		m.keeper.keep(m.log.Incidents())
	}
	m.unsaved = false
}

// publish renews what others read.
func (m *Monitor) publish() {
	v := m.log.View(m.clock.now(), Shown)
	v.Components, v.SkewSeconds = m.fleet.Components(), m.fleet.Skew().Round(time.Second).Seconds()
	all := m.log.Incidents()
	m.view.Store(&v)
	m.all.Store(&all)
	m.stats.Store(&Stats{
		Targets: len(m.fleet.Targets()), Dropped: m.fleet.Dropped(),
		Severity: v.Severity, Incidents: v.Before + uint64(len(v.Incidents)),
	})
}
