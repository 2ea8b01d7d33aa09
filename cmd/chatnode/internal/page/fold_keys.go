package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/firebreak-go/firebreak/actors"
)

// verdictGood is a value that decodes; verdictDeleted and verdictExpired are keys
// that are gone. Everything else is the class of a fault.
const (
	verdictGood    = "good"
	verdictDeleted = "deleted"
	verdictExpired = "expired"
)

func faulty(verdict string) bool {
	return verdict != verdictGood && verdict != verdictDeleted && verdict != verdictExpired
}

// keyFold is what is known of the keys: what etcd holds, and who believes what.
type keyFold struct {
	index uint64
	all   map[string]*keyHistory
	wrong map[string]*wrongKey // bad in etcd, or held back by a node
	// stored is how many of them etcd holds.
	stored int
}

type keyHistory struct {
	writes []Write
	served map[string]uint64 // by node: the index of what it accepted last
}

type wrongKey struct {
	class, preview string
	since          time.Time
	etcd           bool            // etcd holds a bad value now
	nodes          map[string]bool // those that keep it in quarantine
}

func newKeyFold() keyFold {
	return keyFold{all: make(map[string]*keyHistory), wrong: make(map[string]*wrongKey)}
}

// history finds a key's history, or begins one; nil beyond the limit.
func (k *keyFold) history(key string) *keyHistory {
	h := k.all[key]
	if h == nil && len(k.all) < maxKeys {
		h = &keyHistory{served: make(map[string]uint64)}
		k.all[key] = h
	}
	return h
}

func (k *keyFold) write(o WriteSeen) {
	k.index = max(k.index, o.Index)
	if h := k.history(o.Key); h != nil {
		h.writes = append(h.writes, Write{
			T: o.At.UnixMilli(), Index: o.Index, Value: shown(o.Value, maxShown), Verdict: o.Verdict,
			By: By{Accepted: []string{}, Refused: []string{}},
		})
		if len(h.writes) > maxWrites {
			h.writes = slices.Delete(h.writes, 0, 1)
		}
	}
	w := k.wrong[o.Key]
	if faulty(o.Verdict) {
		if w == nil {
			w = k.becomeWrong(o.Key, o.At)
		}
		if !w.etcd {
			k.stored++
		}
		w.etcd, w.class, w.preview = true, o.Verdict, shown(o.Value, maxPreview)
		return
	}
	if w != nil && w.etcd {
		k.stored--
		w.etcd = false
		k.settle(o.Key, w)
	}
}

func (k *keyFold) becomeWrong(key string, at time.Time) *wrongKey {
	w := &wrongKey{since: at, nodes: make(map[string]bool)}
	k.wrong[key] = w
	return w
}

// settle forgets a key that nothing is wrong with any more.
func (k *keyFold) settle(key string, w *wrongKey) {
	if !w.etcd && len(w.nodes) == 0 {
		delete(k.wrong, key)
	}
}

func (k *keyFold) badInEtcd(key string) bool {
	w := k.wrong[key]
	return w != nil && w.etcd
}

// at is the newest write of a key with that index.
func (h *keyHistory) at(index uint64) *Write {
	for i := len(h.writes) - 1; i >= 0; i-- {
		if h.writes[i].Index == index {
			return &h.writes[i]
		}
	}
	return nil
}

// accept notes that a node took a value.
func (k *keyFold) accept(node string, e actors.Event) {
	h := k.all[e.Key]
	if h == nil {
		return
	}
	h.served[node] = uint64(e.Index)
	if w := h.at(uint64(e.Index)); w != nil {
		w.By.Accepted = with(w.By.Accepted, node)
	}
}

// refuse notes that a node put a key into quarantine.
func (k *keyFold) refuse(node string, e actors.Event) {
	w := k.wrong[e.Key]
	if w == nil {
		w = k.becomeWrong(e.Key, e.At)
	}
	w.nodes[node] = true
	w.class = cmp.Or(w.class, e.Class)
	if h := k.all[e.Key]; h != nil {
		if write := h.at(uint64(e.Index)); write != nil {
			write.By.Refused = with(write.By.Refused, node)
		}
	}
}

// crashed notes that a node's watcher ended over a value: the node says not over
// which, so only where one key is bad is it known.
func (k *keyFold) crashed(node string) {
	var key string
	for name, w := range k.wrong {
		if w.etcd && key != "" {
			return
		}
		if w.etcd {
			key = name
		}
	}
	if h := k.all[key]; h != nil && len(h.writes) > 0 {
		newest := &h.writes[len(h.writes)-1]
		newest.By.Refused = with(newest.By.Refused, node)
	}
}

func (k *keyFold) release(node string, e actors.Event) {
	if w := k.wrong[e.Key]; w != nil {
		delete(w.nodes, node)
		k.settle(e.Key, w)
	}
	h := k.all[e.Key]
	switch {
	case h == nil:
	case e.Kind == actors.EventInstanceRemoved:
		delete(h.served, node)
	default:
		k.accept(node, e)
	}
}

// forget is a node that is gone, with all it knew.
func (k *keyFold) forget(node string) {
	for key, w := range k.wrong {
		delete(w.nodes, node)
		k.settle(key, w)
	}
	for _, h := range k.all {
		delete(h.served, node)
	}
}

func (k *keyFold) badTotal() int { return len(k.wrong) }

// quarantined counts the keys that any node holds back.
func (k *keyFold) quarantined() int {
	n := 0
	for _, w := range k.wrong {
		if len(w.nodes) > 0 {
			n++
		}
	}
	return n
}

// bad lists the bad keys, the oldest first.
func (k *keyFold) bad(at time.Time) []BadKey {
	keys := slices.SortedFunc(maps.Keys(k.wrong), func(a, b string) int {
		return cmp.Or(k.wrong[a].since.Compare(k.wrong[b].since), cmp.Compare(a, b))
	})
	bad := make([]BadKey, 0, min(len(keys), maxBad))
	for _, key := range keys[:min(len(keys), maxBad)] {
		w := k.wrong[key]
		bad = append(bad, BadKey{
			Key: shown(key, maxShown), Class: w.class, SinceMS: max(0, at.Sub(w.since).Milliseconds()), Preview: w.preview,
		})
	}
	return bad
}

func (k *keyFold) detail(key string) (KeyDetail, bool) {
	h := k.all[key]
	if h == nil || len(h.writes) == 0 {
		return KeyDetail{}, false
	}
	newest := h.writes[len(h.writes)-1]
	d := KeyDetail{Key: key, State: newest.Verdict, ServedFrom: h.servedFrom(newest), History: make([]Write, 0, len(h.writes))}
	if w := k.wrong[key]; w != nil && !w.etcd {
		d.State = fmt.Sprintf("%s again in etcd, still in quarantine on %d", newest.Verdict, len(w.nodes))
	}
	for _, w := range h.writes {
		w.By = By{Accepted: slices.Clone(w.By.Accepted), Refused: slices.Clone(w.By.Refused)}
		d.History = append(d.History, w)
	}
	return d, true
}

// servedFrom says which write the nodes serve.
func (h *keyHistory) servedFrom(newest Write) string {
	by := make(map[uint64]int)
	for _, index := range h.served {
		by[index]++
	}
	if len(by) == 0 {
		return "no chat node serves it"
	}
	parts := make([]string, 0, len(by))
	for _, index := range slices.Sorted(maps.Keys(by)) {
		what := "an older value"
		if index == newest.Index {
			what = "the newest value"
		} else if faulty(newest.Verdict) {
			what = "the last good value"
		}
		parts = append(parts, fmt.Sprintf("%s (index %d) on %s", what, index, plural(by[index], "node")))
	}
	return strings.Join(parts, "; ")
}

// with enters a name in a sorted list, once.
func with(names []string, name string) []string {
	i, there := slices.BinarySearch(names, name)
	if there {
		return names
	}
	return slices.Insert(names, i, name)
}

// shown is a hostile text, fit to be shown: cut between two characters, and on one line.
func shown(text string, most int) string {
	cut := text
	if len(text) > most {
		end := most
		for end > max(0, most-utf8.UTFMax) && !utf8.RuneStart(text[end]) {
			end--
		}
		cut = text[:end]
	}
	quoted := strconv.Quote(cut)
	out := strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	if len(cut) < len(text) {
		out += "…"
	}
	return out
}
