package actors

import (
	"context"
	"fmt"

	"github.com/firebreak-go/firebreak/registry"
)

// slow is the fault of a value that somebody needs too long for.
func slow(format string, args ...any) *registry.Fault {
	return &registry.Fault{Class: registry.ClassSlow, Reason: fmt.Sprintf(format, args...)}
}

// decode has the value in hand decoded by the directory's own decoder.
func (e *entry) decode() error {
	decode, name, id, value := e.service.use.Decode, e.service.name, e.id, e.hand.entry.Value
	if fault := registry.Screen(value); fault != nil {
		return e.reject(fault)
	}
	var instance registry.Instance
	return e.try(&trial{
		key: e.key, budget: e.service.use.Budget,
		call: func() (err error) {
			instance, err = decode(name, id, value)
			return err
		},
		result: func() registry.Instance { return instance },
	})
}

// consume has the value in hand handled by the directory's consumer, or has it
// told that the key is gone. A value that is empty or too long is bad whatever it
// is for: a lost body leaves an empty one.
func (e *entry) consume() error {
	ledger := &e.service.ledger
	shown, taken := ledger.of(e.key)
	switch {
	case e.hand.gone && !shown:
		e.tell(entryParted{key: e.key})
		return nil
	case e.hand.stored && taken:
		return nil
	}
	v := Value{Service: e.service.name, ID: e.id, Key: e.key, Gone: e.hand.gone}
	if !v.Gone {
		if fault := registry.Screen(e.hand.entry.Value); fault != nil {
			return e.reject(fault)
		}
		v.Data, v.Index = e.hand.entry.Value, e.hand.entry.Index
	}
	base, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	budget, consumer := e.service.use.Budget, e.service.use.Consumer
	return e.try(&trial{
		key: e.key, budget: budget + farewellTime,
		call: func() error {
			ctx, end := context.WithTimeout(base, budget)
			defer end()
			if v.Gone {
				if err := consumer.Consume(ctx, v); err != nil {
					return err
				}
				ledger.forget(v.Key)
				return nil
			}
			ledger.show(v.Key)
			if err := consumer.Consume(ctx, v); err != nil {
				return err
			}
			ledger.take(v.Key)
			return nil
		},
		result: func() registry.Instance { return named(v.Service, v.ID) },
	})
}

// try puts a trial on the booth.
func (e *entry) try(t *trial) error {
	self, service, m := e.self, e.service, e.hand
	t.overdue = func() { self.post(trialOverdue{trial: t}) }
	t.done = func(err error, late bool) {
		if !late {
			self.post(tried{trial: t, err: err})
			return
		}
		// The key was put into quarantine meanwhile, and the entry has gone.
		if watcher := service.watcher.Load(); watcher != nil && err == nil && !m.gone {
			watcher.post(entryAccepted{key: t.key, index: m.entry.Index, instance: t.result()})
		}
	}
	e.trying = t
	if e.service.booth.try(t) {
		return nil
	}
	e.trying = nil
	if e.kernel.stuck.Load() >= maxStuck {
		return e.reject(e.untried())
	}
	return e.reject(slow("not tried: the last try has not come back"))
}

// untried tells that the process has too many calls that hang.
func (e *entry) untried() error {
	e.kernel.events.emit(Event{
		Kind: EventStuckLimit, Service: e.service.name, Key: e.key, Attempt: int(e.kernel.stuck.Load()),
	})
	return errNotTried
}

// tried takes the result of a trial, and goes on with what came meanwhile.
func (e *entry) tried(m tried) error {
	if m.trial != e.trying {
		return nil // it was left behind
	}
	e.trying = nil
	e.cancel()
	if m.err == errNotTried { //nolint:errorlint // our own, never wrapped
		return e.reject(e.untried())
	}
	if m.err != nil {
		return e.reject(m.err)
	}
	switch {
	case e.hand.gone:
		e.tell(entryParted{key: e.key})
	case !e.hand.stored:
		e.accept(m.trial.result())
	}
	if !e.waits {
		return nil
	}
	next := e.next
	e.waits, e.next = false, decide{}
	return e.decide(next)
}

// leave ends a trial, and waits until it has ended or was left behind.
func (e *entry) leave() {
	e.cancel()
	if t := e.trying; t != nil && !e.service.booth.cancel(t) {
		<-t.settled
	}
}
