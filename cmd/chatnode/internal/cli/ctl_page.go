package cli

import (
	"context"
	"fmt"
	"net/http"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

// demoCommands are those that the page of a running demo takes; each is a flag on
// its time axis.
type demoCommands struct {
	Inject   ctlInject   `cmd:"" help:"Write a bad record into the directory of the API nodes."`
	Heal     ctlHeal     `cmd:"" help:"Remove an injected record."`
	Tear     ctlTear     `cmd:"" help:"Cut the next announcement of the API node that joined."`
	Kill     ctlKill     `cmd:"" help:"Kill a process; it comes back after its boot time."`
	Pause    ctlPause    `cmd:"" help:"Pause a process, as a machine that hangs."`
	Resume   ctlResume   `cmd:"" help:"Let a paused process go on."`
	Cut      ctlCut      `cmd:"" help:"Cut a chat node off etcd, or all of them."`
	Join     ctlJoin     `cmd:"" help:"Connect a chat node to etcd again, or all of them."`
	EtcdDown ctlEtcdDown `cmd:"" name:"etcd-down" help:"Take etcd down until etcd-up."`
	EtcdUp   ctlEtcdUp   `cmd:"" name:"etcd-up" help:"Bring etcd back."`
	Wipe     ctlWipe     `cmd:"" help:"Delete the whole directory of the API nodes."`
	Storm    ctlStorm    `cmd:"" help:"Let every chat node's watch lose its history, and list again."`
	ScaleOut ctlScaleOut `cmd:"" name:"scale-out" help:"Add an API node."`
	ScaleIn  ctlScaleIn  `cmd:"" name:"scale-in" help:"Take an API node out; it withdraws its record first."`
	Release  ctlRelease  `cmd:"" help:"Let every chat node judge a key in quarantine again."`
	Thaw     ctlThaw     `cmd:"" help:"End the guards of the directory on every chat node."`
	Rerun    ctlRerun    `cmd:"" help:"Play another act in a demo that is kept up."`
}

// demo is the controller of a demo.
type demo struct{ controller }

// give sends one command, and prints what was done.
func (d demo) give(ctx context.Context, s *session, name string, args map[string]string) error {
	var done page.Answer
	if err := d.ask(ctx, http.MethodPost, "/api/command", page.Command{Name: name, Args: args}, &done); err != nil {
		return err
	}
	if d.JSON {
		return printJSON(s.stdout, done)
	}
	_, err := fmt.Fprintln(s.stdout, safe(done.Text))
	return err
}

type (
	ctlInject struct {
		Class string `arg:"" optional:"" default:"torn" enum:"torn,empty,syntax,markup,null,shape,semantic,identity,checksum,oversize,unsupported" help:"What is wrong with it: torn (a write without its body), empty, syntax, markup, null, shape, semantic, identity, checksum, oversize, unsupported."`
		Key   string `default:"injected" help:"Whose record, as api-1; by default one that no announcer owns and so nobody repairs."`
		demo
	}
	ctlHeal struct {
		Key string `arg:"" optional:"" default:"injected" help:"Whose record, as api-1."`
		demo
	}
	ctlRelease struct {
		Key string `arg:"" help:"Whose record, as api-1."`
		demo
	}
	ctlKill struct {
		Target string `arg:"" help:"The process, as node-1, api-2, etcd, store or load."`
		demo
	}
	ctlPause struct {
		Target string `arg:"" help:"The process, as node-1, api-2, etcd, store or load."`
		demo
	}
	ctlResume struct {
		Target string `arg:"" help:"The process."`
		demo
	}
	ctlCut struct {
		Node string `arg:"" help:"The chat node, as node-1, or all."`
		demo
	}
	ctlJoin struct {
		Node string `arg:"" optional:"" default:"all" help:"The chat node, or all."`
		demo
	}
	ctlScaleIn struct {
		Target string `arg:"" optional:"" help:"The API node; by default the newest."`
		demo
	}
	ctlRerun struct {
		Profile string `arg:"" enum:"naive,isolated" help:"The profile of its chat nodes: naive or isolated."`
		Poison  string `placeholder:"2s" help:"How long the announcer of the bad record waits; by default as before."`
		Boot    string `placeholder:"3s" help:"How long a node that exited stays away; by default as before."`
		Seed    string `placeholder:"N" help:"Seed of everything that draws random numbers; by default as before."`
		demo
	}
	ctlTear     struct{ demo }
	ctlEtcdDown struct{ demo }
	ctlEtcdUp   struct{ demo }
	ctlWipe     struct{ demo }
	ctlStorm    struct{ demo }
	ctlScaleOut struct{ demo }
	ctlThaw     struct{ demo }
)

func (c *ctlInject) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "inject", map[string]string{"class": c.Class, "key": c.Key})
}

func (c *ctlHeal) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "heal", map[string]string{"key": c.Key})
}

func (c *ctlRelease) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "release", map[string]string{"key": c.Key})
}

func (c *ctlKill) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "kill", map[string]string{"target": c.Target})
}

func (c *ctlPause) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "pause", map[string]string{"target": c.Target})
}

func (c *ctlResume) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "resume", map[string]string{"target": c.Target})
}

func (c *ctlCut) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "cut", map[string]string{"node": c.Node})
}

func (c *ctlJoin) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "join", map[string]string{"node": c.Node})
}

func (c *ctlScaleIn) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "scale-in", map[string]string{"target": c.Target})
}

func (c *ctlRerun) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "rerun", map[string]string{"profile": c.Profile, "poison": c.Poison, "boot": c.Boot, "seed": c.Seed})
}

func (c *ctlTear) run(ctx context.Context, s *session) error { return c.give(ctx, s, "tear", nil) }

func (c *ctlEtcdDown) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "etcd-down", nil)
}

func (c *ctlEtcdUp) run(ctx context.Context, s *session) error { return c.give(ctx, s, "etcd-up", nil) }

func (c *ctlWipe) run(ctx context.Context, s *session) error { return c.give(ctx, s, "wipe", nil) }

func (c *ctlStorm) run(ctx context.Context, s *session) error { return c.give(ctx, s, "storm", nil) }

func (c *ctlScaleOut) run(ctx context.Context, s *session) error {
	return c.give(ctx, s, "scale-out", nil)
}

func (c *ctlThaw) run(ctx context.Context, s *session) error { return c.give(ctx, s, "thaw", nil) }
