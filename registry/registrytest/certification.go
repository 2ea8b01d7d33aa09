package registrytest

import "math/rand/v2"

// The bounds of a report: the first failures of a kind show what is wrong.
const (
	maxFailuresOfKind = 3
	maxFailures       = 12
)

// certification is one run of [Certify].
type certification[V any] struct {
	t        TB
	decoder  Decoder[V]
	failures map[kind]int
	failed   int
	ended    bool // no more cases: too many failures, or a decode that hangs
}

// sample puts one sample to the proof.
func (c *certification[V]) sample(s subject) {
	c.t.Helper()
	intact := damage{kind: kindIntact, service: s.Service, id: s.ID, value: s.Value}
	first := c.decode(intact)
	if first.err != nil {
		c.fail(s, intact, "got "+describe(first.err)+", want a good value for a sample")
		return
	}
	if complaint := c.complaint(s, intact, first, first.value); complaint != "" {
		c.fail(s, intact, complaint)
		c.ended = c.ended || first.hung
		return
	}
	random := rand.New(rand.NewPCG(c.decoder.Seed, uint64(s.number)))
	for m := range s.damages(random, c.decoder.Mutations) {
		c.try(s, m, first.value)
		if c.ended {
			return
		}
	}
	c.try(s, damage{kind: kindAgain, service: s.Service, id: s.ID, value: s.Value}, first.value)
}

// try decodes one damaged value and judges what comes of it.
func (c *certification[V]) try(s subject, m damage, good V) {
	c.t.Helper()
	if c.failures[m.kind] >= maxFailuresOfKind {
		return
	}
	o := c.decode(m)
	if complaint := c.complaint(s, m, o, good); complaint != "" {
		c.fail(s, m, complaint)
	}
	c.ended = c.ended || o.hung
}

// fail reports a failure and keeps count.
func (c *certification[V]) fail(s subject, m damage, complaint string) {
	c.t.Helper()
	seed := uint64(0)
	if m.kind == kindRandom {
		seed = c.decoder.Seed
	}
	c.t.Errorf("%s", failureText(s, m, seed, complaint))
	if c.failures == nil {
		c.failures = make(map[kind]int)
	}
	c.failures[m.kind]++
	c.failed++
	if c.failed == maxFailures {
		c.t.Errorf("certify: stopped after %d failures", c.failed)
		c.ended = true
	}
}
