package ring

import "slices"

// pageSize balances what a change copies, one page, with what each table copies,
// a pointer for each page.
const pageSize = 1024

// pages is a long array that its owner changes and shows from time to time. What
// was shown does not change.
type pages[T any] struct {
	all []*[pageSize]T
	own []bool // the page has not been shown
}

// shown is an immutable array.
type shown[T any] []*[pageSize]T

func (s shown[T]) at(i uint32) T { return s[i/pageSize][i%pageSize] }

func (p *pages[T]) at(i uint32) T { return p.all[i/pageSize][i%pageSize] }

// reach makes the array long enough to have that place.
func (p *pages[T]) reach(i uint32) {
	for uint32(len(p.all)) <= i/pageSize {
		p.all, p.own = append(p.all, new([pageSize]T)), append(p.own, true)
	}
}

func (p *pages[T]) set(i uint32, value T) {
	at := i / pageSize
	if !p.own[at] {
		mine := *p.all[at]
		p.all[at], p.own[at] = &mine, true
	}
	p.all[at][i%pageSize] = value
}

func (p *pages[T]) show() shown[T] {
	clear(p.own)
	return slices.Clone(p.all)
}
