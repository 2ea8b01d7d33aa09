package actors

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// task is one burst of work. It may end the goroutine that runs it.
type task interface{ run(w *worker) }

// pool runs bursts of work on a few goroutines that stay. A fresh goroutine per
// burst, which is protoactor's way, copies its stack as that grows, and that is
// most of what a restart costs; ten thousand bursts at once are ten thousand
// stacks. Here they queue.
//
// Work may block, though, and then others must not wait for it: while the queue
// hardly moves, the number of workers doubles, every relief, and those that are
// stuck do not count until they are back.
type pool struct {
	// unlimited is a pool for work that blocks as a rule: it never queues. Fixed
	// before first use.
	unlimited bool

	mu       sync.Mutex
	parked   []*worker // the last to park is the first to go: its stack is warm
	busy     int
	limit    int // of busy workers; 0 means base
	queue    lane[task]
	taken    int  // from the queue, since the last look
	looked   bool // a look is due
	trimming bool // so is a trim
	closed   bool
}

// worker is one goroutine of a pool.
type worker struct {
	tasks chan task
	// tail is run next, on the same goroutine: a crash, its supervisor's
	// decision and the restart need no hand-over. It is touched by the worker's
	// own goroutine alone.
	tail task
}

const (
	// relief is how long a queue may stand still before there are more workers.
	relief = time.Millisecond
	// keptWorkers is how many idle workers stay. What a burst has left beyond
	// them, up to maxParked, stays for a spell: storms come in several waves.
	keptWorkers = 64
	maxParked   = 1 << 14
	spell       = time.Second
)

func base() int { return max(8, 4*runtime.GOMAXPROCS(0)) }

// schedule never waits.
func (p *pool) schedule(t task) {
	p.mu.Lock()
	if p.limit == 0 {
		p.limit = base()
	}
	switch last := len(p.parked) - 1; {
	case last >= 0:
		w := p.parked[last]
		p.parked = p.parked[:last]
		p.busy++
		p.mu.Unlock()
		w.tasks <- t
	case p.unlimited || p.busy < p.limit:
		p.busy++
		p.mu.Unlock()
		go p.work(&worker{tasks: make(chan task, 1)}, t)
	default:
		p.queue.push(t)
		if !p.looked {
			p.looked, p.taken = true, 0
			time.AfterFunc(relief, p.look)
		}
		p.mu.Unlock()
	}
}

// look adds workers if most of those there are have not come back for more.
func (p *pool) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looked = p.queue.len() > 0
	if !p.looked {
		return
	}
	if p.taken < base()/2 {
		p.limit *= 2
		for ; p.busy < p.limit && p.queue.len() > 0; p.busy++ {
			go p.work(&worker{tasks: make(chan task, 1)}, p.queue.pop())
		}
	}
	p.taken = 0
	time.AfterFunc(relief, p.look)
}

func (p *pool) work(w *worker, t task) {
	lost := true
	defer func() {
		if lost { // the task has ended the goroutine
			p.mu.Lock()
			p.busy--
			p.mu.Unlock()
			if w.tail != nil {
				p.schedule(w.tail)
			}
		}
	}()
	for t != nil {
		t.run(w)
		t, w.tail = w.tail, nil
		if t == nil {
			t = p.next(w)
		}
	}
	lost = false
}

// next waits for work; nil sends the worker home.
func (p *pool) next(w *worker) task {
	p.mu.Lock()
	if p.queue.len() > 0 {
		p.taken++
		t := p.queue.pop()
		p.mu.Unlock()
		return t
	}
	p.busy--
	p.limit = max(base(), min(p.limit, p.busy+base())) // as many again as are stuck
	if p.closed || len(p.parked) >= maxParked {
		p.mu.Unlock()
		return nil
	}
	p.parked = append(p.parked, w)
	if len(p.parked) > keptWorkers && !p.trimming {
		p.trimming = true
		time.AfterFunc(spell, p.trim)
	}
	p.mu.Unlock()
	return <-w.tasks
}

// trim sends home half of the workers that have been idle for longest, as long
// as there are more than are kept.
func (p *pool) trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	surplus := len(p.parked) - keptWorkers
	p.trimming = surplus > 0
	if !p.trimming {
		return
	}
	leave := (surplus + 1) / 2
	for _, w := range p.parked[:leave] {
		close(w.tasks)
	}
	p.parked = slices.Clone(p.parked[leave:])
	time.AfterFunc(spell, p.trim)
}

// close sends the idle workers home; busy ones go when they are done. Tasks
// that still come are run, by goroutines that do not stay.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.parked {
		close(w.tasks)
	}
	p.parked = nil
}
