package cluster

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	redrawTime = 100 * time.Millisecond
	plainWidth = 80   // of a terminal that does not say
	noteBuffer = 4096 // notes that wait to be written; more are counted, not kept
	clearLine  = "\r\x1b[K"
)

// status is what the moving line shows.
type status struct {
	act              string
	connected, users int
	ready, nodes     int
	badKeys          int
	over             bool // nothing to show
}

func (s status) line(at time.Duration) string {
	return fmt.Sprintf("%6.1fs  %-9s sessions %s/%s   nodes %d/%d   bad keys %d",
		at.Seconds(), s.act, thousands(s.connected), thousands(s.users), s.ready, s.nodes, s.badKeys)
}

// screen is the only writer of the demo's output while acts run.
type screen struct {
	out      io.Writer
	width    func() int
	terminal bool
	start    time.Time

	notes    chan note
	states   chan status
	stopOnce sync.Once
	stop     chan struct{}
	done     chan struct{}
}

// newScreen starts writing; close ends it. A moving status line needs a terminal.
func newScreen(out io.Writer, terminal bool, start time.Time) *screen {
	s := &screen{
		out: out, terminal: terminal, start: start, width: func() int { return terminalWidth(out) },
		notes: make(chan note, noteBuffer), states: make(chan status, 1),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go s.run()
	return s
}

// tell hands a note over. It never waits: a reader who is slower than the
// cluster misses lines, not the cluster its turn.
func (s *screen) tell(n note) {
	select {
	case s.notes <- n:
	default:
	}
}

// show replaces what the status line shows.
func (s *screen) show(now status) {
	select {
	case <-s.states:
	default:
	}
	select {
	case s.states <- now:
	default:
	}
}

// close writes what is left and returns when nothing more is written; a second call only waits.
func (s *screen) close() {
	s.stopOnce.Do(func() { close(s.stop) })
	<-s.done
}

func (s *screen) run() {
	defer close(s.done)
	p := painter{out: s.out, terminal: s.terminal}
	lines := gatherer{start: s.start}
	now := status{over: true}
	tick := time.NewTicker(redrawTime)
	defer tick.Stop()
	for {
		select {
		case n := <-s.notes:
			lines.add(n)
			continue
		case now = <-s.states:
			continue
		case t := <-tick.C:
			p.paint(lines.due(t), s.moving(now, t))
		case <-s.stop:
			for len(s.notes) > 0 {
				lines.add(<-s.notes)
			}
			p.paint(lines.rest(), "")
			return
		}
	}
}

// moving is the status line as it stands, empty when there is none.
func (s *screen) moving(now status, at time.Time) string {
	if !s.terminal || now.over {
		return ""
	}
	// One column stays free: a full line would wrap and not be cleared.
	return truncate(now.line(at.Sub(s.start)), s.width()-1)
}

// painter writes lines above a status line that is redrawn in place.
type painter struct {
	out      io.Writer
	terminal bool
	drawn    string // the status line that stands on the terminal
}

// paint writes lines and then the status line. What cannot be written is lost:
// the demo does not depend on its reader.
func (p *painter) paint(lines []string, moving string) {
	if len(lines) == 0 && moving == p.drawn {
		return
	}
	text := ""
	if p.drawn != "" {
		text = clearLine
	}
	for _, l := range lines {
		text += l + "\n"
	}
	p.drawn = moving
	_, _ = io.WriteString(p.out, text+moving)
}

// terminalWidth asks the terminal behind out.
func terminalWidth(out io.Writer) int {
	if f, ok := out.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return plainWidth
}
