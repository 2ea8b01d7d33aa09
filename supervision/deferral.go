package supervision

// deferral is the queue of events that wait for a plan to end: the part of the supervisor's mailbox that lies inside the
// machine. Exits and retries in it are bounded by the number of children; requests by what the shell lets through.
type deferral struct {
	events []Event
	head   int
}

// keptEvents is how much room an emptied queue keeps: a storm's worth, not a flood's.
const keptEvents = 16 << 10

func (d *deferral) push(ev Event) {
	if ev.Child != nil {
		spec := *ev.Child // the caller may change its own afterwards
		ev.Child = &spec
	}
	if len(d.events) == cap(d.events) && d.head >= len(d.events)/2 && d.head > 0 {
		d.compact()
	}
	d.events = append(d.events, ev)
}

func (d *deferral) pop() (Event, bool) {
	if d.head == len(d.events) {
		return Event{}, false
	}
	ev := d.events[d.head]
	d.events[d.head] = Event{}
	d.head++
	if d.head == len(d.events) {
		d.head, d.events = 0, d.events[:0]
		if cap(d.events) > keptEvents {
			d.events = nil
		}
	}
	return ev, true
}

// compact moves the rest to the front. It runs only when at least half is free, so each event is moved once on average.
func (d *deferral) compact() {
	n := copy(d.events, d.events[d.head:])
	clear(d.events[n:])
	d.events, d.head = d.events[:n], 0
}
