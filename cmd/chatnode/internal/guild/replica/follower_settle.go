package replica

import (
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// settle does whatever follows from what is known now.
func (f *Follower) settle(now time.Time) []Step {
	if f.ended {
		return nil
	}
	if f.place != "" && f.place != f.serving.node && f.place != f.asked.node && !now.Before(f.retryAt) {
		if f.asked.node != "" {
			f.send(f.asked.node, &wire.Unfollow{GuildId: f.guild, Node: f.node, Term: f.asked.term})
		}
		f.term++
		f.asked = attempt{f.place, f.term, now}
		f.send(f.place, &wire.Follow{GuildId: f.guild, Node: f.node, Term: f.term, Keeps: f.known, Revision: f.revision})
	}
	if f.serving.node != "" && (f.unseen >= seenAfter || now.Sub(f.seenAt) >= f.cfg.SeenEvery) {
		f.unseen, f.seenAt = 0, now
		f.send(f.serving.node, &wire.Seen{GuildId: f.guild, Node: f.node, Term: f.serving.term, Revision: f.revision})
	}
	switch {
	case f.sessions > 0:
		f.idleAt = time.Time{}
	case f.idleAt.IsZero():
		f.idleAt = now.Add(f.cfg.IdleAfter)
	}
	return f.flush()
}

// end is the follower's own end: nobody needs it, or there is no guild.
func (f *Follower) end() []Step {
	f.ended = true
	for _, owner := range []attempt{f.asked, f.serving} {
		if owner.node != "" {
			f.send(owner.node, &wire.Unfollow{GuildId: f.guild, Node: f.node, Term: owner.term})
		}
	}
	f.out = append(f.out, Stop{})
	return f.flush()
}

// Due says when Tick has something to do; false when never.
func (f *Follower) Due() (time.Time, bool) {
	if f.ended {
		return time.Time{}, false
	}
	due := f.idleAt
	if f.asked.node != "" {
		due = earliest(due, f.asked.at.Add(f.cfg.AnswerWait))
	} else if f.place != "" && f.place != f.serving.node {
		due = earliest(due, f.retryAt)
	}
	if f.serving.node != "" {
		due = earliest(due, earliest(f.serving.at.Add(f.cfg.silence()), f.seenAt.Add(f.cfg.SeenEvery)))
	}
	if f.shown && !f.lostAt.IsZero() {
		due = earliest(due, f.lostAt.Add(f.cfg.Grace))
	}
	return due, !due.IsZero()
}
