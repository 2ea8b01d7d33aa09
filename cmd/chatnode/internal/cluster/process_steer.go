package cluster

import (
	"errors"
	"sync"
)

// errNotRunning is a process that has no life at the moment.
var errNotRunning = errors.New("it does not run at the moment")

// steering is what people do to a process while it is kept alive. Safe for
// concurrent use.
type steering struct {
	mu    sync.Mutex
	child *child        // the life that runs; nil between two
	held  chan struct{} // closed when the process may live again; nil: it may
}

func (s *steering) set(c *child) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.child = c
}

func (s *steering) do(what func(*child) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return errNotRunning
	}
	return what(s.child)
}

// allowed returns a channel that is closed once the process may live again.
func (s *steering) allowed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		return s.held
	}
	open := make(chan struct{})
	close(open)
	return open
}

// kill ends this life of the process by force; the next one begins after the boot time.
func (p *process) kill() error {
	return p.steering.do(func(c *child) error { c.kill(); return nil })
}

// pause keeps it from running, as a machine that hangs would.
func (p *process) pause() error { return p.steering.do(func(c *child) error { return c.pause() }) }

// resume lets it go on.
func (p *process) resume() error { return p.steering.do(func(c *child) error { return c.resume() }) }

// hold ends this life by force and allows no other until release.
func (p *process) hold() error {
	p.steering.mu.Lock()
	if p.steering.held == nil {
		p.steering.held = make(chan struct{})
	}
	p.steering.mu.Unlock()
	return p.kill()
}

// release allows lives again; it says whether they were not.
func (p *process) release() bool {
	p.steering.mu.Lock()
	defer p.steering.mu.Unlock()
	held := p.steering.held
	if held != nil {
		close(held)
		p.steering.held = nil
	}
	return held != nil
}
