package monitor

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

const (
	// followRetry is the pause before a stream that ended is asked for again, and
	// noStream the one where there is none.
	followRetry = time.Second
	noStream    = time.Minute
	// oldEvent is how old an event may be, by its own process's clock, to be news: a
	// stream begins with what was before. oldAtFirst is the same for the first stream
	// of a process, which may have run for days.
	oldEvent   = 30 * time.Second
	oldAtFirst = 3 * time.Second
	// maxBadKeys is how many keys in quarantine are told apart.
	maxBadKeys   = 1024
	maxEventLine = 1 << 20
)

// report is what a stream tells.
type report struct {
	from string
	kind incident.Kind
}

// follower reads the events of one process, life after life.
type follower struct {
	client *http.Client
	admin  string
	// tell must not block.
	tell func(report)

	known bool         // a stream has been read before
	last  actors.Event // the newest that was read
	bad   map[string]bool
}

func newFollower(client *http.Client, admin string, tell func(report)) *follower {
	return &follower{client: client, admin: admin, tell: tell, bad: map[string]bool{}}
}

// run reads until ctx ends.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := followRetry
		if !f.read(ctx) {
			wait = noStream
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// read reads one stream to its end. It answers false where there is none.
func (f *follower) read(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.admin+"/admin/events", http.NoBody)
	if err != nil {
		return false
	}
	reply, err := f.client.Do(request)
	if err != nil {
		return true
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode != http.StatusOK {
		return false
	}
	old := oldEvent
	if !f.known {
		old, f.known = oldAtFirst, true
	}
	began := time.Now()
	theirs, err := http.ParseTime(reply.Header.Get("Date"))
	lines := bufio.NewScanner(reply.Body)
	lines.Buffer(nil, maxEventLine)
	for lines.Scan() {
		var e actors.Event
		if json.Unmarshal(lines.Bytes(), &e) != nil || f.seen(e) {
			continue
		}
		kind := f.note(e)
		// Both times are of one clock, whatever it shows.
		if now := theirs.Add(time.Since(began)); err == nil && now.Sub(e.At) > old {
			continue
		}
		if kind != "" {
			f.tell(report{f.admin, kind})
		}
	}
	return true
}

// note keeps track of the process and says what an event is in a timeline; most are
// nothing. Healed is told when no key is bad any more.
func (f *follower) note(e actors.Event) incident.Kind {
	if e.Seq <= f.last.Seq {
		clear(f.bad) // another life
	}
	f.last = e
	key := e.Service + "/" + e.Key
	if e.Kind == actors.EventKeyQuarantined {
		if len(f.bad) < maxBadKeys {
			f.bad[key] = true
		}
		return incident.Poisoned
	}
	if e.Kind == actors.EventKeyReleased && f.bad[key] {
		delete(f.bad, key)
		if len(f.bad) == 0 {
			return incident.Healed
		}
		return ""
	}
	if e.Kind == actors.EventGuardEngaged {
		return incident.GuardEngaged
	}
	if e.Kind == actors.EventSupervisorGaveUp {
		return incident.GaveUp
	}
	return ""
}

// seen says whether an event came before the newest one; a process that was started
// again counts from one, and later.
func (f *follower) seen(e actors.Event) bool {
	return e.Seq <= f.last.Seq && !e.At.After(f.last.At)
}
