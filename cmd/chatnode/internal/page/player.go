package page

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// ErrNoRecording is a file that holds no recorded run.
var ErrNoRecording = errors.New("this is no recorded run")

// Player plays a recording into a feed, and answers for it what is behind frames.
type Player struct {
	lines *bufio.Scanner
	count int
	run   Run

	mu        sync.Mutex
	nodes     map[string]NodeDetail
	keys      map[string]KeyDetail
	incidents map[string]IncidentDetail
}

// OpenRecording reads the beginning of a recording.
func OpenRecording(from io.Reader) (*Player, error) {
	p := &Player{
		lines: bufio.NewScanner(from), nodes: make(map[string]NodeDetail), keys: make(map[string]KeyDetail),
		incidents: make(map[string]IncidentDetail),
	}
	p.lines.Buffer(nil, maxLine)
	first, err := p.next()
	if err != nil {
		return nil, err
	}
	if first.Kind != "run" || json.Unmarshal(first.Data, &p.run) != nil {
		return nil, fmt.Errorf("%w: its first line does not describe one", ErrNoRecording)
	}
	p.run.Commands, p.run.Token = nil, false
	for i := range p.run.Acts {
		p.run.Acts[i] = Act{Name: p.run.Acts[i].Name, Label: p.run.Acts[i].Label}
	}
	return p, nil
}

// Run is the recorded run, before its first act.
func (p *Player) Run() Run { return p.run }

// next reads a line; [io.EOF] after the last one.
func (p *Player) next() (line, error) {
	var l line
	if !p.lines.Scan() {
		if err := p.lines.Err(); err != nil {
			return l, fmt.Errorf("line %d: %w", p.count+1, err)
		}
		if p.count == 0 {
			return l, fmt.Errorf("%w: it is empty", ErrNoRecording)
		}
		return l, io.EOF
	}
	p.count++
	if err := json.Unmarshal(p.lines.Bytes(), &l); err != nil {
		return l, fmt.Errorf("%w: line %d is not JSON", ErrNoRecording, p.count)
	}
	return l, nil
}

// Play publishes the recording at so many times its speed until its end, or until
// ctx ends.
func (p *Player) Play(ctx context.Context, feed *Feed, speed float64) error {
	began := time.Now()
	for {
		l, err := p.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		due := began.Add(time.Duration(float64(l.At) / speed * float64(time.Millisecond)))
		if !waitUntil(ctx, due) {
			return ctx.Err()
		}
		if err := p.publish(feed, l); err != nil {
			return fmt.Errorf("%w: line %d: %w", ErrNoRecording, p.count, err)
		}
	}
}

func waitUntil(ctx context.Context, due time.Time) bool {
	wait := time.NewTimer(time.Until(due))
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// publish shows what a line holds. A kind that is not known is of a later version.
func (p *Player) publish(feed *Feed, l line) error {
	switch l.Kind {
	case "frame":
		return decodeInto(l.Data, func(f Frame) error {
			if f.Act < 0 || f.Act >= len(p.run.Acts) {
				return fmt.Errorf("there is no act %d", f.Act)
			}
			feed.PublishFrame(f)
			return nil
		})
	case "act":
		return decodeInto(l.Data, func(e ActEvent) error {
			if e.Index < 0 || e.Index >= len(p.run.Acts) {
				return fmt.Errorf("there is no act %d", e.Index)
			}
			feed.PublishAct(e)
			return nil
		})
	case "result":
		return decodeInto(l.Data, func(r Result) error { feed.PublishResult(r); return nil })
	case "node":
		return decodeInto(l.Data, func(d NodeDetail) error { p.learn(func() { p.nodes[d.ID] = d }); return nil })
	case "key":
		return decodeInto(l.Data, func(d KeyDetail) error { p.learn(func() { p.keys[d.Key] = d }); return nil })
	case "incident":
		return decodeInto(l.Data, func(d IncidentDetail) error { p.learn(func() { p.incidents[d.ID] = d }); return nil })
	}
	return nil
}

func decodeInto[T any](data json.RawMessage, use func(T) error) error {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	return use(v)
}

func (p *Player) learn(note func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	note()
}

// Node is part of [Details]: as it was when somebody looked, or at the act's end.
func (p *Player) Node(_ context.Context, id string) (NodeDetail, error) {
	return recorded(p, p.nodes, id)
}

// Key is part of [Details].
func (p *Player) Key(_ context.Context, key string) (KeyDetail, error) {
	return recorded(p, p.keys, key)
}

// Incident is part of [Details].
func (p *Player) Incident(_ context.Context, id string) (IncidentDetail, error) {
	return recorded(p, p.incidents, id)
}

func recorded[T any](p *Player, all map[string]T, name string) (T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, there := all[name]
	if !there {
		return v, fmt.Errorf("%w: nobody looked at it while this was recorded", ErrUnknown)
	}
	return v, nil
}
