package actors

import (
	"context"
	"errors"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// entry stands for one key of a directory. It has the key's values decoded or
// consumed, one at a time. A value that is bad, or code that panics or hangs over
// it, ends the entry and nothing else. Its supervisor starts it again after a
// backoff, or at once when the key has changed.
//
// Our own decoder runs in the entry's turn: it is linear in a bounded value.
// Other people's code gets a goroutine and a budget, on the directory's booth.
type entry struct {
	// Fixed at construction.
	kernel  *kernel
	service *service
	id      string
	key     string

	// Touched only in the actor's turns.
	self   *process
	hand   decide          // the value in hand
	fault  *registry.Fault // what was wrong with it
	waits  bool            // next has been sent meanwhile
	next   decide
	trying *trial // of the value in hand
	cancel context.CancelFunc
}

func newEntry(k *kernel, s *service, id string) *entry {
	return &entry{kernel: k, service: s, id: id, key: s.directory + id, cancel: func() {}}
}

func (e *entry) start(self *process) error {
	e.self = self
	e.tell(entryStarted{key: e.key, entry: self})
	return nil
}

func (e *entry) receive(message any) error {
	switch m := message.(type) {
	case decide:
		if e.trying != nil {
			e.waits, e.next = true, m
			return nil
		}
		return e.decide(m)
	case tried:
		return e.tried(m)
	case trialOverdue:
		if m.trial == e.trying {
			e.trying = nil
			return e.reject(slow("it took more than %v, and still does", e.service.use.Budget))
		}
	}
	return nil
}

// decide finds the verdict on a value, or has it found.
func (e *entry) decide(m decide) error {
	e.hand = m
	use := &e.service.use
	switch {
	case use.Consumer != nil:
		return e.consume()
	case use.Decode != nil:
		return e.decode()
	}
	instance, err := registry.Decode(e.service.name, e.id, m.entry.Value)
	if err != nil {
		return e.reject(err)
	}
	e.accept(instance)
	return nil
}

func (e *entry) accept(in registry.Instance) {
	e.tell(entryAccepted{key: e.key, index: e.hand.entry.Index, instance: in})
}

// reject ends the entry with what is wrong.
func (e *entry) reject(err error) error {
	e.fault, _ = errors.AsType[*registry.Fault](err)
	if broken, ok := errors.AsType[panicError](err); ok {
		return exitRequest(broken)
	}
	return err
}

// stop tells the watcher what was wrong, once the supervisor knows that the
// entry is gone: a wake that the watcher sends from now on finds it waiting.
func (e *entry) stop(exit supervision.Exit) {
	e.leave()
	if !exit.Abnormal() {
		return
	}
	rejected := entryRejected{key: e.key, index: e.hand.entry.Index, fault: e.fault, gone: e.hand.gone}
	switch {
	case e.fault != nil:
	case e.service.use.Consumer != nil:
		rejected.refusal = exit.Reason
	default: // the decoder broke
		rejected.fault = &registry.Fault{Class: registry.ClassPanic, Reason: exit.Reason}
	}
	e.tell(rejected)
}

func (e *entry) tell(message watched) {
	if watcher := e.service.watcher.Load(); watcher != nil {
		watcher.post(message)
	}
}
