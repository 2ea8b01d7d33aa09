package protocol

const (
	// MaxReplayEvents bounds what a session keeps for a client that comes back. Beyond it the oldest is dropped, and a
	// client that has missed that one cannot resume.
	MaxReplayEvents = 1024
	// MaxReplayBytes bounds the same in the bytes of the bodies.
	MaxReplayBytes = 1 << 20
)

// replay holds the newest dispatches of a session, in order and without a gap.
type replay struct {
	first  int64 // the sequence number of the oldest one that is kept, or the next one when none is
	bodies []Body
	bytes  int
}

// add keeps the body of the next sequence number.
func (r *replay) add(b Body) {
	r.bodies = append(r.bodies, b)
	r.bytes += len(b.Text())
	for len(r.bodies) > MaxReplayEvents || r.bytes > MaxReplayBytes {
		r.bytes -= len(r.bodies[0].Text())
		r.bodies[0] = nil // the array outlives the slice: let the body go
		r.bodies = r.bodies[1:]
		r.first++
	}
}

// since returns everything after a sequence number, and false when some of it is gone.
func (r *replay) since(seq int64) ([]Delivery, bool) {
	if seq+1 < r.first {
		return nil, false
	}
	missed := r.bodies[min(seq+1-r.first, int64(len(r.bodies))):]
	all := make([]Delivery, 0, len(missed)+1)
	for i, b := range missed {
		all = append(all, Delivery{seq + 1 + int64(i), b})
	}
	return all, true
}
