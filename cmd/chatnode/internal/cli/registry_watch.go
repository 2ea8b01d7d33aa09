package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// registryWatch is "chatnode registry watch".
type registryWatch struct {
	Service string `arg:"" help:"The service, for example api."`
	either
}

// Help lists the exit codes.
func (registryWatch) Help() string {
	return "Of a node it prints the events about the service's keys, first the recent ones; of etcd what is there, then every write. " +
		"With --json each is one line.\n\n" + exitCodes()
}

func (c *registryWatch) run(ctx context.Context, s *session) error {
	directory, err := registry.Directory(c.Prefix, c.Service)
	if err != nil {
		return usagef("%w", err)
	}
	if c.Admin != "" {
		return c.ofNode(ctx, s)
	}
	source, err := c.open()
	if err != nil {
		return err
	}
	defer source.Close()
	w := &follower{command: c, session: s, source: source, directory: directory, known: make(map[string]registry.Index)}
	return w.follow(ctx)
}

// ofNode prints a node's events until it ends.
func (c *registryWatch) ofNode(ctx context.Context, s *session) error {
	reply, err := c.node().send(ctx, http.MethodGet, "/admin/events", nil)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if reply == nil {
		return nil // interrupted
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s: is this the admin listener of a node or an api?", c.Admin, reply.Status)
	}
	lines := bufio.NewScanner(reply.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e actors.Event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Service != c.Service || e.Key == "" {
			continue
		}
		if c.JSON {
			err = printJSON(s.stdout, e)
		} else {
			_, err = fmt.Fprintf(s.stdout, "%s  %-18s  %s  index %d%s\n", e.At.Format("15:04:05.000"), e.Kind, safe(e.Key), e.Index, tail(e.Class, e.Order, e.Reason))
		}
		if err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("%s has ended the stream", c.Admin)
}

// follower prints what is written in a directory of etcd.
type follower struct {
	command   *registryWatch
	session   *session
	source    *etcdv2.Registry
	directory string
	known     map[string]registry.Index
}

func (f *follower) follow(ctx context.Context) error {
	cursor := registry.NewCursor(registry.CursorConfig{})
	step, _ := cursor.Restart()
	for first := true; ctx.Err() == nil; first = false {
		var err error
		switch step.Call {
		case registry.CallList:
			var l registry.Listing
			if l, err = f.source.List(ctx, f.directory); err == nil {
				f.listed(l)
			} else if first && ctx.Err() == nil {
				return f.command.away(err) // a wrong address is better told at once
			}
			step = cursor.Listed(time.Now(), l, err)
		case registry.CallNext:
			var change registry.Change
			if change, err = f.next(ctx, step); err == nil {
				f.changed(change)
			}
			step = cursor.Changed(time.Now(), change, err)
		case registry.CallWait:
			select {
			case <-ctx.Done():
			case <-time.After(step.Limit):
			}
			step = cursor.Waited()
		}
		if step.Note == registry.NoteFailed && ctx.Err() == nil {
			f.session.log.Warn().Err(err).Msg("etcd does not answer: trying again")
		}
	}
	return nil
}

func (f *follower) next(ctx context.Context, step registry.CursorStep) (registry.Change, error) {
	limited, cancel := context.WithTimeout(ctx, step.Limit)
	defer cancel()
	change, err := f.source.Next(limited, f.directory, step.After)
	if err != nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		err = registry.ErrQuiet
	}
	return change, err
}

func (f *follower) listed(l registry.Listing) {
	there := make(map[string]bool, len(l.Entries))
	for _, e := range l.Entries {
		there[e.Key] = true
		if _, known := f.known[e.Key]; !known {
			f.print("listed", e)
		}
		f.known[e.Key] = e.Index
	}
	for key := range f.known {
		if !there[key] {
			f.print("missing", registry.Entry{Key: key, Index: l.Index})
			delete(f.known, key)
		}
	}
}

func (f *follower) changed(c registry.Change) {
	f.print(c.Kind.String(), c.Entry)
	if c.Kind == registry.ChangePut {
		f.known[c.Entry.Key] = c.Entry.Index
	} else {
		delete(f.known, c.Entry.Key)
	}
}

func (f *follower) print(what string, e registry.Entry) {
	r := record{Key: e.Key, Index: e.Index}
	if id, ok := registry.SplitKey(f.directory, e.Key); ok && (what == "put" || what == "listed") {
		r = judge(f.command.Service, id, e)
	}
	out := f.session.stdout
	if f.command.JSON {
		_ = printJSON(out, struct {
			Change string    `json:"change"`
			At     time.Time `json:"at"`
			record
		}{what, time.Now(), r})
		return
	}
	_, _ = fmt.Fprintf(out, "%s  %-8s  %s  index %d%s\n", time.Now().Format("15:04:05.000"), what, safe(r.Key), r.Index,
		tail(r.Verdict, r.Address, r.Reason))
}

// tail is the end of a line: what there is of the parts.
func tail(parts ...string) string {
	var line strings.Builder
	for _, part := range parts {
		if part != "" {
			line.WriteString("  " + safe(part))
		}
	}
	return line.String()
}
