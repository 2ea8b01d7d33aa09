package cli

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

// ctlStatus is "chatnode ctl status".
type ctlStatus struct {
	controller
}

func (c *ctlStatus) run(ctx context.Context, s *session) error {
	var v incident.View
	if err := c.ask(ctx, http.MethodGet, "/status.json", nil, &v); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.stdout, v)
	}
	line := v.State.Text()
	if v.Severity > incident.None {
		line += ", " + v.Severity.String()
	}
	if _, err := fmt.Fprintf(s.stdout, "%s (as of %s)\n\n", line, utc(v.At)); err != nil {
		return err
	}
	table := newTable(s.stdout, "COMPONENT", "READY", "KNOWN")
	for _, k := range v.Components {
		row(table, k.Role.Text(), k.Ready, k.Known)
	}
	_, _ = fmt.Fprintln(table)
	row(table, "SIGNAL", "NOW", "RECENT PAST")
	for _, g := range v.Signals {
		row(table, g.Signal.Text(), measured(g.Signal, g.Value), measured(g.Signal, g.Baseline))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if v.SkewSeconds != 0 {
		_, _ = fmt.Fprintf(s.stdout, "\n%s\n", incident.Entry{Kind: incident.Skewed, Value: v.SkewSeconds, Times: 1}.Text())
	}
	_, err := fmt.Fprintf(s.stdout, "\n%d incidents; chatnode ctl incidents lists the last ones\n", v.Before+uint64(len(v.Incidents)))
	return err
}

func measured(s incident.Signal, v *float64) string {
	if v == nil {
		return "not known"
	}
	return s.Format(*v)
}

// ctlIncidents is "chatnode ctl incidents".
type ctlIncidents struct {
	ID string `arg:"" optional:"" help:"The number of one incident, to see its timeline."`
	controller
}

func (c *ctlIncidents) run(ctx context.Context, s *session) error {
	if c.ID != "" {
		return c.one(ctx, s)
	}
	var v incident.View
	if err := c.ask(ctx, http.MethodGet, "/status.json", nil, &v); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.stdout, v.Incidents)
	}
	if len(v.Incidents) == 0 {
		_, err := fmt.Fprintln(s.stdout, "no incidents")
		return err
	}
	table := newTable(s.stdout, "ID", "SEVERITY", "STATE", "BEGAN", "TO PAGE", "TO BRAKES", "TO RECOVERY", "LASTED")
	for _, i := range v.Incidents {
		d := i.Durations()
		state, lasted := "open", "-"
		if !i.Open() {
			state, lasted = "closed", i.Closed.Sub(i.Began).Round(time.Second).String()
		}
		row(table, i.ID, i.Severity, state, utc(i.Began), after(d.ToPage), after(d.ToBrakes), after(d.ToRecovery), lasted)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if v.Before > 0 {
		_, err := fmt.Fprintf(s.stdout, "%d before these; chatnode ctl incidents ID shows one that is kept\n", v.Before)
		return err
	}
	return nil
}

// one prints an incident's timeline.
func (c *ctlIncidents) one(ctx context.Context, s *session) error {
	id, err := strconv.ParseUint(c.ID, 10, 64)
	if err != nil || id == 0 {
		return usagef("incident %q: write its number, as chatnode ctl incidents lists it", c.ID)
	}
	i, err := c.find(ctx, id)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.stdout, i)
	}
	return printIncident(s, i)
}

// find looks among the last incidents, then among all that are kept.
func (c *ctlIncidents) find(ctx context.Context, id uint64) (incident.Incident, error) {
	var v incident.View
	if err := c.ask(ctx, http.MethodGet, "/status.json", nil, &v); err != nil {
		return incident.Incident{}, err
	}
	for _, i := range v.Incidents {
		if i.ID == id {
			return i, nil
		}
	}
	var i incident.Incident
	return i, c.ask(ctx, http.MethodGet, fmt.Sprintf("/incidents/%d.json", id), nil, &i)
}

func printIncident(s *session, i incident.Incident) error {
	state := "open"
	if !i.Open() {
		state = "closed after " + i.Closed.Sub(i.Began).Round(time.Second).String()
	}
	_, _ = fmt.Fprintf(s.stdout, "Incident %d, %s, %s; began %s\n", i.ID, i.Severity, state, utc(i.Began))
	for _, e := range i.Extents {
		_, _ = fmt.Fprintf(s.stdout, "%s: %s at worst, from %s\n", e.Signal.Text(), e.Signal.Format(e.Worst), e.Signal.Format(e.Baseline))
	}
	_, _ = fmt.Fprintln(s.stdout)
	table := newTable(s.stdout, "AFTER", "AT", "WHAT")
	for _, e := range i.Timeline {
		row(table, after(&e.AfterMS), e.At.UTC().Format("15:04:05.0"), e.Text())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if i.Omitted > 0 {
		_, err := fmt.Fprintf(s.stdout, "%d more entries were not kept\n", i.Omitted)
		return err
	}
	return nil
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// after is a time from the beginning; nil for what did not happen.
func after(ms *int64) string {
	if ms == nil {
		return "-"
	}
	return (time.Duration(*ms) * time.Millisecond).Round(100 * time.Millisecond).String()
}
