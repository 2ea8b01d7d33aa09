package actors

// keptLane is how much room an emptied lane keeps.
const keptLane = 64

// lane is one queue. It grows as it must and lets go of what a
// burst took; the room of an idle actor is nothing.
type lane[T any] struct {
	items []T
	head  int
}

func (l *lane[T]) len() int { return len(l.items) - l.head }

func (l *lane[T]) push(message T) {
	if l.head > 0 && len(l.items) == cap(l.items) && l.head >= len(l.items)/2 {
		n := copy(l.items, l.items[l.head:])
		clear(l.items[n:])
		l.items, l.head = l.items[:n], 0
	}
	l.items = append(l.items, message)
}

// pop takes the oldest; the lane must not be empty.
func (l *lane[T]) pop() T {
	var none T
	message := l.items[l.head]
	l.items[l.head] = none
	l.head++
	if l.head == len(l.items) {
		l.head, l.items = 0, l.items[:0]
		if cap(l.items) > keptLane {
			l.items = nil
		}
	}
	return message
}

// peek shows the oldest; the lane must not be empty.
func (l *lane[T]) peek() *T { return &l.items[l.head] }

// take empties the lane.
func (l *lane[T]) take() []T {
	all := l.items[l.head:]
	*l = lane[T]{}
	return all
}
