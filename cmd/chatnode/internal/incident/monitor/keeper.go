package monitor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

const (
	// saveEvery is the least time between two savings, saveRetry the pause after one
	// that failed.
	saveEvery = time.Second
	saveRetry = 5 * time.Second
)

// keeper saves the newest log in its own time. Only the newest waits.
type keeper struct {
	save     func([]incident.Incident) error
	log      zerolog.Logger
	wake     chan struct{}
	failures atomic.Uint64

	mu      sync.Mutex
	newest  []incident.Incident
	unsaved bool
}

func newKeeper(save func([]incident.Incident) error, log zerolog.Logger) *keeper {
	return &keeper{save: save, log: log, wake: make(chan struct{}, 1)}
}

// keep replaces what waits to be saved; it never waits itself.
func (k *keeper) keep(incidents []incident.Incident) {
	k.mu.Lock()
	k.newest, k.unsaved = incidents, true
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// take hands out what waits.
func (k *keeper) take() ([]incident.Incident, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	taken := k.unsaved
	k.unsaved = false
	return k.newest, taken
}

// again lets what could not be saved wait, unless something newer does.
func (k *keeper) again() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unsaved = true
}

// run saves until ctx ends, and then what is left.
func (k *keeper) run(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		select {
		case <-k.wake:
		case <-ctx.Done():
		}
		for {
			incidents, waiting := k.take()
			if !waiting {
				break
			}
			wait := saveEvery
			if !k.try(incidents, &failing) {
				k.again()
				wait = saveRetry
			}
			if ctx.Err() != nil {
				return
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}
	}
}

func (k *keeper) try(incidents []incident.Incident, failing *bool) bool {
	err := k.save(incidents)
	switch {
	case err != nil:
		k.failures.Add(1)
		if !*failing {
			k.log.Error().Err(err).Msg("the incident log cannot be saved; it is kept in memory, and tried again")
		}
	case *failing:
		k.log.Info().Msg("the incident log is saved again")
	}
	*failing = err != nil
	return err == nil
}
