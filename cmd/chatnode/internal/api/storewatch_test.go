package api

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func TestStoreWatchLogsChangesOnly(t *testing.T) {
	gone := errors.New("gone")
	for _, row := range []struct {
		name     string
		verdicts []error
		ready    bool
		lines    int
	}{
		{"never asked", nil, false, 0},
		{"answers from the start", []error{nil, nil, nil}, true, 1},
		{"away from the start", []error{gone, gone, errors.New("otherwise gone")}, false, 1},
		{"comes, goes and comes", []error{nil, nil, gone, gone, nil, nil}, true, 3},
		{"comes late", []error{gone, nil}, true, 2},
	} {
		log := &syncBuffer{}
		w := newStoreWatch(zerolog.New(log))
		for _, verdict := range row.verdicts {
			w.become(verdict)
		}
		if err := w.ready(); (err == nil) != row.ready {
			t.Errorf("%s: readiness: got %v, want ready %v", row.name, err, row.ready)
		}
		if got := strings.Count(log.String(), "\n"); got != row.lines {
			t.Errorf("%s: got %d lines, want %d:\n%s", row.name, got, row.lines, log)
		}
	}
}

// A store that takes the call and never answers is away; one that is full is not.
func TestStoreWatchAsks(t *testing.T) {
	for _, row := range []struct {
		name  string
		stats func(context.Context) (*wire.StatsReply, error)
		away  bool
	}{
		{"hangs", func(ctx context.Context) (*wire.StatsReply, error) { <-ctx.Done(); return nil, ctx.Err() }, true},
		{"is full", func(context.Context) (*wire.StatsReply, error) {
			return nil, status.Error(codes.ResourceExhausted, "full")
		}, false},
		{"answers", func(context.Context) (*wire.StatsReply, error) { return &wire.StatsReply{}, nil }, false},
	} {
		address, _ := startStore(t, &fakeStore{stats: row.stats})
		conn, err := wire.Dial(address, nil)
		if err != nil {
			t.Fatalf("dial: %v", err)
		}
		w := newStoreWatch(zerolog.Nop())
		if w.limit = patience / 5; row.away {
			w.limit = 20 * time.Millisecond
		}
		began := time.Now()
		if err := w.ask(t.Context(), wire.NewStoreClient(conn)); (err != nil) != row.away {
			t.Errorf("store that %s: got %v, want away %v", row.name, err, row.away)
		}
		if took := time.Since(began); took > patience/4 {
			t.Errorf("store that %s: the verdict took %v, want it within the limit", row.name, took)
		}
		_ = conn.Close()
	}
}
