package actors

import (
	"errors"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// entry stands for one key of a directory. It decodes the key's values, one at
// a time; a value that does not decode, or a decoder that panics, ends the
// entry and nothing else. Its supervisor starts it again after a backoff, or
// at once when the key has changed.
type entry struct {
	// Fixed at construction.
	kernel  *kernel
	service *service
	id      string
	key     string

	// Touched only in the actor's turns.
	deciding registry.Index  // the index of the value in hand
	fault    *registry.Fault // what was wrong with it
}

func newEntry(k *kernel, s *service, id string) *entry {
	return &entry{kernel: k, service: s, id: id, key: s.directory + id}
}

func (e *entry) start(self *process) error {
	e.tell(entryStarted{key: e.key, entry: self})
	return nil
}

func (e *entry) receive(message any) error {
	switch m := message.(type) {
	case decide:
		e.deciding = m.entry.Index
		instance, err := registry.Decode(e.service.name, e.id, m.entry.Value)
		if err != nil {
			e.fault, _ = errors.AsType[*registry.Fault](err)
			return err
		}
		e.tell(entryAccepted{key: e.key, index: m.entry.Index, instance: instance})
	}
	return nil
}

// stop tells the watcher what was wrong, once the supervisor knows that the
// entry is gone: a wake that the watcher sends from now on finds it waiting.
func (e *entry) stop(exit supervision.Exit) {
	if !exit.Abnormal() {
		return
	}
	fault := e.fault
	if fault == nil { // the decoder itself broke
		fault = &registry.Fault{Class: registry.ClassPanic, Reason: exit.Reason}
	}
	e.tell(entryRejected{key: e.key, index: e.deciding, fault: fault})
}

func (e *entry) tell(message watched) {
	if watcher := e.service.watcher.Load(); watcher != nil {
		watcher.post(message)
	}
}
