package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/load"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
)

// loadCommand is "chatnode load".
type loadCommand struct {
	Gateway []gatewayURL `default:"ws://127.0.0.1:8080" help:"The chat nodes' WebSocket URLs."`
	Users   count        `default:"2000" help:"Users to keep connected; the store must have as many."`
	Seed    uint64       `default:"1" help:"Seed of the users' tokens, which must be the store's, and of their jitter."`
	Rate    perSecond    `default:"200/s" help:"How many users connect a second at first."`
	role
}

// Help lists the exit codes.
func (loadCommand) Help() string { return exitCodes() }

func (c *loadCommand) run(ctx context.Context, s *session) error {
	admin, err := c.openAdmin(ctx)
	if err != nil {
		return err
	}
	defer admin.stop(ctx)
	users, err := load.New(load.Config{
		Gateways: texts(c.Gateway), Users: int(c.Users), Seed: c.Seed, Rate: float64(c.Rate),
		Token: func(n int) string { return store.Token(c.Seed, n) },
		Log:   s.log,
	})
	if err != nil {
		return withCode(exitUsage, err)
	}
	admin.mux.Handle("GET /admin/stats", users.Handler())
	admin.serve(s, func() error {
		if users.Stats().Ready == 0 {
			return errors.New("load: nobody has been connected yet")
		}
		return nil
	})
	s.log.Info().Str("admin", admin.url()).Int("users", int(c.Users)).Strs("gateways", texts(c.Gateway)).
		Str("rate", fmt.Sprintf("%g/s", float64(c.Rate))).Msg("load starts")
	return users.Run(ctx)
}
