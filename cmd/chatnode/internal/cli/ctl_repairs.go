package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
)

// ctlRepairs are "chatnode ctl repairs ...": the store's repair scan.
type ctlRepairs struct {
	Status repairsStatus `cmd:"" help:"Say how far the repairs are, what they found, and who holds them."`
	Pause  repairsPause  `cmd:"" help:"Pause the repairs: their share of the store's workers is free at once."`
	Resume repairsResume `cmd:"" help:"Let the repairs go on where they were, unless somebody else holds them."`
}

// aboutRepairs is how the store is reached.
type aboutRepairs struct{ node }

// Help lists the exit codes.
func (aboutRepairs) Help() string {
	return "--admin is the store's admin listener; its address is in the store's first log line.\n\n" + exitCodes()
}

type (
	repairsStatus struct{ aboutRepairs }
	repairsPause  struct {
		aboutRepairs
		Reason string `help:"One line for whoever looks later."`
		For    string `placeholder:"TIME" help:"End the pause by itself after this time, for example 5m."`
	}
	repairsResume struct {
		aboutRepairs
		All bool `help:"For everybody who holds them, brakes included."`
	}
)

func (c *repairsStatus) run(ctx context.Context, s *session) error {
	var status store.RepairStatus
	if err := c.ask(ctx, "GET", "/admin/repairs", nil, &status); err != nil {
		return err
	}
	return c.print(s.stdout, status)
}

func (c *repairsPause) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, repairCommand{Action: "pause", Reason: c.Reason, For: c.For})
}

func (c *repairsResume) run(ctx context.Context, s *session) error {
	command := repairCommand{Action: "resume"}
	if c.All {
		command.By = "*"
	}
	return c.give(ctx, s, command)
}

func (a aboutRepairs) give(ctx context.Context, s *session, c repairCommand) error {
	var status store.RepairStatus
	if err := a.ask(ctx, "POST", "/admin/repairs", c, &status); err != nil {
		return err
	}
	return a.print(s.stdout, status)
}

// print shows where the repairs stand.
func (a aboutRepairs) print(w io.Writer, status store.RepairStatus) error {
	if a.JSON {
		return printJSON(w, status)
	}
	_, err := io.WriteString(w, describeRepairs(status))
	return err
}

func describeRepairs(status store.RepairStatus) string {
	var text strings.Builder
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(&text, format+"\n", args...) }
	say("repairs: %s", status.State)
	if status.Workers > 0 {
		say("  share      %.0f %% of the store's workers (%d) while they run", 100*status.Share, status.Workers)
	}
	for _, hold := range status.HeldBy {
		until := "until resumed"
		if !hold.Until.IsZero() {
			until = "until " + hold.Until.Format(time.TimeOnly)
		}
		say("  held by    %s since %s, %s: %s", safe(hold.By), hold.Since.Format(time.TimeOnly), until, safe(hold.Reason))
	}
	describePass := func(name string, p *store.Pass, progress string) {
		if p == nil {
			return
		}
		say("  %-10s %s%d rows read, %d damaged, %d of them repaired", name, progress, p.Rows, p.Found, p.Repaired)
		for _, f := range p.Findings {
			end := ""
			if f.Repaired {
				end = " (repaired)"
			}
			say("    %s %s: %s%s", safe(f.Bucket), safe(f.Key), safe(f.What), end)
		}
		if more := p.Found - uint64(len(p.Findings)); more > 0 {
			say("    and %d more", more)
		}
	}
	describePass("this pass", status.Pass, fmt.Sprintf("%.0f %%: ", 100*status.Progress))
	describePass("last pass", status.LastPass, "")
	say("  in all     passes %d, rows %d, damaged %d, repaired %d", status.Passes, status.Rows, status.Found, status.Repaired)
	return text.String()
}
