package page

import "time"

// rateWindow is over what time attempts are counted.
const rateWindow = time.Second

// loadFold is what the users feel.
type loadFold struct {
	life      int
	connected int
	peak      int      // the most that were connected
	messages  Messages // of all lives
	before    Messages // of the lives before this one

	lost, attempts         int64 // over all lives of the load
	lastLost, lastAttempts int64 // as this life counts them
	marked                 bool  // something was lost
	markedAt               int64 // the attempts until then

	readings []reading // of the last second
}

type reading struct {
	at       time.Time
	attempts int64
}

// apply takes a reading in. A new life of the load counts from zero.
func (l *loadFold) apply(o LoadSeen) {
	if o.Life != l.life {
		l.life, l.lastLost, l.lastAttempts, l.before = o.Life, 0, 0, l.messages
	}
	if o.Lost > l.lastLost {
		l.mark()
	}
	l.lost += max(0, o.Lost-l.lastLost)
	l.attempts += max(0, o.Attempts-l.lastAttempts)
	l.lastLost, l.lastAttempts = max(o.Lost, l.lastLost), max(o.Attempts, l.lastAttempts)
	l.connected = o.Connected
	l.messages.Acked = l.before.Acked + o.Messages.Acked
	l.messages.Undelivered = l.before.Undelivered + o.Messages.Undelivered
	l.peak = max(l.peak, o.Connected)
	l.readings = append(l.readings, reading{o.At, l.attempts})
	l.forget(o.At)
}

// mark notes the first loss: attempts from then on are reconnects.
func (l *loadFold) mark() {
	if !l.marked {
		l.marked, l.markedAt = true, l.attempts
	}
}

// forget drops the readings that lie before the window, but for the one just before it.
func (l *loadFold) forget(at time.Time) {
	for len(l.readings) > 1 && at.Sub(l.readings[1].at) >= rateWindow {
		l.readings = l.readings[1:]
	}
}

// rate is how many attempts there were a second, lately.
func (l *loadFold) rate(at time.Time) float64 {
	if len(l.readings) == 0 {
		return 0
	}
	newest, oldest := l.readings[len(l.readings)-1], l.readings[0]
	over := max(at.Sub(oldest.at), rateWindow)
	return float64(int64(10*float64(newest.attempts-oldest.attempts)/over.Seconds()+0.5)) / 10
}

func (l *loadFold) reconnects() int64 {
	if !l.marked {
		return 0
	}
	return l.attempts - l.markedAt
}
