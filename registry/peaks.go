package registry

import "time"

// peakSlots is into how many parts the baseline's window is cut: what is
// forgotten is forgotten a tenth at a time.
const peakSlots = 10

// peaks remembers the most that a count was within a window.
type peaks struct {
	slots [peakSlots]int
	turn  int64 // the number of the newest slot
}

// note takes the count at a moment. It is called before and after each change, so
// that what went by unnoted is known to be as it is.
func (p *peaks) note(at, window time.Duration, n int) {
	turn := int64(at / max(window/peakSlots, 1))
	for i := max(p.turn+1, turn-peakSlots+1); i <= turn; i++ {
		p.slots[i%peakSlots] = n
	}
	p.turn = max(p.turn, turn)
	newest := &p.slots[p.turn%peakSlots]
	*newest = max(*newest, n)
}

// lower takes one off: it left for a reason.
func (p *peaks) lower() {
	for i := range p.slots {
		p.slots[i] = max(p.slots[i]-1, 0)
	}
}

// reset makes a count the only one.
func (p *peaks) reset(n int) {
	for i := range p.slots {
		p.slots[i] = n
	}
}

func (p *peaks) most() int {
	most := 0
	for _, n := range p.slots {
		most = max(most, n)
	}
	return most
}
