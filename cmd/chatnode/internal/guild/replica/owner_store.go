package replica

import (
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// Claimed takes the guild.
func (o *Owner) Claimed(in *wire.ClaimedGuild, now time.Time) []Step {
	if o.phase != claiming {
		return nil
	}
	o.phase, o.calling, o.failures = serving, false, 0
	o.epoch, o.state = in.GetEpoch(), State{in.GetGuild(), in.GetUsers()}
	o.log = log{base: in.GetRevision(), revision: in.GetRevision()}
	o.head = max(o.head, o.log.revision)
	return o.settle(now)
}

// ClaimFailed takes that the guild was not claimed: because there is none, or because nobody answered.
func (o *Owner) ClaimFailed(none bool, now time.Time) []Step {
	if o.phase != claiming {
		return nil
	}
	if none {
		return o.end(wire.Gone_NOT_FOUND)
	}
	o.failed(now)
	return o.settle(now)
}

// ReadFailed takes that changes were not read.
func (o *Owner) ReadFailed(now time.Time) []Step {
	o.failed(now)
	return o.settle(now)
}

func (o *Owner) failed(now time.Time) {
	o.calling = false
	o.failures++
	o.retryAt = now.Add(o.cfg.Retry.Delay(o.failures, o.cfg.Random()))
}

// ChangesRead takes the changes after the revision of the Read.
func (o *Owner) ChangesRead(in *wire.GuildEvents, now time.Time) []Step {
	if o.phase != serving {
		return nil
	}
	o.calling, o.failures = false, 0
	o.head = max(o.head, in.GetHead())
	switch {
	case !in.GetGap():
		for _, e := range o.log.merge(o.readFrom, in) {
			o.state = o.state.with(e)
		}
		if o.readFrom < o.log.base {
			o.forgo() // there is more between than one call reads
		}
		if in.GetThrough() == in.GetHead() {
			o.correct(in.GetHead())
		}
	case o.readFrom >= o.log.revision:
		// What is missing cannot be had: everybody begins anew.
		o.phase = claiming
		for _, f := range o.followers {
			f.whole = true
		}
	default:
		o.forgo()
	}
	return o.settle(now)
}

// correct takes the store's word for how far the guild is. Who has seen more than there is, because the store lost it,
// gets the guild anew.
func (o *Owner) correct(head uint64) {
	o.head = max(head, o.log.revision)
	for revision := range o.early {
		o.head = max(o.head, revision)
	}
	for _, f := range o.followers {
		switch {
		case f.sent <= o.head:
		case f.reads < o.reads:
			f.whole = true
		default:
			o.head = max(o.head, f.sent) // it came while the call was under way
		}
	}
}

// forgo gives the guild to those whose missing changes cannot be had.
func (o *Owner) forgo() {
	for _, f := range o.followers {
		f.stored = false
	}
}

// Checked takes how far the guild is in the store, and whether somebody else has claimed it.
func (o *Owner) Checked(head uint64, stale bool, now time.Time) []Step {
	if o.phase != serving {
		return nil
	}
	if stale {
		return o.end(wire.Gone_MOVED)
	}
	o.head = max(o.head, head)
	return o.settle(now)
}
