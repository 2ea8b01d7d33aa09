package admission

// Kept is how many things are remembered.
func (c *Controller) Kept() int {
	return len(c.slab.waiters) + len(c.slab.byID) + len(c.buckets.known) + len(c.inFlight)
}
