package guild

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// clock reminds an actor of when its machine has something to do.
type clock struct {
	turn  uint64
	timer *time.Timer
	due   time.Time
}

// set replaces the reminder.
func (c *clock) set(system *actor.ActorSystem, self *actor.PID, due time.Time, waits bool) {
	if waits && c.timer != nil && due.Equal(c.due) {
		return
	}
	c.stop()
	if !waits {
		return
	}
	c.turn++
	turn := c.turn
	c.due = due
	c.timer = time.AfterFunc(time.Until(due), func() { system.Root.Send(self, tick{turn}) })
}

// came says whether a tick is the one that was set, which is over then.
func (c *clock) came(t tick) bool {
	if t.turn != c.turn {
		return false
	}
	c.timer = nil
	return true
}

func (c *clock) stop() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}
