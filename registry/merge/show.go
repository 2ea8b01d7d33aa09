package merge

import "github.com/firebreak-go/firebreak/registry"

// directory is called with the lock held.
func (s *Source) directory(name string) *directory {
	d, known := s.directories[name]
	if !known {
		d = newDirectory(name, len(s.cfg.Members))
		s.directories[name] = d
	}
	return d
}

// show tells what a change of one member's key makes of the whole: it may be hidden
// behind another member's, or bring that to light. It is called with the lock held.
func (s *Source) show(d *directory, member int, c registry.Change) {
	key := c.Entry.Key
	was, before := d.shown[key]
	is, from, after := d.winner(key, s.cfg.Mode)
	told := registry.Change{Kind: registry.ChangePut, Entry: is}
	switch {
	case !before && !after:
		return
	case !after:
		told.Kind, told.Entry = c.Kind, registry.Entry{Key: key}
	case from != member && before && is.Value == was.Value:
		return
	}
	switch {
	case before:
		told.Previous = &was
	case c.Previous != nil && from == member:
		previous := *c.Previous
		previous.Index = s.history.Index() // where it was in force
		told.Previous = &previous
	}
	is.Index = s.history.Append(d.name, told)
	if after {
		d.shown[key] = is
	} else {
		delete(d.shown, key)
	}
}

// relist makes what is shown what the members hold, after a listing. Whoever
// watches is told to list as well, if there is a difference: it has one position,
// and why a key is gone nobody knows. It is called with the lock held.
func (s *Source) relist(d *directory) {
	next := make(map[string]registry.Entry, len(d.shown))
	var differ []string
	for i := range d.members {
		for key := range d.members[i].entries {
			if _, twice := next[key]; twice {
				continue
			}
			is, _, there := d.winner(key, s.cfg.Mode)
			if !there {
				continue
			}
			if was, before := d.shown[key]; before && was.Value == is.Value {
				is.Index = was.Index
			} else {
				differ = append(differ, key)
			}
			next[key] = is
		}
	}
	gone := false
	for key := range d.shown {
		_, still := next[key]
		gone = gone || !still
	}
	if len(differ) > 0 || gone {
		at := s.history.Append(d.name, registry.Change{Kind: registry.ChangeDirectory, Entry: registry.Entry{Key: d.name}})
		for _, key := range differ {
			e := next[key]
			e.Index = at
			next[key] = e
		}
	}
	d.shown = next
}
