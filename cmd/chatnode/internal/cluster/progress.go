package cluster

import (
	"fmt"
	"slices"
	"time"
)

// gatherTime is how long a line waits for more notes of its kind.
const gatherTime = 300 * time.Millisecond

// gathering is what a line will say: notes of one act and text.
type gathering struct {
	first    note
	subjects []string
	times    int64
}

// gatherer turns notes into lines: what comes many times at once is one line
// with a count. It reads no clock.
type gatherer struct {
	start   time.Time
	pending []*gathering
}

// add takes a note in.
func (g *gatherer) add(n note) {
	i := slices.IndexFunc(g.pending, func(p *gathering) bool {
		return p.first.act == n.act && p.first.text == n.text && (p.first.subject == "") == (n.subject == "")
	})
	if i < 0 {
		g.pending = append(g.pending, &gathering{first: n})
		i = len(g.pending) - 1
	}
	p := g.pending[i]
	if n.at.Before(p.first.at) {
		p.first.at = n.at
	}
	p.times += max(n.amount, 1)
	if n.subject != "" && !slices.Contains(p.subjects, n.subject) {
		p.subjects = append(p.subjects, n.subject)
	}
}

// due returns the lines that have waited long enough at now, in the order of
// what happened: notes come from many processes, and some of them late.
func (g *gatherer) due(now time.Time) []string {
	g.sort()
	n := 0
	for n < len(g.pending) && now.Sub(g.pending[n].first.at) >= gatherTime {
		n++
	}
	return g.take(n)
}

// rest returns every line that is left.
func (g *gatherer) rest() []string {
	g.sort()
	return g.take(len(g.pending))
}

func (g *gatherer) sort() {
	slices.SortStableFunc(g.pending, func(a, b *gathering) int { return a.first.at.Compare(b.first.at) })
}

func (g *gatherer) take(n int) []string {
	var lines []string
	for _, p := range g.pending[:n] {
		lines = append(lines, p.line(g.start))
	}
	g.pending = slices.Delete(g.pending, 0, n)
	return lines
}

func (p *gathering) line(start time.Time) string {
	at := max(0, p.first.at.Sub(start)).Seconds()
	return fmt.Sprintf("%6.1fs  %-9s %s", at, p.first.act, p.text())
}

func (p *gathering) text() string {
	switch {
	case p.first.amount > 0:
		return p.first.text + ": " + thousands(p.times)
	case len(p.subjects) == 0:
		return p.first.text
	case p.times > int64(len(p.subjects)):
		slices.Sort(p.subjects)
		return fmt.Sprintf("%s %s (%s times in all)", list(p.subjects), p.first.text, thousands(p.times))
	}
	slices.Sort(p.subjects)
	return list(p.subjects) + " " + p.first.text
}
