//go:build unix

package chaos

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// wantVisible waits until every node's view differs from etcd only where a hold, a
// quarantine or a doubt says so.
func (w *world) wantVisible(when string, limit time.Duration) {
	w.t.Helper()
	took := w.await(when, limit, unnamed)
	w.say("every valid record is visible %s after %v", when, took.Round(time.Millisecond))
}

// wantEqual waits until every node believes what etcd holds, and nothing else.
func (w *world) wantEqual() {
	w.t.Helper()
	took := w.await("when all holds have run out", equalWithin, different)
	w.say("every view is equal after %v more", took.Round(time.Millisecond))
}

// await polls until a comparison finds nothing in any view, and fails with what it
// found last.
func (w *world) await(when string, limit time.Duration, compare func(registry.Listing, *registry.Snapshot) []difference) time.Duration {
	w.t.Helper()
	began := time.Now()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		found := w.compareAll(compare)
		if len(found) == 0 {
			return time.Since(began)
		}
		if time.Since(began) > limit {
			for _, text := range found[:min(len(found), 8)] {
				w.t.Errorf("%s, after %v: %s", when, limit, text)
			}
			w.t.FailNow()
		}
		<-poll.C
	}
}

// difference is a key of which a view does not say what etcd says.
type difference struct{ key, text string }

func (w *world) compareAll(compare func(registry.Listing, *registry.Snapshot) []difference) []string {
	var found []string
	for _, s := range crowd() {
		l := w.list(s.name)
		for key := range w.ledger.keys(directory(s.name)) {
			found = append(found, announced(l, key)...)
		}
		for _, n := range w.nodes {
			snapshot := n.runtime.Snapshot(s.name)
			for _, d := range compare(l, snapshot) {
				found = append(found, fmt.Sprintf("%s: %s: %s (guards %+v)%s", n.name, d.key, d.text, snapshot.Guards, n.past(s.name, d.key)))
			}
		}
	}
	return found
}

// announced says what is wrong with the record of a healthy instance: its announcer
// repairs all but a record of a newer version, which is not its own.
func announced(l registry.Listing, key string) []string {
	for _, e := range l.Entries {
		if e.Key != key {
			continue
		}
		if _, fault := decode(key[:strings.LastIndexByte(key, '/')+1], e); fault != "" && fault != registry.ClassUnsupported.String() {
			return []string{key + ": it is healthy, and bad in etcd: " + fault}
		}
		return nil
	}
	return []string{key + ": it is healthy, and not in etcd"}
}

func holds(l registry.Listing, key string) bool {
	for _, e := range l.Entries {
		if e.Key == key {
			return true
		}
	}
	return false
}

// unnamed are the differences that nothing explains.
func unnamed(l registry.Listing, s *registry.Snapshot) []difference {
	var found []difference
	bad := make(map[string]*registry.Bad)
	for _, b := range s.Quarantined {
		bad[b.Key] = b
	}
	for _, e := range l.Entries {
		row, serves := s.Rows.Get(e.Key)
		b, quarantined := bad[e.Key]
		in, fault := decode(s.Directory, e)
		switch {
		case fault != "":
			if !quarantined {
				found = append(found, difference{e.Key, "bad in etcd (" + fault + "), and not in quarantine"})
			}
		case serves && row.Hold != registry.HoldNone: // named
		case quarantined && !b.Doubted.IsZero(): // named
		case quarantined:
			found = append(found, difference{e.Key, "good in etcd, and in quarantine: " + b.Reason})
		case !serves:
			found = append(found, difference{e.Key, "good in etcd, and not in the view"})
		case !row.Instance.Equal(in):
			found = append(found, difference{e.Key, fmt.Sprintf("another one in etcd: %+v, in the view: %+v", in, row)})
		}
	}
	for row := range s.Rows.All() {
		if !holds(l, row.Key) && row.Hold == registry.HoldNone {
			found = append(found, difference{row.Key, fmt.Sprintf("not in etcd, and served without a reason: %+v", row)})
		}
	}
	return found
}

// different are all differences, and all holds.
func different(l registry.Listing, s *registry.Snapshot) []difference {
	found := unnamed(l, s)
	for _, g := range s.Guards {
		found = append(found, difference{s.Directory, "guard " + g.Guard.String() + " is engaged: " + g.Reason})
	}
	for _, b := range s.Quarantined {
		found = append(found, difference{b.Key, "in quarantine: " + b.Reason})
	}
	for row := range s.Rows.All() {
		if row.Status != registry.StatusLive {
			found = append(found, difference{row.Key, fmt.Sprintf("served as %s, held for %s", row.Status, row.Hold)})
		}
	}
	return found
}

// decode is what a record says, or its class of fault.
func decode(directory string, e registry.Entry) (in registry.Instance, fault string) {
	service := strings.TrimSuffix(strings.TrimPrefix(directory, registry.DefaultPrefix+"/"), "/")
	id, _ := registry.SplitKey(directory, e.Key)
	in, err := registry.Decode(service, id, e.Value)
	if err != nil {
		return in, classOf(service, id, e.Value)
	}
	return in, ""
}

// mend repairs what is bad: an announced record by its own value, as its announcer
// would, any other key by its removal. What operators hold, they thaw.
func (w *world) mend() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), callLimit)
	defer cancel()
	own := make(map[string]string)
	for _, i := range w.instances {
		own[i.key] = i.value
	}
	for _, s := range crowd() {
		for _, e := range w.list(s.name).Entries {
			_, fault := decode(directory(s.name), e)
			if fault == "" {
				continue
			}
			err := error(nil)
			if value, announced := own[e.Key]; announced {
				err = w.server.put(ctx, e.Key, value, ttl)
			} else {
				err = w.server.remove(ctx, e.Key)
			}
			if err != nil {
				w.t.Fatalf("mending %s: got error %v, want none", e.Key, err)
			}
		}
	}
	for _, n := range w.nodes {
		for service := range n.held {
			if err := n.runtime.Thaw(service); err != nil {
				w.t.Fatalf("thaw of %s at %s: got error %v, want none", service, n.name, err)
			}
			delete(n.held, service)
		}
	}
}
