package admission

import "time"

// maxBuckets bounds the buckets that are remembered because somebody was granted lately. Beyond it the oldest is
// forgotten, which lets one client begin a little early.
const maxBuckets = 1 << 16

// bucketKey is a client and the bucket that its shard is in.
type bucketKey struct{ client, slot uint64 }

func (k bucketKey) none() bool { return k.client == 0 }

// bucket is there while somebody of it waits, or was granted less than a period ago.
type bucket struct {
	free    time.Duration // when the next one may be granted
	recent  bool          // in the ring
	waiting int           // all of it that wait, held or not
	held    list          // those that wait for the bucket
}

// buckets knows the buckets in use. Grants come in the order of time, so the ring is in the order in which they become
// free.
type buckets struct {
	period time.Duration
	known  map[bucketKey]*bucket
	ring   []bucketKey
	head   int
	count  int
	held   int // waiters of all of them
}

func newBuckets(period time.Duration) buckets {
	return buckets{period: period, known: map[bucketKey]*bucket{}, ring: make([]bucketKey, 64)}
}

func (b *buckets) get(key bucketKey) *bucket {
	found := b.known[key]
	if found == nil {
		found = &bucket{held: newList(byTurn)}
		b.known[key] = found
	}
	return found
}

// tidy forgets a bucket that nobody needs.
func (b *buckets) tidy(key bucketKey) {
	if found := b.known[key]; found != nil && !found.recent && found.waiting == 0 {
		delete(b.known, key)
	}
}

// begin counts a grant. The bucket must be free.
func (b *buckets) begin(key bucketKey, now time.Duration) {
	found := b.get(key)
	found.free, found.recent = now+b.period, true
	if b.count == len(b.ring) {
		b.grow()
	}
	b.ring[(b.head+b.count)%len(b.ring)] = key
	b.count++
}

func (b *buckets) grow() {
	bigger := make([]bucketKey, 2*len(b.ring))
	for i := range b.count {
		bigger[i] = b.ring[(b.head+i)%len(b.ring)]
	}
	b.ring, b.head = bigger, 0
}

// oldest is the bucket that becomes free first.
func (b *buckets) oldest() (bucketKey, *bucket) {
	if b.count == 0 {
		return bucketKey{}, nil
	}
	key := b.ring[b.head]
	return key, b.known[key]
}

// release ends the time of the oldest. Its owner releases whom it holds.
func (b *buckets) release() {
	if _, oldest := b.oldest(); oldest != nil {
		oldest.recent = false
	}
	b.head = (b.head + 1) % len(b.ring)
	b.count--
}
