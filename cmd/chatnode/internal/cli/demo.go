package cli

import (
	"context"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/cluster"
)

// demoCommand is "chatnode demo".
type demoCommand struct {
	Profile   string    `enum:"naive,isolated,both" default:"both" help:"Which acts to run: naive, isolated or both."`
	Nodes     count     `default:"6" help:"Chat nodes."`
	Apis      count     `name:"apis" default:"3" help:"API nodes before the new one joins."`
	Users     count     `default:"2000" help:"Synthetic users."`
	Messages  rateOrOff `default:"20/s" help:"How many messages all users together write a second, or off."`
	Seed      uint64    `default:"1" help:"Seed of everything that draws random numbers."`
	Poison    period    `default:"2s" help:"How long the announcer of the bad record waits before it announces again."`
	Boot      period    `default:"3s" help:"How long a node that exited stays away, as a booting machine would."`
	Target    string    `enum:"new,existing" default:"new" help:"Whose write is cut: a new API node's first, or a later one of an existing node."`
	Autoscale string    `enum:"on,off" default:"on" help:"Whether API nodes are added and taken out by their load."`
	APIMin    int       `name:"api-min" default:"0" help:"The fewest API nodes that the autoscaler leaves; as many as --apis by default."`
	APIMax    int       `name:"api-max" default:"0" help:"The most API nodes that it adds up to; twice --apis by default."`
	Keep      bool      `help:"Stay up after the last act, until interrupted."`
	Headless  bool      `help:"Start no page and draw no status line."`
	JSON      string    `name:"json" placeholder:"FILE" help:"Write the results to this file, as JSON."`
	ReadyFile string    `placeholder:"FILE" help:"Write addresses and process IDs to this file whenever an act's cluster serves."`
	Dir       string    `placeholder:"DIR" help:"Where the run's temporary folder is made; the system's own by default."`
	pageFlags
}

// Help lists the exit codes.
func (demoCommand) Help() string {
	return "It makes one temporary folder, chooses free ports and leaves neither a process nor a folder behind. " +
		"Exit code 0 says that the acts ran, whatever they showed; interrupted before that it is 1.\n\n" + exitCodes()
}

func (c *demoCommand) run(ctx context.Context, s *session) error {
	if c.Replay != "" {
		return c.replay(ctx, s)
	}
	cfg := cluster.Config{
		Nodes: int(c.Nodes), APIs: int(c.Apis), Users: int(c.Users),
		Messages: c.messages(), Seed: c.Seed, Poison: time.Duration(c.Poison), Boot: time.Duration(c.Boot), Target: c.Target,
		Autoscale: c.Autoscale == "on", APIMin: c.APIMin, APIMax: c.APIMax,
		Keep: c.Keep, Headless: c.Headless,
		ReadyFile: c.ReadyFile, JSONFile: c.JSON, Dir: c.Dir,
		Out: s.stdout, Terminal: isTerminal(s.stdout), Log: s.log,
	}
	if c.Profile != "both" {
		cfg.Profiles = []string{c.Profile}
	}
	if err := cfg.Validate(); err != nil {
		return withCode(exitUsage, err)
	}
	if err := c.preparePage(ctx, s, &cfg); err != nil {
		return err
	}
	return cluster.Run(ctx, cfg)
}

// messages is the rate in the demo's words: no messages is a negative number.
func (c *demoCommand) messages() float64 {
	if c.Messages == 0 {
		return -1
	}
	return float64(c.Messages)
}
