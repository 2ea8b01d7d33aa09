//go:build unix

package chaos

import (
	"fmt"
	"strings"
	"sync"

	"github.com/firebreak-go/firebreak/registry"
)

// ledger knows which instances are healthy: announced by a process that runs, with
// a port that answers, and not explained as gone. It notices when a node that had
// one in its pick set has it no more.
type ledger struct {
	mu      sync.Mutex
	healthy map[string]string // address by key
	looks   int
	losses  []string
}

func newLedger() *ledger { return &ledger{healthy: make(map[string]string)} }

func (l *ledger) joins(key, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.healthy[key] = address
}

// leaves is called before anything is done that explains an instance's end.
func (l *ledger) leaves(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.healthy, key)
}

// keys are those of the healthy instances in a directory.
func (l *ledger) keys(directory string) map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := make(map[string]string)
	for key, address := range l.healthy {
		if strings.HasPrefix(key, directory) {
			found[key] = address
		}
	}
	return found
}

// look compares a snapshot with what its node had to pick from before. seen is the
// node's, and only touched here.
func (l *ledger) look(node string, seen map[string]bool, s *registry.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	for key, address := range l.healthy {
		if !strings.HasPrefix(key, s.Directory) {
			continue
		}
		row, serves := s.Rows.Get(key)
		picks := serves && row.Instance.State != registry.StateDraining && row.Instance.Address() == address
		if seen[key] && !picks && len(l.losses) < 20 {
			l.losses = append(l.losses, fmt.Sprintf("%s lost %s, which was healthy, in generation %d at index %d: row %+v, guards %+v",
				node, key, s.Generation, s.Index, row, s.Guards))
		}
		seen[key] = picks
	}
}

// lost is what went wrong so far.
func (l *ledger) lost() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.losses...)
}
