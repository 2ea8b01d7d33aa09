package registry

import (
	"cmp"
	"slices"
)

// Digest tells two sets of keys and values apart without holding them. It is
// built key by key, in any order; two equal ones differ by a chance of one in
// 2^32 for a single changed value. Where a value was written is left out: a
// renewal moves that, and changes nothing.
type Digest struct {
	Keys int
	Sum  uint64
}

func (d *Digest) add(key string, hash uint64) {
	d.Keys++
	d.Sum += mix(key, hash)
}

func (d *Digest) remove(r *record) {
	if r.hash != 0 {
		d.Keys--
		d.Sum -= mix(r.newest.Key, r.hash)
	}
}

// replace exchanges the hash of a known key's value; a hash of 0 is not in it.
func (d *Digest) replace(key string, old, now uint64) {
	spread := spreadKey(key)
	if old != 0 {
		d.Keys--
		d.Sum -= spread.with(old)
	}
	d.Keys++
	d.Sum += spread.with(now)
}

// mix spreads a key and the hash of its value over 64 bits (FNV-1a, and the
// finalizer of MurmurHash3).
func mix(key string, hash uint64) uint64 { return spreadKey(key).with(hash) }

type spread uint64

func spreadKey(key string) spread {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return spread(h)
}

func (s spread) with(hash uint64) uint64 {
	h := uint64(s) ^ hash
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Digest is of what the view knows to be in the registry, good and bad, without
// what is held.
func (v *View) Digest() Digest { return v.digest }

// Digest is of the keys that are an instance's.
func (l Listing) Digest(directory string) Digest {
	var d Digest
	for _, e := range l.instances(directory) {
		d.add(e.Key, e.hash)
	}
	return d
}

// listed is an entry of a listing, bounded, with the fingerprint of its value.
type listed struct {
	Entry

	hash uint64
}

// instances are the entries that can be an instance's, each key once. A listing
// that is sorted, as most are, needs no set of names for that.
func (l Listing) instances(directory string) []listed {
	found := make([]listed, 0, len(l.Entries))
	var seen map[string]struct{}
	if !slices.IsSortedFunc(l.Entries, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) }) {
		seen = make(map[string]struct{}, len(l.Entries))
	}
	for i, e := range l.Entries {
		_, twice := seen[e.Key]
		twice = twice || seen == nil && i > 0 && l.Entries[i-1].Key == e.Key
		if _, ours := SplitKey(directory, e.Key); twice || !ours {
			continue
		}
		if seen != nil {
			seen[e.Key] = struct{}{}
		}
		e.Value = bounded(e.Value)
		found = append(found, listed{e, fingerprint(e.Value)})
	}
	return found
}

// Divergence is what a listing has and a view has not, or the other way round.
type Divergence struct {
	// Missing keys are in the listing only, Extra ones in the view only, and
	// Different ones have another value.
	Missing, Extra, Different int
	// Missed counts those of which a change should have told, for they were
	// written, or were gone, before the view's index. The others may just be
	// newer than what the view has read so far.
	Missed int
	// First is the first such key by name, or the first of all.
	First string
}

// Any reports whether there is a difference.
func (d Divergence) Any() bool { return d.Missing+d.Extra+d.Different > 0 }

// Compare compares a listing with what the view knows, and changes nothing.
func (v *View) Compare(l Listing) Divergence {
	return v.compare(l.instances(v.directory), l.Index)
}

func (v *View) compare(entries []listed, index Index) Divergence {
	var d Divergence
	missed := ""
	note := func(kind *int, key string, sure bool) {
		*kind++
		d.First = least(d.First, key)
		if sure {
			d.Missed++
			missed = least(missed, key)
		}
	}
	both := 0
	for _, e := range entries {
		switch r := v.records[e.Key]; {
		case r == nil || r.absent:
			note(&d.Missing, e.Key, e.Index <= v.read)
		case r.hash != e.hash:
			both++
			note(&d.Different, e.Key, e.Index <= v.read)
		default:
			both++
		}
	}
	if both < v.present {
		there := make(map[string]struct{}, len(entries))
		for _, e := range entries {
			there[e.Key] = struct{}{}
		}
		for key, r := range v.records {
			if _, known := there[key]; !known && !r.absent {
				note(&d.Extra, key, index <= v.read)
			}
		}
	}
	d.First = cmp.Or(missed, d.First)
	return d
}

// least is the first of two names, not counting empty ones.
func least(a, b string) string {
	if a == "" || b < a {
		return b
	}
	return a
}
