package registry_test

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// tape is a history that is being read. At its end there are zeros.
type tape []byte

func (p *tape) below(n int) int {
	if len(*p) == 0 {
		return 0
	}
	b := int((*p)[0])
	*p = (*p)[1:]
	return b % n
}

// key is one of few, so that things happen to the same ones; some are strange.
func (r *rehearsal) key() string {
	names := []string{"a", "b", "c", "d", "e", "f", "_g", "\u00fc\x00", "x/y", ""}
	return apis + names[r.below(len(names))]
}

func (r *rehearsal) value(key string) string {
	id := key[len(apis):]
	known := []string{
		record(id, 1), record(id, 2), record(id, 3), record(id, 1), record(id, 2),
		fmt.Sprintf(`{"v":1,"service":"api","id":%q,"host":"h","port":1,"state":"draining"}`, id),
		fmt.Sprintf(`{"v":1,"service":"api","id":%q,"host":"h","port":1,"zone":"z"}`, id),
		"", "{", "null", `{"v":2}`, record("other", 1), string(make([]byte, registry.MaxValueBytes+9)),
	}
	return known[r.below(len(known))]
}

// index is mostly the next one, at times the last one or one long ago, or ahead.
func (r *rehearsal) index() registry.Index {
	switch r.below(8) {
	case 0:
		return r.at
	case 1:
		return registry.Index(r.below(200))
	case 2:
		r.at += 1000
	default:
		r.at++
	}
	return r.at
}

func (r *rehearsal) entry() registry.Entry {
	key := r.key()
	return registry.Entry{Key: key, Value: r.value(key), Index: r.index(), TTL: time.Duration(r.below(2)) * time.Minute}
}

// listing may be in no order, have keys twice, and be of another registry.
func (r *rehearsal) listing() registry.Listing {
	l := registry.Listing{Index: r.index(), Cluster: []string{"", "one", "one", "two"}[r.below(4)], Missing: r.below(4) == 0}
	for range r.below(10) {
		l.Entries = append(l.Entries, r.entry())
	}
	return l
}
