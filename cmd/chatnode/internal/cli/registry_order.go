package cli

import (
	"context"
	"fmt"

	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/registry"
)

// keyed is a command to a node about one key.
type keyed struct {
	Key string `arg:"" help:"The key: service/id, or whole as /services/api/api-7."`
	node
}

// Help lists the exit codes.
func (keyed) Help() string {
	return "An order concerns its own key only, stands until it is lifted or the node ends, and is told as an event. " +
		"A ban replaces a pin, a pin a quarantine, never the other way round.\n\n" + exitCodes()
}

func (k keyed) give(ctx context.Context, s *session, name, reason string, index registry.Index) error {
	p, err := parseKey("", k.Key)
	if err != nil {
		return err
	}
	return k.do(ctx, s, name, actorsadmin.Command{Service: p.service, Key: p.sent, Reason: reason, Index: index}, k.Key)
}

func (n node) do(ctx context.Context, s *session, name string, c actorsadmin.Command, about string) error {
	var done struct {
		Done string `json:"done"`
	}
	if err := n.ask(ctx, "POST", "/admin/command/"+name, c, &done); err != nil {
		return err
	}
	if n.JSON {
		return printJSON(s.stdout, done)
	}
	_, err := fmt.Fprintf(s.stdout, "%s: %s done\n", safe(about), name)
	return err
}

type (
	orderQuarantine struct {
		keyed
		Reason string `help:"One line for whoever looks later."`
	}
	orderBan struct {
		keyed
		Reason string `help:"One line for whoever looks later."`
	}
	orderPin struct {
		keyed
		Reason string         `help:"One line for whoever looks later."`
		Index  registry.Index `help:"Pin only if the value served was written at this index; 0 for any."`
	}
	orderRelease struct{ keyed }
	orderUnban   struct{ keyed }
	orderUnpin   struct{ keyed }
)

func (c *orderQuarantine) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "quarantine", c.Reason, 0)
}

func (c *orderBan) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "ban", c.Reason, 0)
}

func (c *orderPin) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "pin", c.Reason, c.Index)
}

func (c *orderRelease) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "release", "", 0)
}

func (c *orderUnban) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "unban", "", 0)
}

func (c *orderUnpin) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "unpin", "", 0)
}

// whole is a command to a node about a service.
type whole struct {
	Service string `arg:"" help:"The service, for example api."`
	node
}

// Help lists the exit codes.
func (whole) Help() string { return exitCodes() }

func (w whole) give(ctx context.Context, s *session, name string) error {
	if _, err := registry.Directory("", w.Service); err != nil {
		return usagef("%w", err)
	}
	return w.do(ctx, s, name, actorsadmin.Command{Service: w.Service}, w.Service)
}

type (
	serviceHold   struct{ whole }
	serviceThaw   struct{ whole }
	serviceAccept struct{ whole }
)

func (c *serviceHold) run(ctx context.Context, s *session) error   { return c.give(ctx, s, "hold") }
func (c *serviceThaw) run(ctx context.Context, s *session) error   { return c.give(ctx, s, "thaw") }
func (c *serviceAccept) run(ctx context.Context, s *session) error { return c.give(ctx, s, "accept") }
