package etcdv2_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
	"github.com/firebreak-go/firebreak/registry/etcdv2/etcdtest"
)

// A bubble ends only when no goroutine is left, here or in etcd's handler.
func TestWatchesThatEndLeaveNothingBehind(t *testing.T) {
	const directory = "/services/api/"
	for _, row := range []struct {
		name string
		end  func(cancel context.CancelFunc)
		want error
	}{
		{"cancelled", func(cancel context.CancelFunc) { cancel() }, context.Canceled},
		{"by the caller's deadline", func(context.CancelFunc) { time.Sleep(30 * time.Second) }, context.DeadlineExceeded},
		{"by their own limit", func(context.CancelFunc) { time.Sleep(10 * time.Second) }, registry.ErrQuiet},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := etcdv2.Config{Endpoints: []string{etcdtest.Endpoint}, Transport: etcdtest.New()}
				if errors.Is(row.want, registry.ErrQuiet) {
					cfg.Wait = 10 * time.Second
				}
				r, err := etcdv2.New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				const watches = 200
				ended := make(chan error, watches)
				for range watches {
					go func() {
						_, err := r.Next(ctx, directory, 0)
						ended <- err
					}()
				}
				synctest.Wait()
				if len(ended) != 0 {
					t.Fatalf("watches that ended by themselves: got %d, the first with %v, want none", len(ended), <-ended)
				}
				row.end(cancel)
				for range watches {
					if err := <-ended; !errors.Is(err, row.want) {
						t.Errorf("watch: got error %v, want %v", err, row.want)
					}
				}
			})
		})
	}
}

// History is of all keys together, and renewals are in it.
func TestHistoryLostByRenewals(t *testing.T) {
	const directory, own, foreign = "/services/api/", "/services/api/api-1", "/foreign"
	for _, row := range []struct {
		name     string
		renewals int
		want     error
	}{
		{"as many as etcd remembers", 998, registry.ErrQuiet},
		{"one more", 999, registry.ErrQuiet},
		{"too many", 1000, registry.ErrHistoryLost},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := etcdv2.New(etcdv2.Config{Endpoints: []string{etcdtest.Endpoint}, Transport: etcdtest.New()})
				if err != nil {
					t.Fatal(err)
				}
				e, err := r.Create(t.Context(), own, "x", time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				_, err = r.Create(t.Context(), foreign, "x", time.Hour)
				for range row.renewals {
					if err == nil {
						_, err = r.Refresh(t.Context(), foreign, time.Hour)
					}
				}
				if err != nil {
					t.Fatal(err)
				}
				if c, err := r.Next(t.Context(), directory, e.Index); !errors.Is(err, row.want) {
					t.Errorf("next: got %+v and error %v, want %v", c, err, row.want)
				}
			})
		})
	}
}
