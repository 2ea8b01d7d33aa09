package cli

import (
	"context"
	"net/http"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/fault"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// announcer keeps a node in the directory: [actors.Runtime], or the one of 2020.
type announcer interface {
	Start(ctx context.Context) error
	// Stop withdraws, as far as this announcer knows how, and waits until its
	// work has ended.
	Stop(ctx context.Context) error
	// Failed is closed when it ended without having been asked to; Err says why.
	Failed() <-chan struct{}
	Err() error
}

// newAnnouncer makes the one that --announce names, and the admin pages that it
// brings, if any.
func (c *apiCommand) newAnnouncer(s *session, a *admin, etcd *etcdv2.Registry, in registry.Instance) (announcer, http.Handler, error) {
	if c.Announce == "incident" {
		torn, err := c.incidentAnnouncer(s, in)
		return torn, nil, err
	}
	runtime, err := actors.New(actors.Config{
		Source: etcd, Writer: etcd, Prefix: c.Prefix, Seed: seedOf(c.ID), Observe: a.observer(s.log),
	})
	if err != nil {
		return nil, nil, err
	}
	commanding, err := c.commanding(a)
	if err != nil {
		return nil, nil, err
	}
	a.follow(runtime)
	return runtime, actorsadmin.HandlerWith(runtime, commanding), runtime.Announce(in, time.Duration(c.TTL))
}

// incidentAnnouncer writes as the API node of 2020 did, and the record as ours do.
func (c *apiCommand) incidentAnnouncer(s *session, in registry.Instance) (*tornAnnouncer, error) {
	key, err := registry.Key(c.Prefix, in.Service, in.ID)
	if err != nil {
		return nil, err
	}
	value, err := registry.Encode(in)
	if err != nil {
		return nil, err
	}
	endpoint := c.AnnounceVia
	if endpoint == "" {
		endpoint = c.Etcd[0]
	}
	torn, err := fault.NewTornAnnouncer(fault.TornConfig{
		Endpoint: string(endpoint), Key: key, Value: value,
		TTL: time.Duration(c.TTL), Retry: time.Duration(c.AnnounceRetry), Log: s.log,
		Announced: func(time.Time) { s.log.Info().Str("key", key).Msg("announced, the way of 2020") },
	})
	return &tornAnnouncer{torn: torn}, err
}

// tornAnnouncer runs [fault.TornAnnouncer] beside the node. It cannot fail, and
// it withdraws nothing: its record stays until its TTL is over.
type tornAnnouncer struct {
	torn *fault.TornAnnouncer
	task *task
}

func (a *tornAnnouncer) Start(ctx context.Context) error {
	a.task = background(ctx, func(ctx context.Context) error {
		a.torn.Run(ctx)
		return nil
	})
	return nil
}

func (a *tornAnnouncer) Stop(context.Context) error { return a.task.stop() }

func (a *tornAnnouncer) Failed() <-chan struct{} { return nil }

func (a *tornAnnouncer) Err() error { return nil }
