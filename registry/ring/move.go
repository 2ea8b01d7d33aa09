package ring

import (
	"math/bits"
	"time"
)

// move moves what must, and then what may, from the first part on, so that
// processes that hear the same at the same time move the same.
func (r *Ring) move(now time.Time) {
	if r.pending == 0 {
		return
	}
	r.table = nil
	forced := 0
	r.eachWaiting(func(part uint32) bool {
		owner := r.owners.at(part)
		if owner == nobody || r.nodes[owner].row == nil {
			if r.give(part); owner != nobody {
				forced++
			}
		}
		return true
	})
	r.budget.spend(forced, now)
	allowed := r.budget.left(now)
	r.eachWaiting(func(part uint32) bool {
		if allowed == 0 {
			return false
		}
		if r.points.belongs[part] != nobody { // it stays while nobody else can have it
			r.give(part)
			r.budget.spend(1, now)
			allowed--
		}
		return true
	})
}

// eachWaiting calls f with the parts that are not where they belong, in order,
// until it has enough.
func (r *Ring) eachWaiting(f func(part uint32) bool) {
	for at, word := range r.waiting {
		for ; word != 0; word &= word - 1 {
			if !f(uint32(at*64 + bits.TrailingZeros64(word))) {
				return
			}
		}
	}
}

// give moves a part to where it belongs.
func (r *Ring) give(part uint32) {
	from, to := r.owners.at(part), r.points.belongs[part]
	r.owners.set(part, to)
	r.nodes[from].parts--
	r.nodes[to].parts++
	r.compare(part)
	r.retire(from)
}

// Due is when [Ring.Tick] is to be called: when parts that wait may move. It
// reports false while none does.
func (r *Ring) Due() (time.Time, bool) {
	if r.pending == 0 || r.points.count == 0 {
		return time.Time{}, false
	}
	return r.budget.due()
}

// Tick moves what may move by now.
func (r *Ring) Tick(now time.Time) { r.move(now) }

// budget bounds the moves within any stretch of its length.
type budget struct {
	limit int // negative: none
	every time.Duration
	spent []spending // within every, oldest first
	sum   int
}

// spending is so many moves at one moment.
type spending struct {
	at    time.Time
	moves int
}

// left is how many moves are allowed now.
func (b *budget) left(now time.Time) int {
	if b.limit < 0 {
		return int(^uint(0) >> 1)
	}
	for len(b.spent) > 0 && now.Sub(b.spent[0].at) >= b.every {
		b.sum -= b.spent[0].moves
		b.spent = b.spent[1:]
	}
	return max(0, b.limit-b.sum)
}

func (b *budget) spend(moves int, now time.Time) {
	if moves == 0 || b.limit < 0 {
		return
	}
	b.sum += moves
	if last := len(b.spent) - 1; last >= 0 && b.spent[last].at.Equal(now) {
		b.spent[last].moves += moves
		return
	}
	b.spent = append(b.spent, spending{at: now, moves: moves})
}

// due is when the next moves are allowed, which are not now.
func (b *budget) due() (time.Time, bool) {
	over := b.sum - b.limit // what has to be over a stretch ago before one more may move
	for _, s := range b.spent {
		if over -= s.moves; over < 0 {
			return s.at.Add(b.every), true
		}
	}
	return time.Time{}, false
}
