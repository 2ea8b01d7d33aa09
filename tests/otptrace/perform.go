package main

import (
	"context"
	"errors"
	"strings"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// execute carries out one command.
func (l *live) execute(ctx context.Context, c command) {
	above, name := split(c.path)
	switch c.verb {
	case "crash":
		l.executeCrash(c)
	case "burst":
		l.write("> %s", c.text)
		l.burst(ctx, above, c.deaths)
	case "mix":
		l.write("> %s", c.text)
		l.mix(ctx, c)
	case "fail", "ignore":
		l.write("> %s", c.text)
		l.prepare(c)
	case "stop":
		l.write("> %s", c.text)
		l.write("< %s", l.stop(ctx))
	case "which", "count":
		l.ask(ctx, c, c.path, item{verb: c.verb})
	default:
		l.ask(ctx, c, above, item{verb: c.verb, name: name})
	}
}

func (l *live) executeCrash(c command) {
	suffix := ""
	if l.incarnation(c.path) == 0 {
		suffix = " noproc"
	}
	l.write("> %s%s", c.text, suffix)
	l.crash(c.path, c.deaths[0].reason)
}

func (l *live) prepare(c command) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.verb == "fail" {
		l.fails[c.path] = c.count
	} else {
		l.ignores[c.path] = c.count
	}
}

func (l *live) stop(ctx context.Context) string {
	select {
	case <-l.tree.Done():
		return noSupervisor
	default:
	}
	if err := l.tree.Stop(ctx); err != nil {
		return "error:" + err.Error()
	}
	return "ok"
}

// burst lets several children of one supervisor die before it looks.
func (l *live) burst(ctx context.Context, path string, deaths []death) {
	release, ok := l.hold(ctx, path)
	if !ok {
		l.write("< %s", noSupervisor)
		return
	}
	defer release()
	results := make([]string, len(deaths))
	for i, d := range deaths {
		results[i] = "noproc"
		if l.crash(d.path, d.reason) {
			results[i] = "ok"
		}
	}
	l.write("< %s", strings.Join(results, ","))
}

// ask makes one request.
func (l *live) ask(ctx context.Context, c command, path string, i item) {
	l.write("> %s", c.text)
	before, _ := l.branch(path).Children(ctx)
	r := l.request(ctx, path, i, c.node, before)
	l.settle(ctx)
	l.write("< %s", r.answer(l.number(path)))
}

// mix fills a supervisor's mailbox, then lets it go.
func (l *live) mix(ctx context.Context, c command) {
	before, _ := l.branch(c.path).Children(ctx)
	release, ok := l.hold(ctx, c.path)
	if !ok {
		l.write("< %s", noSupervisor)
		return
	}
	var requests []*request
	var dead []supervision.Ref
	for _, i := range c.items {
		if i.verb != "crash" {
			requests = append(requests, l.request(ctx, c.path, i, nil, before))
		} else if l.crash(c.path+"/"+i.name, i.reason) {
			dead = append(dead, refOf(before, i.name))
		}
	}
	release()
	l.settle(ctx)
	for _, r := range requests {
		r.dead = dead
		l.write("< %v %s", r.item, r.answer(nil))
	}
}

// hold stops a supervisor in the midst of its turn, until it is released. It reports whether there is one.
func (l *live) hold(ctx context.Context, path string) (release func(), ok bool) {
	letGo := make(chan struct{})
	l.mu.Lock()
	l.letGo = letGo
	l.mu.Unlock()
	if err := l.branch(path).Terminate(ctx, nobody); errors.Is(err, actors.ErrNotRunning) {
		return nil, false
	}
	synctest.Wait()
	return func() { close(letGo) }, true
}

// patience is how long a worker that is told to crash may take, in ms of virtual time. It needs none, unless others that
// never stop hold all that could run it.
const patience = 1000

// crash lets a worker die, and returns when it has told its supervisor. It reports whether there was one.
func (l *live) crash(path, reason string) bool {
	was := l.incarnation(path)
	if was == 0 {
		return false
	}
	above, name := split(path)
	l.system.Root.Send(l.branch(above).PID(name), crash{reason: reason})
	synctest.Wait()
	for ms := 0; ms < patience && l.incarnation(path) == was; ms++ {
		time.Sleep(time.Millisecond)
		synctest.Wait()
	}
	return true
}
