package main

import (
	"strings"

	"github.com/firebreak-go/firebreak/supervision"
)

// execute carries out one command and waits until nothing moves.
func (w *world) execute(c command) {
	line := w.record("> %s", c.text)
	above, name := split(c.path)
	switch c.verb {
	case "crash":
		s := w.at(above)
		if s == nil || !s.crash(name, c.deaths[0].reason) {
			line.text = strings.TrimSuffix(line.text, "\n") + " noproc\n"
		}
	case "burst":
		w.burst(above, c.deaths)
	case "mix":
		w.mix(c)
	case "fail":
		w.fails[c.path] = c.count
	case "ignore":
		w.ignores[c.path] = c.count
	case "stop":
		result := noSupervisor
		if s := w.at(rootPath); s != nil {
			s.post(letter{event: supervision.Event{Kind: supervision.EventStop}})
			result = "ok"
		}
		w.settle()
		w.record("< %s", result)
	case "which", "count":
		w.ask(w.at(c.path), c, item{verb: c.verb})
	default:
		w.ask(w.at(above), c, item{verb: c.verb, name: name})
	}
	w.settle()
}

// burst lets several children of one supervisor die before it looks.
func (w *world) burst(path string, deaths []death) {
	s := w.at(path)
	if s == nil {
		w.record("< %s", noSupervisor)
		return
	}
	results := make([]string, len(deaths))
	for i, d := range deaths {
		_, name := split(d.path)
		results[i] = "noproc"
		if s.crash(name, d.reason) {
			results[i] = "ok"
		}
	}
	w.record("< %s", strings.Join(results, ","))
}

// ask makes one request.
func (w *world) ask(s *supervisor, c command, i item) {
	if s == nil {
		w.record("< %s", noSupervisor)
		return
	}
	l := w.letterFor(s, i, c.node)
	l.names = true
	s.post(l)
	w.settle()
	w.record("< %s", w.answerTo(l.request))
}

// mix fills a supervisor's mailbox, then lets it go.
func (w *world) mix(c command) {
	s := w.at(c.path)
	if s == nil {
		w.record("< %s", noSupervisor)
		return
	}
	requests := make([]uint64, len(c.items))
	for k, i := range c.items {
		if i.verb == "crash" {
			s.crash(i.name, i.reason)
			continue
		}
		l := w.letterFor(s, i, nil)
		requests[k] = l.request
		s.post(l)
	}
	w.settle()
	for k, i := range c.items {
		if i.verb != "crash" {
			w.record("< %v %s", i, w.answerTo(requests[k]))
		}
	}
}

func (w *world) answerTo(request uint64) string {
	answer := w.answers[request]
	delete(w.answers, request)
	if answer == "" {
		return noSupervisor
	}
	return answer
}

// letterFor writes a request; the node is what a start command says of the child, or nil.
func (w *world) letterFor(s *supervisor, i item, n *node) letter {
	w.requests++
	ev := supervision.Event{ID: i.name, Request: w.requests}
	l := letter{request: w.requests}
	switch i.verb {
	case "which", "count":
		l.question = i.verb
		return l
	case "start", "startdyn":
		l.node = w.describe(s.path, s.branch, i.name, n)
		child := l.node.child
		ev.Kind, ev.Child = supervision.EventAddChild, &child
	case "terminate":
		ev.Kind = supervision.EventTerminateChild
		if s.branch.dynamic() { // by process: there are no names
			p := s.named[i.name]
			if p == nil || !p.alive() {
				l.answer = "error:simple_one_for_one"
				return l
			}
			ev.ID, ev.Ref = "", p.ref
		}
	case "restart":
		ev.Kind = supervision.EventRestartChild
	case "delete":
		ev.Kind = supervision.EventDeleteChild
	}
	l.event = ev
	return l
}
