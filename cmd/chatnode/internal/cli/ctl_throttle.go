package cli

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/firebreak-go/firebreak/supervision/admission"
)

// ctlThrottle is "chatnode ctl throttle".
type ctlThrottle struct {
	Rate      *admission.Ramp `arg:"" optional:"" placeholder:"RATE" help:"What each node is to let in: 200/s, 90/m, 0 for nobody, auto for as much as there is capacity for, off for no limit. Without it, how things stand is shown."`
	Node      []nodeURL       `required:"" placeholder:"URL" help:"The admin listener of a chat node, once for each node, or with commas."`
	Total     bool            `help:"The rate is that of all these nodes together: each gets its part."`
	TokenFile string          `placeholder:"FILE" help:"The file with the nodes' token, where they need one."`
	Timeout   period          `default:"5s" help:"How long to wait for the answer of each."`
	JSON      bool            `name:"json" help:"Print JSON."`
}

// Help says how the engineers of 2020 did it, and lists the exit codes.
func (ctlThrottle) Help() string {
	return "Raise a throttle step by step while answers stay quick: a rate that is too low takes as much longer, one that is too high " +
		"may never end. A node that does not answer does not keep the others from being told.\n\n" + exitCodes()
}

// throttled is what one node says.
type throttled struct {
	Node string `json:"node"`
	admissionState
}

func (c *ctlThrottle) run(ctx context.Context, s *session) error {
	order, err := c.order()
	if err != nil {
		return err
	}
	var all []throttled
	var failed []error
	for _, url := range c.Node {
		asked := node{Admin: url, TokenFile: c.TokenFile, Timeout: c.Timeout}
		state := throttled{Node: string(url)}
		if order == nil {
			err = asked.ask(ctx, "GET", admissionPath, nil, &state.admissionState)
		} else {
			err = asked.ask(ctx, "POST", admissionPath, admissionOrder{order}, &state.admissionState)
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		all = append(all, state)
	}
	if len(all) > 0 {
		failed = append(failed, c.print(s, all))
	}
	return errors.Join(failed...)
}

// order is what each node is told; nil asks only.
func (c *ctlThrottle) order() (*admission.Ramp, error) {
	switch {
	case !c.Total:
		return c.Rate, nil
	case c.Rate == nil:
		return nil, usagef("--total needs a rate, for example 200/s")
	case c.Rate.Mode != admission.Manual:
		return nil, usagef("--total needs a rate, and %v is none", c.Rate)
	}
	part := admission.Ramp{Mode: admission.Manual, Rate: c.Rate.Rate / float64(len(c.Node))}
	return &part, nil
}

func (c *ctlThrottle) print(s *session, all []throttled) error {
	if c.JSON {
		return printJSON(s.stdout, all)
	}
	table := newTable(s.stdout, "NODE", "RAMP", "RATE", "WAITING", "IN FLIGHT", "READY", "GOODPUT", "REJECTED", "LONGEST WAIT")
	for _, n := range all {
		waiting := 0
		for _, l := range n.Lanes {
			waiting += l.Waiting
		}
		rate := "no limit"
		if n.Rate != nil {
			rate = showRate(*n.Rate)
		}
		row(table, n.Node, n.Ramp, rate, waiting, fmt.Sprintf("%d of %d", n.InFlight, n.Limit), n.Ready, showRate(n.Goodput),
			n.IdentifyRejected, fmt.Sprintf("%d ms", n.QueueAgeMSMax))
	}
	return table.Flush()
}

// showRate rounds to a tenth.
func showRate(rate float64) string { return fmt.Sprintf("%g/s", math.Round(rate*10)/10) }
