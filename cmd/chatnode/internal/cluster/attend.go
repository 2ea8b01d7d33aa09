package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

const (
	samplePeriod  = 50 * time.Millisecond
	reconnectWait = 50 * time.Millisecond
	maxEventLine  = 1 << 20
)

// wanted says whether an event counts for the figures: what happens to a
// watcher, and what the node knows of the API service.
func wanted(e actors.Event) bool {
	if e.Kind == actors.EventChildRestarting {
		return path.Base(e.Child) == "watcher"
	}
	known := []actors.EventKind{actors.EventKeyQuarantined, actors.EventKeyReleased, actors.EventPublished}
	return e.Service == apiService && slices.Contains(known, e.Kind)
}

// follower reads a chat node's events beside each of its lives.
type follower struct {
	node   string
	admin  string
	report func(event)
	show   *show // nil: nobody looks
}

// attend follows one life, connecting again when the stream breaks. When the
// life has ended it still reads what the node had sent before it went.
func (f follower) attend(ctx context.Context, life int) {
	var seq uint64
	for ctx.Err() == nil {
		seq = f.follow(ctx, life, seq)
		pause(ctx, reconnectWait)
	}
}

// follow reads one connection to its end and returns the last number seen; what
// a reconnection replays is dropped by its number.
func (f follower) follow(ctx context.Context, life int, seq uint64) uint64 {
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drainLimit, stop) })()

	request, err := http.NewRequestWithContext(reading, http.MethodGet, f.admin+"/admin/events", http.NoBody)
	if err != nil {
		return seq
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return seq
	}
	defer reply.Body.Close()
	if ctx.Err() != nil || reply.StatusCode != http.StatusOK {
		return seq // after the end of this life, it may be the next one that answers
	}
	lines := bufio.NewScanner(reply.Body)
	lines.Buffer(nil, maxEventLine)
	for lines.Scan() {
		var e actors.Event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Seq <= seq {
			continue // also an empty line, which only keeps the connection alive
		}
		seq = e.Seq
		f.show.told(f.node, life, e)
		if wanted(e) {
			f.report(nodeReported{
				At: e.At, Node: f.node, Life: life, Kind: e.Kind,
				Key: e.Key, Class: e.Class, Child: e.Child, Instances: e.Instances,
			})
		}
	}
	return seq
}

// sampler reads the load's counters beside each of its lives.
type sampler struct {
	admin  string
	report func(event)
}

// attend samples one life. At its end it says what the end of the process did:
// every session that was connected is lost.
func (s sampler) attend(ctx context.Context, life int) {
	last := loadSampled{Life: life}
	tick := time.NewTicker(samplePeriod)
	defer tick.Stop()
	for {
		stats, err := readLoad(ctx, s.admin)
		if ctx.Err() != nil {
			last.At = time.Now()
			last.Lost, last.Connected = last.Lost+int64(last.Connected), 0
			s.report(last)
			return
		}
		if err == nil {
			last = loadSampled{
				At: stats.At, Life: life, Connected: stats.Connected, Lost: stats.Lost, Seconds: stats.Seconds,
				Attempts: stats.Attempts, Resumed: stats.Resumed, Acked: stats.Acked, Undelivered: stats.Undelivered,
				Unavailable: stats.Unavailable, Awaited: stats.Awaited, Open: stats.Open,
			}
			s.report(last)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
