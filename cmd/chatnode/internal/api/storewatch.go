package api

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// storeWatch knows whether the store answers. It asks for itself: the calls that
// pass through say nothing while there are none, and would flap while there are
// many. Calls do not wait for its verdict.
type storeWatch struct {
	log   zerolog.Logger
	every time.Duration // between two questions, unless the connection changes
	limit time.Duration // for one answer

	// changed is called by run after each verdict that is another one; never nil.
	changed func()

	away atomic.Pointer[error] // nil: it answers; written by run only
}

var errNotAsked = errors.New("not asked yet")

func newStoreWatch(log zerolog.Logger) *storeWatch {
	w := &storeWatch{log: log, every: time.Second, limit: 2 * time.Second, changed: func() {}}
	w.away.Store(&errNotAsked)
	return w
}

// ready returns nil while the store answers.
func (w *storeWatch) ready() error {
	if away := w.away.Load(); away != nil {
		return fmt.Errorf("api: store: %w", *away)
	}
	return nil
}

// run asks until ctx ends.
func (w *storeWatch) run(ctx context.Context, conn *grpc.ClientConn) {
	client := wire.NewStoreClient(conn)
	for ctx.Err() == nil {
		err := w.ask(ctx, client)
		if ctx.Err() != nil {
			return
		}
		w.become(err)
		pause, cancel := context.WithTimeout(ctx, w.every)
		conn.WaitForStateChange(pause, conn.GetState())
		cancel()
	}
}

// ask returns nil when the store answers, with a refusal too.
func (w *storeWatch) ask(ctx context.Context, client wire.StoreClient) error {
	ctx, cancel := context.WithTimeout(ctx, w.limit)
	defer cancel()
	if _, err := client.Stats(ctx, &wire.StatsRequest{}); err != nil && silent(err) {
		return err
	}
	return nil
}

// become takes a verdict, and logs it when it is another one.
func (w *storeWatch) become(verdict error) {
	before := w.away.Load()
	if verdict == nil {
		if before != nil {
			w.away.Store(nil)
			w.log.Info().Msg("store answers")
			w.changed()
		}
		return
	}
	w.away.Store(&verdict)
	if before == nil || errors.Is(*before, errNotAsked) {
		w.log.Warn().Err(verdict).Msg("store is away: calls fail until it is back")
		w.changed()
	}
}
