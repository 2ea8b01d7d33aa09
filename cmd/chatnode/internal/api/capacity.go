package api

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

const (
	// loadTrailer is what a node says of itself with each answer.
	loadTrailer = "firebreak-load"
	// loadAge is how long that is believed.
	loadAge = 5 * time.Second
)

// writeLoad and readLoad are the trailer's two ends: "users 12/64+3".
func writeLoad(lane string, o desk.Occupancy) string {
	return fmt.Sprintf("%s %d/%d+%d", lane, o.Busy, o.Limit, o.Waiting)
}

func readLoad(text string) (lane string, o desk.Occupancy, ok bool) {
	n, err := fmt.Sscanf(text, "%16s %d/%d+%d", &lane, &o.Busy, &o.Limit, &o.Waiting)
	ok = n == 4 && err == nil && o.Busy >= 0 && o.Waiting >= 0 && o.Limit > 0 && o.Limit <= MaxWorkers && o.Busy <= MaxWorkers
	return lane, o, ok && (lane == "users" || lane == "guilds")
}

// Capacity is what the API nodes said of themselves with their last answers.
type Capacity struct {
	// Nodes have said something within the last five seconds, of Listed ones.
	Nodes, Listed int
	// Busy of Limit workers had work, and so many calls waited, on those nodes.
	Busy, Limit, Waiting int
}

// Capacity adds up how busy the nodes are with the users' loads (lane "users") or
// the guilds' (lane "guilds"), as far as this pool's calls brought it to light.
func (p *Pool) Capacity(lane string) Capacity { return p.links.capacity(lane, time.Now()) }

// heard is what a node said of one of its lanes, and when.
type heard struct {
	desk.Occupancy
	at time.Time
}

func (ls *links) capacity(lane string, now time.Time) Capacity {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.follow()
	c := Capacity{Listed: len(ls.targets)}
	for _, l := range ls.open {
		h, ok := l.heard[lane]
		if !ok || now.Sub(h.at) > loadAge {
			continue
		}
		c.Nodes++
		c.Busy += h.Busy
		c.Limit += h.Limit
		c.Waiting += h.Waiting
	}
	return c
}

// hear notes what came with an answer.
func (ls *links) hear(l *link, said metadata.MD, now time.Time) {
	for _, text := range said.Get(loadTrailer) {
		lane, occupancy, ok := readLoad(text)
		if !ok {
			continue
		}
		ls.mu.Lock()
		l.heard[lane] = heard{occupancy, now}
		ls.mu.Unlock()
	}
}

// listening is a connection of which the trailers are read.
type listening struct {
	*grpc.ClientConn
	hear func(metadata.MD)
}

// Invoke is part of [grpc.ClientConnInterface].
func (c listening) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	var said metadata.MD
	err := c.ClientConn.Invoke(ctx, method, args, reply, append(opts, grpc.Trailer(&said))...)
	c.hear(said)
	return err
}
