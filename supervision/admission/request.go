package admission

import "time"

func (c *Controller) arrive(ev Event) {
	_, waits := c.slab.byID[ev.ID]
	_, runs := c.inFlight[ev.ID]
	if waits || runs || ev.Lane >= laneCount {
		return
	}
	l := &c.lanes[ev.Lane]
	l.stats.Arrived++
	w := waiter{id: ev.ID, lane: ev.Lane, arrived: c.now}
	if ev.Lane == Identify && ev.Client != 0 {
		w.key = bucketKey{ev.Client, ev.Shard % uint64(c.cfg.MaxConcurrency)}
		if wait := c.bucketWait(w.key); wait >= c.cfg.Patience && c.ramp.Mode != Off {
			c.refuse(w, TooSoon, min(wait, mostRetry)+c.jitter(leastRetry))
			return
		}
	}
	if l.all.n >= c.cfg.MaxWaiting {
		c.give(l.all.head, Displaced)
	}
	slot := c.slab.add(w)
	c.slab.push(&l.all, slot)
	if !w.key.none() {
		c.buckets.get(w.key).waiting++
	}
	c.enqueue(slot)
}

// bucketWait is how long a bucket takes for all that are before a newcomer.
func (c *Controller) bucketWait(key bucketKey) time.Duration {
	b := c.buckets.known[key]
	if b == nil {
		return 0
	}
	wait := time.Duration(min(b.waiting, c.cfg.MaxWaiting)) * c.cfg.BucketPeriod
	if b.recent {
		wait += b.free - c.now
	}
	return wait
}

// enqueue puts a waiter where its bucket says.
func (c *Controller) enqueue(slot int32) {
	w := &c.slab.waiters[slot]
	if !w.key.none() {
		if b := c.buckets.get(w.key); b.recent {
			w.held = true
			c.slab.push(&b.held, slot)
			c.buckets.held++
			return
		}
	}
	w.held = false
	l := &c.lanes[w.lane]
	if l.ready.n == 0 {
		l.busyAt = c.now
	}
	c.slab.push(&l.ready, slot)
}

// take removes a waiter from everywhere.
func (c *Controller) take(slot int32) waiter {
	w := c.slab.waiters[slot]
	l := &c.lanes[w.lane]
	c.slab.remove(&l.all, slot)
	if w.held {
		c.slab.remove(&c.buckets.known[w.key].held, slot)
		c.buckets.held--
	} else {
		c.slab.remove(&l.ready, slot)
	}
	if !w.key.none() {
		c.buckets.known[w.key].waiting--
		c.buckets.tidy(w.key)
	}
	c.slab.drop(slot)
	l.stats.AgeMax = max(l.stats.AgeMax, c.now-w.arrived)
	return w
}

func (c *Controller) leave(id uint64) {
	if slot, waits := c.slab.byID[id]; waits {
		w := c.take(slot)
		c.lanes[w.lane].stats.Left++
		return
	}
	delete(c.inFlight, id)
}

// expire refuses whoever has waited as long as it may.
func (c *Controller) expire() {
	for i := range c.lanes {
		l := &c.lanes[i]
		for l.all.head != none && c.now-c.slab.waiters[l.all.head].arrived >= c.cfg.Patience {
			c.give(l.all.head, Expired)
		}
	}
}

// give refuses a waiter.
func (c *Controller) give(slot int32, why Reason) {
	after := c.retryAfter()
	c.refuse(c.take(slot), why, after)
}

func (c *Controller) refuse(w waiter, why Reason, after time.Duration) {
	c.lanes[w.lane].stats.Refused[why]++
	c.steps = append(c.steps, Step{Kind: StepRefuse, ID: w.id, Lane: w.lane, Waited: c.now - w.arrived, Reason: why, RetryAfter: after})
}

// releaseBuckets lets those go on whose bucket has become free, as if they came now.
func (c *Controller) releaseBuckets() {
	for {
		key, b := c.buckets.oldest()
		if b == nil || (b.free > c.now && c.buckets.count <= maxBuckets) {
			return
		}
		c.releaseOldest(key, b)
	}
}

func (c *Controller) releaseOldest(key bucketKey, b *bucket) {
	c.buckets.release()
	for b.held.head != none {
		slot := b.held.head
		c.slab.remove(&b.held, slot)
		c.buckets.held--
		c.enqueue(slot)
	}
	c.buckets.tidy(key)
}

// releaseAll forgets who was granted lately.
func (c *Controller) releaseAll() {
	for key, b := c.buckets.oldest(); b != nil; key, b = c.buckets.oldest() {
		c.releaseOldest(key, b)
	}
}
