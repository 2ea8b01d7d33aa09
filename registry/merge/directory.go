package merge

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// directory is what is known of one directory. It is read and written with the
// source's lock held.
type directory struct {
	name    string
	members []memory
	shown   map[string]registry.Entry // by key, with the source's own indexes
}

// memory is what one member said of a directory.
type memory struct {
	known   bool           // it was listed
	cursor  registry.Index // up to which its changes are known
	cluster string
	missing bool
	entries map[string]registry.Entry // by key, with the member's indexes
	forgot  int                       // how often it turned out to have lost what it knew

	listing error // of the last listing or read
	watch   watch
}

// watch is how the watching of a member goes.
type watch struct {
	err      error     // of the last one
	failures int       // in a row
	again    time.Time // when it may be watched again
	tried    time.Time // since when it is, without another failure; zero while it is not
}

func newDirectory(name string, members int) *directory {
	d := &directory{name: name, members: make([]memory, members), shown: make(map[string]registry.Entry)}
	for i := range d.members {
		d.members[i].entries = make(map[string]registry.Entry)
	}
	return d
}

// holds reports whether a key lies directly in the directory.
func (d *directory) holds(key string) bool {
	name, inside := strings.CutPrefix(key, d.name)
	return inside && name != "" && !strings.Contains(name, "/")
}

// hidden reports whether a key is in no listing.
func (d *directory) hidden(key string) bool { return strings.HasPrefix(key[len(d.name):], "_") }

// serving is the member that serves as of now, if one alone does: the first that
// was listed.
func (d *directory) serving(mode Mode) (i int, alone bool) {
	if mode == Union {
		return 0, false
	}
	for i := range d.members {
		if d.members[i].known {
			return i, true
		}
	}
	return 0, false
}

// counts reports whether what a member says is to be seen, and its watch is needed.
// Before any listing that is everybody.
func (d *directory) counts(i int, mode Mode) bool {
	if serving, alone := d.serving(mode); alone {
		return i == serving
	}
	if d.members[i].known {
		return true
	}
	for j := range d.members {
		if d.members[j].known {
			return false
		}
	}
	return true
}

// winner is the value of a key that counts.
func (d *directory) winner(key string, mode Mode) (e registry.Entry, from int, there bool) {
	for i := range d.members {
		if e, there = d.members[i].entries[key]; there && (mode == Union || d.counts(i, mode)) {
			return e, i, true
		}
	}
	return registry.Entry{}, 0, false
}

// cluster is who answers, made of the members' identities. A union says so only
// when all of it is known: one that joins is not another cluster.
func (d *directory) cluster(cfg *Config) string {
	serving, alone := d.serving(cfg.Mode)
	var parts []string
	forgot := 0
	for i := range d.members {
		m := &d.members[i]
		if alone && i != serving {
			continue
		}
		if !m.known {
			return ""
		}
		forgot += m.forgot
		parts = append(parts, cfg.Members[i].Name+"="+m.cluster)
	}
	if forgot > 0 {
		parts = append(parts, fmt.Sprintf("forgot=%d", forgot))
	}
	return strings.Join(parts, " ")
}

// missing reports whether nobody who counts has the directory.
func (d *directory) missing(mode Mode) bool {
	for i := range d.members {
		if m := &d.members[i]; m.known && d.counts(i, mode) && !m.missing {
			return false
		}
	}
	return true
}

// listed takes a member's listing, which was asked for when its cursor was at start.
// A listing that changes overtook tells nothing new.
func (m *memory) listed(d *directory, l registry.Listing, start registry.Index) {
	before := 0
	for key := range m.entries {
		if !d.hidden(key) {
			before++
		}
	}
	other := m.cluster != "" && l.Cluster != "" && l.Cluster != m.cluster // which shows by itself
	lost := m.known && (l.Index < start || len(l.Entries) == 0 && before > 0)
	forgot := other || lost
	switch {
	case other:
	case lost:
		m.forgot++
	case l.Index < m.cursor:
		return
	}
	there := make(map[string]registry.Entry, len(l.Entries))
	for _, e := range l.Entries {
		if !d.holds(e.Key) || d.hidden(e.Key) {
			continue
		}
		if read, known := m.entries[e.Key]; known && read.Index > e.Index && !forgot {
			e = read // a later write, which was read on its own
		}
		there[e.Key] = e
	}
	for key, e := range m.entries {
		if _, again := there[key]; !again && (d.hidden(key) || e.Index > l.Index && !forgot) {
			there[key] = e
		}
	}
	m.known, m.cursor, m.missing, m.entries = true, l.Index, l.Missing, there
	if l.Cluster != "" {
		m.cluster = l.Cluster
	}
}

// changed takes a member's change, and reports whether it is news.
func (m *memory) changed(d *directory, c registry.Change) bool {
	if c.Index <= m.cursor {
		return false // another call took it
	}
	m.cursor, m.missing = c.Index, false
	if c.Cluster != "" && m.known {
		m.cluster = c.Cluster
	}
	if c.Kind == registry.ChangeDirectory {
		return true
	}
	e := c.Entry
	if e.Index == 0 {
		e.Index = c.Index
	}
	if !d.holds(e.Key) || e.Index <= m.entries[e.Key].Index {
		return false
	}
	switch c.Kind {
	case registry.ChangePut:
		m.entries[e.Key] = e
	case registry.ChangeDeleted, registry.ChangeExpired, registry.ChangeDirectory:
		delete(m.entries, e.Key)
	}
	return true
}

// failing is what is wrong with a member, or nil.
func (m *memory) failing() error {
	if m.listing != nil {
		return m.listing
	}
	return m.watch.err
}
