package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/load"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// The ways in which users come back.
const (
	reconnectNone        = "none"
	reconnectFixed       = "fixed"
	reconnectExponential = "exponential"
	reconnectJitter      = "jitter"
)

// readBackLimit bounds how long acknowledged messages are read back at the end.
const readBackLimit = time.Minute

// loadCommand is "chatnode load".
type loadCommand struct {
	Gateway       []gatewayURL `default:"ws://127.0.0.1:8080" help:"The chat nodes' WebSocket URLs."`
	Users         count        `default:"2000" help:"Users to keep connected; the store must have as many."`
	Seed          uint64       `default:"1" help:"Seed of the users' tokens, which must be the store's, and of their jitter."`
	Rate          perSecond    `default:"200/s" help:"How many users connect a second at first."`
	Reconnect     string       `enum:"none,fixed,exponential,jitter" default:"jitter" help:"How long users wait before they come back: none (not at all), fixed, exponential (capped), or jitter (drawn from zero to that)."`
	ReconnectBase period       `default:"500ms" help:"The fixed wait, or the first of those that grow."`
	ReconnectCap  period       `default:"15s" help:"The longest wait."`
	Resume        bool         `default:"true" negatable:"" help:"Whether users go on with their sessions when they come back."`
	Compress      string       `enum:"none,payload,zlib-stream" default:"none" help:"How users ask for their payloads: none, payload (each by itself) or zlib-stream."`
	REST          []httpURL    `name:"rest" help:"The API nodes' REST URLs, for messages."`
	Messages      rateOrOff    `default:"off" help:"How many messages all users together write a second, or off."`
	Duration      period       `placeholder:"PERIOD" help:"How long to run; until interrupted by default."`
	JSON          string       `name:"json" placeholder:"FILE" help:"Write the result to this file, as JSON."`
	role
}

// Help lists the exit codes.
func (loadCommand) Help() string {
	return "It prints what happened when it ends. Acknowledged messages are read back then; interrupt it again to end at once.\n\n" + exitCodes()
}

func (c *loadCommand) run(ctx context.Context, s *session) error {
	if c.Messages > 0 && len(c.REST) == 0 {
		return usagef("--messages %v: nobody takes them; name API nodes with --rest, for example http://127.0.0.1:8081", c.Messages)
	}
	shown := newMovingLine(s.stdout)
	cfg := c.config(s, shown)
	if err := cfg.Validate(); err != nil {
		return withCode(exitUsage, err)
	}
	files := openFiles()
	if err := files.need(int(c.Users), load.MaxCalls); err != nil {
		return err
	}
	if err := checkFile("--json", c.JSON); err != nil {
		return err
	}
	admin, err := c.openAdmin(ctx)
	if err != nil {
		return err
	}
	defer admin.stop(ctx)
	users, err := load.New(cfg)
	if err != nil {
		return withCode(exitUsage, err)
	}
	pages := users.Handler()
	admin.mux.Handle("GET /admin/stats", pages)
	admin.mux.Handle("GET /admin/acked", pages)
	admin.serve(s, func() error {
		if users.Stats().Ready == 0 {
			return errors.New("load: nobody has been connected yet")
		}
		return nil
	})
	s.log.Info().Str("admin", admin.url()).Int("users", int(c.Users)).Strs("gateways", texts(c.Gateway)).
		Str("rate", fmt.Sprintf("%g/s", float64(c.Rate))).Str("messages", c.Messages.String()).Msg("load starts")
	s.log.Info().Msg(files.line(load.MaxCalls))
	begin := time.Now()
	err = users.Run(ctx)
	took := time.Since(begin)
	shown.end()
	return errors.Join(err, c.report(ctx, s, users, took))
}

func (c *loadCommand) config(s *session, shown *movingLine) load.Config {
	cfg := load.Config{
		Gateways: texts(c.Gateway), Users: int(c.Users), Seed: c.Seed, Rate: float64(c.Rate),
		Token:    func(n int) string { return store.Token(c.Seed, n) },
		AtOnce:   c.Reconnect == reconnectNone,
		Resume:   c.Resume,
		Compress: load.Compression(c.Compress),
		REST:     texts(c.REST), Messages: float64(c.Messages), Duration: time.Duration(c.Duration),
		Log: shown.above(s.log),
	}
	base, most := time.Duration(c.ReconnectBase), time.Duration(c.ReconnectCap)
	switch c.Reconnect {
	case reconnectFixed:
		cfg.Backoff = backoff.Policy{Base: base, Cap: base, Factor: 1, Jitter: backoff.None}
	case reconnectExponential:
		cfg.Backoff = backoff.Policy{Base: base, Cap: most, Jitter: backoff.None}
	case reconnectJitter:
		cfg.Backoff = backoff.Policy{Base: base, Cap: most}
	}
	if shown != nil {
		cfg.Progress = shown.draw
	}
	return cfg
}

// report reads the messages back, prints the table and writes the file. Whoever holds a lifeline wants the end at once.
func (c *loadCommand) report(ctx context.Context, s *session, users *load.Load, took time.Duration) error {
	var read *load.Check
	if n := len(users.Acked()); n > 0 && !c.Lifeline {
		s.log.Info().Int("messages", n).Msg("reading acknowledged messages back; interrupt again to end at once")
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBackLimit)
		defer cancel()
		check := users.Check(ctx)
		read = &check
	}
	report := users.Report(took, read)
	if _, err := fmt.Fprint(s.stdout, report.Table()); err != nil {
		return err
	}
	return writeFile("--json", c.JSON, report)
}
