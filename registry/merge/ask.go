package merge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-go/firebreak/registry"
)

// List asks the members that count, all at once, and returns what they hold
// together, sorted.
func (s *Source) List(ctx context.Context, directory string) (registry.Listing, error) {
	s.mu.Lock()
	d := s.directory(directory)
	last := len(s.cfg.Members) - 1
	if serving, alone := d.serving(s.cfg.Mode); alone {
		last = serving // what comes after is not needed any more
	}
	starts := make([]registry.Index, last+1)
	for i := range starts {
		starts[i] = d.members[i].cursor
	}
	s.mu.Unlock()

	answers := s.askAll(ctx, directory, last+1)
	if err := ctx.Err(); err != nil {
		return registry.Listing{}, fmt.Errorf("merge: list %s: %w", directory, err)
	}
	for i, a := range answers {
		s.report(directory, i, func(m *memory) { m.listing = a.err })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.take(d, answers, starts); err != nil {
		return registry.Listing{}, fmt.Errorf("merge: list %s: %w", directory, err)
	}
	return s.listing(d), nil
}

// answer is what a member said to a List.
type answer struct {
	listing registry.Listing
	err     error
}

// askAll lists a directory at the first members, at the same time.
func (s *Source) askAll(ctx context.Context, directory string, members int) []answer {
	bounded, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	answers, done := make([]answer, members), make(chan struct{})
	for i := range answers {
		go func() {
			defer func() { done <- struct{}{} }()
			answers[i].listing, answers[i].err = safely(func() (registry.Listing, error) {
				return s.cfg.Members[i].Source.List(bounded, directory)
			})
		}()
	}
	for range answers {
		<-done
	}
	return answers
}

// take puts the answers into the books. It is called with the lock held.
func (s *Source) take(d *directory, answers []answer, starts []registry.Index) error {
	var wrong []error
	answered := false
	for i, a := range answers {
		if a.err != nil {
			wrong = append(wrong, s.named(i, a.err))
			continue
		}
		answered = true
		d.members[i].listed(d, a.listing, starts[i])
		if s.cfg.Mode == Fallback {
			break
		}
	}
	if !answered {
		return fmt.Errorf("%w: %w", errNobody, oneLine(wrong))
	}
	s.relist(d)
	for i, m := range s.cfg.Members {
		if s.cfg.Mode == Union && !m.Optional && !d.members[i].known {
			return fmt.Errorf("a part is not known yet: %w", s.named(i, answers[i].err))
		}
	}
	return nil
}

// listing is what the members hold together. It is called with the lock held.
func (s *Source) listing(d *directory) registry.Listing {
	l := registry.Listing{Index: s.history.Index(), Cluster: d.cluster(&s.cfg), Missing: d.missing(s.cfg.Mode)}
	for key, e := range d.shown {
		if !d.hidden(key) {
			l.Entries = append(l.Entries, e)
		}
	}
	slices.SortFunc(l.Entries, func(a, b registry.Entry) int { return cmp.Compare(a.Key, b.Key) })
	return l
}

// Get asks the members that count, one after the other, and returns the first
// value. A member that fails ends it only if the key was its own when it last
// said so, or it never did.
func (s *Source) Get(ctx context.Context, key string) (registry.Entry, error) {
	slash := strings.LastIndexByte(key, '/')
	if slash < 0 {
		return registry.Entry{}, fmt.Errorf("merge: get: %q is not a key: write it like /services/api/api-1", key)
	}
	e, err := s.get(ctx, key[:slash+1], key)
	if err != nil {
		return registry.Entry{}, fmt.Errorf("merge: get %s: %w", key, err)
	}
	return e, nil
}

func (s *Source) get(ctx context.Context, directory, key string) (registry.Entry, error) {
	for i, member := range s.cfg.Members {
		if !s.counts(directory, i) {
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
		e, err := safely(func() (registry.Entry, error) { return member.Source.Get(bounded, key) })
		cancel()
		switch {
		case ctx.Err() != nil:
			return registry.Entry{}, ctx.Err()
		case err == nil:
			s.report(directory, i, func(m *memory) { m.listing = nil })
			return s.read(directory, i, e)
		case errors.Is(err, registry.ErrNotFound):
			s.report(directory, i, func(m *memory) { m.listing = nil })
			if s.cfg.Mode == Fallback {
				return registry.Entry{}, err
			}
		default:
			s.report(directory, i, func(m *memory) { m.listing = err })
			if s.mayHold(directory, i, key) {
				return registry.Entry{}, s.named(i, err)
			}
		}
	}
	return registry.Entry{}, registry.ErrNotFound
}

// read puts a value that was read on its own into the books, and returns it at the
// position that it has here.
func (s *Source) read(name string, member int, e registry.Entry) (registry.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.directory(name)
	m := &d.members[member]
	known, there := m.entries[e.Key]
	if !there && e.Index > m.cursor || there && e.Index > known.Index {
		m.entries[e.Key] = e
		if !there || known.Value != e.Value {
			s.show(d, member, registry.Change{Kind: registry.ChangePut, Entry: e})
		}
	}
	shown, visible := d.shown[e.Key]
	if !visible || shown.Value != e.Value {
		return registry.Entry{}, errMoving
	}
	shown.TTL = e.TTL
	return shown, nil
}

var (
	errNobody = errors.New("no member answers")
	// errMoving is a key that two calls see in two states.
	errMoving = errors.New("the key is just changing: read it again")
)

func (s *Source) counts(directory string, member int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.directory(directory)
	_, alone := d.serving(s.cfg.Mode)
	return s.cfg.Mode == Union || !alone || d.counts(member, s.cfg.Mode)
}

// mayHold reports whether a member that does not answer may have a key: it had when
// it last said something, or it never said anything and a listing needs it.
func (s *Source) mayHold(directory string, member int, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &s.directory(directory).members[member]
	_, there := m.entries[key]
	if s.cfg.Mode == Fallback {
		return m.known // it is the only one to ask
	}
	return there || !m.known && !s.cfg.Members[member].Optional
}

// report notes how a call of a member went, and tells when that makes a difference.
func (s *Source) report(directory string, member int, note func(*memory)) {
	s.mu.Lock()
	m := &s.directory(directory).members[member]
	was := m.failing()
	note(m)
	is := m.failing()
	s.mu.Unlock()
	if (was == nil) != (is == nil) {
		s.cfg.Report(s.cfg.Members[member].Name, directory, is)
	}
}

func (s *Source) named(member int, err error) error {
	return fmt.Errorf("%s: %w", s.cfg.Members[member].Name, err)
}

// oneLine joins errors in one line, which is how they are logged.
func oneLine(all []error) error {
	var joined error
	for _, err := range all {
		if joined == nil {
			joined = err
			continue
		}
		joined = fmt.Errorf("%w; %w", joined, err)
	}
	return joined
}

// safely makes a panic of a member an error: it runs on a goroutine of ours, where
// nobody else would catch it.
func safely[T any](call func() (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the member panicked: %.128q", fmt.Sprint(p))
		}
	}()
	return call()
}
