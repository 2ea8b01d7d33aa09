package replica

import (
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// settle does whatever follows from what is known now.
func (o *Owner) settle(now time.Time) []Step {
	switch o.phase {
	case claiming:
		if !o.calling && !now.Before(o.retryAt) {
			o.calling = true
			o.out = append(o.out, Claim{})
		}
	case serving:
		o.absorb()
		o.watchHole(now)
		o.feed()
		o.read(now)
		o.log.trim(o.cfg.Keep, o.cfg.KeepBytes)
	case absent: // the claim may be answered before the first of them has come
		if len(o.followers) > 0 {
			return o.end(wire.Gone_NOT_FOUND)
		}
	case ended:
		return nil
	}
	switch {
	case len(o.followers) > 0:
		o.idleAt = time.Time{}
	case o.idleAt.IsZero():
		o.idleAt = now.Add(o.cfg.IdleAfter)
	}
	return o.flush()
}

// absorb takes the early changes whose turn it is.
func (o *Owner) absorb() {
	for {
		e := o.early[o.log.revision+1]
		if e == nil {
			break
		}
		o.log.add(e)
		o.state = o.state.with(e)
		delete(o.early, e.GetRevision())
	}
	maps.DeleteFunc(o.early, func(revision uint64, _ *wire.Event) bool { return revision <= o.log.revision })
}

// watchHole notes since when a change is missing.
func (o *Owner) watchHole(now time.Time) {
	switch {
	case o.head <= o.log.revision:
		o.holeBy = time.Time{}
	case o.holeBy.IsZero():
		o.holeBy = now.Add(o.cfg.HoleWait)
	}
}

// read calls the store for what somebody misses: a follower what came after its revision, or the owner itself.
func (o *Owner) read(now time.Time) {
	if o.calling || now.Before(o.retryAt) {
		return
	}
	after, wanted := o.log.revision, !o.holeBy.IsZero() && !now.Before(o.holeBy)
	for _, f := range o.followers {
		if o.lacks(f) {
			after, wanted = min(after, f.sent), true
		}
	}
	if wanted {
		o.calling, o.readFrom, o.reads = true, after, o.reads+1
		o.out = append(o.out, Read{after})
	}
}

// lacks says whether a follower misses what only the store has.
func (o *Owner) lacks(f *follower) bool { return !f.whole && f.stored && f.sent < o.log.base }

// feed sends the followers what they have not been sent, as far as their windows allow.
func (o *Owner) feed() {
	for _, node := range slices.Sorted(maps.Keys(o.followers)) {
		f := o.followers[node]
		switch {
		case o.lacks(f), !f.whole && f.sent > o.log.revision: // until it is read
		case f.whole || f.sent < o.log.base:
			o.send(node, &wire.GuildState{
				GuildId: o.guild, Term: f.term, Epoch: o.epoch, Revision: o.log.revision,
				Guild: o.state.Guild, Users: o.state.Users, Presences: o.online.list(),
			})
			f.whole, f.stored, f.sent, f.seen = false, false, o.log.revision, o.log.revision
		default:
			o.stream(node, f)
		}
	}
}

func (o *Owner) stream(node string, f *follower) {
	first := f.stored
	f.stored = false
	for first || f.sent < o.log.revision && f.sent-f.seen < uint64(o.cfg.Window) {
		first = false // who has missed nothing is told that, too
		events, through := o.log.after(f.sent)
		o.send(node, &wire.Changes{GuildId: o.guild, Term: f.term, After: f.sent, Through: through, Events: events})
		f.sent = through
	}
}

// presenceEvent is how sessions are told a presence.
func presenceEvent(p *wire.Presence) *wire.Event {
	d := protocol.NewPresenceUpdate(PresenceObject(p))
	return &wire.Event{Kind: uint32(d.Kind), GuildId: p.GetGuildId(), Full: d.Full.Text()}
}

// PresenceObject is a presence as clients see it.
func PresenceObject(p *wire.Presence) protocol.PresenceObject {
	object := protocol.PresenceObject{
		User: protocol.PartialObject{ID: protocol.Snowflake(p.GetUserId())}, Guild: protocol.Snowflake(p.GetGuildId()),
		Status: p.GetStatus(), Activities: jsontext.Value(p.GetActivities()), Clients: map[string]string{},
	}
	if len(object.Activities) == 0 {
		object.Activities = jsontext.Value("[]")
	}
	if object.Status != offline {
		object.Clients["desktop"] = object.Status
	}
	return object
}
