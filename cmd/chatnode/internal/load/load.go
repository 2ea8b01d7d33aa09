package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
)

// progressInterval is the least time between two progress lines.
const progressInterval = time.Second

// Load is the crowd of users. Build it with New.
type Load struct {
	cfg      Config
	gateways []string // with path and query
	users    []*user
	web      *http.Client
	dials    chan struct{} // a token for every dial in flight
	tally    *tally
	ran      atomic.Bool
}

// New prepares the users. It starts nothing.
func New(cfg Config) (*Load, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	l := &Load{
		cfg: cfg,
		// Of its own, so that no proxy of the environment comes between, and no user waits for another's connection.
		web:   &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		dials: make(chan struct{}, cfg.MaxDials),
		tally: newTally(cfg.Users, time.Now()),
	}
	for _, gateway := range cfg.Gateways {
		complete, err := address(gateway)
		if err != nil {
			return nil, err
		}
		l.gateways = append(l.gateways, complete)
	}
	for n := range cfg.Users {
		payload := encodeIdentify(cfg.Token(n))
		if payload == nil {
			return nil, fmt.Errorf("load: token of user %d is not text in UTF-8", n)
		}
		l.users = append(l.users, newUser(n, cfg.Seed, payload))
	}
	return l, nil
}

// Run keeps the users connected until ctx ends, then closes their sessions and waits for them. It returns nil after such
// a stop.
func (l *Load) Run(ctx context.Context) error {
	if l.ran.Swap(true) {
		return errors.New("load: Run was called twice: build a new Load")
	}
	var users sync.WaitGroup
	for _, u := range l.users {
		users.Go(func() { l.run(ctx, u) })
	}
	l.watch(ctx)
	users.Wait()
	l.web.CloseIdleConnections()
	return nil
}

// watch writes a line whenever something has changed, until ctx ends.
func (l *Load) watch(ctx context.Context) {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	var seen progress
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			seen = l.report(seen)
		}
	}
}

// progress is what the last lines said.
type progress struct {
	connected int
	failures  uint64
	failing   bool
}

// report writes at most one line and returns what has been said by now.
func (l *Load) report(said progress) progress {
	s, lastError := l.tally.read(time.Now())
	now := progress{s.Connected, s.Failures, s.Connected == 0 && s.Failures > said.failures}
	switch {
	case now.failing && !said.failing:
		l.cfg.Log.Warn().Err(lastError).Msg("no user is connected, all keep trying")
	case now.connected != said.connected:
		l.cfg.Log.Info().Int("connected", s.Connected).Int("users", s.Users).Uint64("lost", s.Lost).Msg("users")
	}
	now.failing = now.failing || (said.failing && s.Connected == 0) // a pause between two tries is not the end of it
	return now
}

// Stats returns the counters as they are now.
func (l *Load) Stats() Stats {
	s, _ := l.tally.read(time.Now())
	return s
}

// Handler serves the counters as JSON on GET /admin/stats.
func (l *Load) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/stats", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.MarshalWrite(w, l.Stats()); err != nil {
			l.cfg.Log.Debug().Err(err).Msg("stats not delivered")
		}
	})
	return mux
}
