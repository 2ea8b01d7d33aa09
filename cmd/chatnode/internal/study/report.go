package study

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

// Act is what one act showed.
type Act struct {
	Info   page.Act
	Series page.Series
	// Last is its last frame, as a whole.
	Last page.Frame
}

// Report is what a run showed.
type Report struct {
	Run    page.Run
	Acts   []Act
	Result *page.Result // nil where no act came to its end
}

// Of collects what a feed was shown.
func Of(feed *page.Feed) Report {
	r := Report{Run: feed.Run(), Result: feed.Table()}
	for i, info := range r.Run.Acts {
		series, err := feed.Series(i)
		if err != nil {
			break // it has not begun
		}
		last, err := feed.Last(i)
		if err != nil {
			break
		}
		r.Acts = append(r.Acts, Act{Info: info, Series: series, Last: last})
	}
	return r
}

// origin is the moment of an act, in milliseconds from its start, at which acts are
// laid on one another: its cut, where there was one.
func (a Act) origin() int64 {
	if a.Info.Cut == nil || a.Info.Start == nil {
		return 0
	}
	return *a.Info.Cut - *a.Info.Start
}

// since writes a time of the act as seconds from its origin.
func (a Act) since(t int64) string { return fmt.Sprintf("%+.1f s", float64(t-a.origin())/1000) }

//go:embed report.html
var layout string

// document is what the layout shows.
type document struct {
	Title, Verdict, Version, Started string
	Seed                             uint64
	Params                           []pair
	Columns                          []string
	Groups                           [][][]string
	Figures                          []figure
	Timeline                         []step
	Acts                             []ending
}

type pair struct{ Name, Value string }

// figure is a plot with its table twin.
type figure struct {
	Title, Caption string
	Plot           template.HTML
	Head           []string
	Rows           [][]string
}

type step struct{ Act, At, Kind, Text string }

type ending struct {
	Label, Verdict string
	Chain          []pair
}

// WriteHTML writes the report.
func (r Report) WriteHTML(w io.Writer) error {
	if len(r.Acts) == 0 {
		return fmt.Errorf("study: there is nothing to report: no act has begun")
	}
	figures, err := r.figures()
	if err != nil {
		return err
	}
	d := document{
		Title: "One bad record in etcd", Version: r.Run.Version, Seed: r.Run.Seed, Figures: figures,
		Started: time.UnixMilli(r.Run.Started).UTC().Format("2006-01-02 15:04:05 UTC"),
	}
	for _, name := range slices.Sorted(maps.Keys(r.Run.Params)) {
		d.Params = append(d.Params, pair{name, r.Run.Params[name]})
	}
	if r.Result != nil {
		d.Verdict, d.Columns, d.Groups = r.Result.Verdict, r.Result.Columns, groups(r.Result.Rows)
	}
	for _, a := range r.Acts {
		d.Acts = append(d.Acts, ending{Label: a.Info.Label, Verdict: a.Last.Verdict.Text, Chain: chainOf(a.Last.Chain)})
		for _, f := range a.Series.Flags {
			d.Timeline = append(d.Timeline, step{a.Info.Label, a.since(f.T), string(f.Kind), f.Text})
		}
	}
	parsed, err := template.New("report").Parse(layout)
	if err != nil {
		return err
	}
	return parsed.Execute(w, d)
}

// groups are the rows of the table, parted where it has a gap.
func groups(rows [][]string) [][][]string {
	var all [][][]string
	var group [][]string
	for _, row := range append(slices.Clone(rows), []string{""}) {
		if len(row) > 1 {
			group = append(group, row)
			continue
		}
		if len(group) > 0 {
			all = append(all, group)
		}
		group = nil
	}
	return all
}

func chainOf(c page.Chain) []pair {
	var pairs []pair
	for _, p := range []struct {
		name string
		n    int64
	}{
		{"bad records stored", int64(c.Writes)},
		{"keys that were bad", int64(c.Keys)},
		{"failures to decode", int64(c.Failures)},
		{"watchers restarted", int64(c.Restarts)},
		{"supervisors that gave up", int64(c.Escalations)},
		{"chat nodes that exited", int64(c.Exits)},
		{"sessions lost", c.Sessions},
		{"attempts to reconnect", c.Reconnects},
	} {
		pairs = append(pairs, pair{p.name, fmt.Sprint(p.n)})
	}
	return pairs
}

// twin is a plot as a table: the value of each act at whole seconds, at most
// sixty of them.
func (r Report) twin(value func(page.Series, int) string) (head []string, rows [][]string) {
	head = []string{"time from the cut"}
	first, last := 0.0, 0.0
	for _, a := range r.Acts {
		head = append(head, a.Info.Label)
		if n := len(a.Series.T); n > 0 {
			first = min(first, float64(a.Series.T[0]-a.origin())/1000)
			last = max(last, float64(a.Series.T[n-1]-a.origin())/1000)
		}
	}
	every := max(1, int(last-first)/twinRows+1)
	from := int(first) / every * every
	for t := from; float64(t) <= last; t += every {
		row := []string{fmt.Sprintf("%+d s", t)}
		for _, a := range r.Acts {
			row = append(row, cmp.Or(valueAt(a, int64(t)*1000, value), "–"))
		}
		rows = append(rows, row)
	}
	return head, rows
}

const twinRows = 60

// valueAt is an act's value at a time from its origin; empty outside of the act.
func valueAt(a Act, t int64, value func(page.Series, int) string) string {
	at := t + a.origin()
	i, found := slices.BinarySearch(a.Series.T, at)
	if !found {
		i--
	}
	if i < 0 || i >= len(a.Series.T) || at > a.Series.T[len(a.Series.T)-1] {
		return ""
	}
	return value(a.Series, i)
}

// labels joins the names of the acts.
func (r Report) labels() string {
	var names []string
	for _, a := range r.Acts {
		names = append(names, a.Info.Label)
	}
	return strings.Join(names, " and ")
}
