package cluster

import (
	"context"
	"sync"
	"time"
)

// How a process is started, watched and stopped.
const (
	readyPoll    = 25 * time.Millisecond // between two looks at /admin/ready
	drainLimit   = time.Second           // for an attendant to read what a dead life still sent
	firstRetry   = 250 * time.Millisecond
	lastRetry    = 3 * time.Second
	startTries   = 3               // failed starts in a row, before it was ever ready, that end the act
	stopGrace    = 3 * time.Second // from SIGTERM to SIGKILL
	codeNotBegun = -1              // the operating system did not start the process at all
)

// spec is everything that makes one process; each of its lives gets the same.
type spec struct {
	Name string
	Role role
	Args []string
	// Admin is the base URL of its admin endpoints; empty means that it is ready once it runs.
	Admin string
	// Log is the file that its output is appended to.
	Log string
	// Boot is how long a dead process stays away.
	Boot time.Duration
	// Attend runs beside each life (nil: nothing does). ctx ends with the life;
	// the next life waits a moment for it to return.
	Attend func(ctx context.Context, life int)
}

// process keeps one OS process alive until it is stopped, as an instance
// manager would: whatever ends a life, the next one begins after the boot time.
type process struct {
	spec   spec
	start  starter
	report func(event)

	steering steering

	stopOnce sync.Once
	stopping chan time.Duration // the grace, sent once
	done     chan struct{}      // closed when no life is left and none will come
}

// starter begins one life of a process; the tests use another one than [spawn].
type starter func(spec) (*child, error)

// supervise starts a process and keeps it alive. report is called from one
// goroutine, in the order of what happened, and must not block.
func supervise(ctx context.Context, s spec, start starter, report func(event)) *process {
	p := &process{
		spec: s, start: start, report: report,
		stopping: make(chan time.Duration, 1),
		done:     make(chan struct{}),
	}
	go p.run(context.WithoutCancel(ctx))
	return p
}

// stop ends the process, by force once grace has passed, and waits until it is
// gone. Later calls only wait.
func (p *process) stop(grace time.Duration) {
	p.stopOnce.Do(func() { p.stopping <- grace })
	<-p.done
}

// run is the process's whole story, life after life.
func (p *process) run(ctx context.Context) {
	defer close(p.done)
	var h history
	for life := 1; ; life++ {
		exit, last := p.live(ctx, life)
		if last {
			return
		}
		delay, hopeless := h.next(p.spec.Boot, exit)
		if hopeless {
			p.report(processFailed{At: time.Now(), Name: p.spec.Name, Reason: exitReason(exit.Code)})
			<-p.stopping
			return
		}
		select {
		case <-p.stopping:
			return
		case <-time.After(delay):
		}
		select { // somebody may want it to stay away
		case <-p.stopping:
			return
		case <-p.steering.allowed():
		}
	}
}

// live runs one life to its end; last says that it was ended by stop.
func (p *process) live(ctx context.Context, life int) (exit processExited, last bool) {
	exit = processExited{Name: p.spec.Name, Role: p.spec.Role, Life: life, Code: codeNotBegun}
	c, err := p.start(p.spec)
	if err != nil {
		exit.At = time.Now()
		p.report(exit)
		return exit, false
	}
	p.report(processStarted{At: time.Now(), Name: p.spec.Name, Role: p.spec.Role, Life: life, PID: c.pid})

	p.steering.set(c)
	defer p.steering.set(nil)
	alive, over := context.WithCancel(ctx)
	defer over()
	attended := p.attend(alive, life)
	ready := awaitReady(alive, p.spec.Admin)
	stopping := p.stopping
	var force <-chan time.Time
	for {
		select {
		case <-ready:
			ready, exit.WasReady = nil, true
			p.report(processReady{At: time.Now(), Name: p.spec.Name, Role: p.spec.Role, Life: life})
		case grace := <-stopping:
			stopping, last = nil, true
			c.terminate()
			force = time.After(grace)
		case <-force:
			c.kill()
		case exit.Code = <-c.exited:
			exit.At, exit.Asked = time.Now(), last
			p.report(exit)
			over()
			select {
			case <-attended:
			case <-time.After(2 * drainLimit):
			}
			return exit, last
		}
	}
}

// attend runs the attendant beside a life; the channel is closed when it is done.
func (p *process) attend(ctx context.Context, life int) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if p.spec.Attend != nil {
			p.spec.Attend(ctx, life)
		}
	}()
	return done
}

// awaitReady returns a channel that is closed once the process says that it is ready.
func awaitReady(ctx context.Context, admin string) <-chan struct{} {
	ready := make(chan struct{})
	if admin == "" {
		close(ready)
		return ready
	}
	go func() {
		tick := time.NewTicker(readyPoll)
		defer tick.Stop()
		for {
			if isReady(ctx, admin) {
				close(ready)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return ready
}

// history decides when a dead process is started again.
type history struct {
	everReady bool
	failures  int // failed starts in a row
}

// next returns how long to wait after a life has ended, or that starting it is
// hopeless. A life that failed by itself before it was ready is a failed start:
// it is retried soon, and only a process that never was ready is ever given up.
// Every other end waits for the boot time.
func (h *history) next(boot time.Duration, exit processExited) (delay time.Duration, hopeless bool) {
	h.everReady = h.everReady || exit.WasReady
	if exit.WasReady || !failedStart(exit.Code) {
		h.failures = 0
		return boot, false
	}
	h.failures++
	if !h.everReady && h.failures >= startTries {
		return 0, true
	}
	return min(firstRetry<<min(h.failures-1, 8), lastRetry), false
}

// failedStart says that an exit code stands for "could not start": not begun,
// failed at run time, bad usage. A signal or an exit by supervision does not.
func failedStart(code int) bool { return code == codeNotBegun || code == 1 || code == 2 }
