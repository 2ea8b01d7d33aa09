package cli

import (
	"context"
	"errors"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/actors/observe"
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

// newAnnouncer makes the one that --announce names, and the runtime that it is or
// has beside it, if any.
func (c *apiCommand) newAnnouncer(s *session, a *admin, etcd *etcdv2.Registry, in registry.Instance) (announcer, *actors.Runtime, error) {
	if c.Announce == "incident" {
		return c.incidentAnnouncer(s, a, etcd, in)
	}
	runtime, err := c.newRuntime(s, a, actors.Config{Source: etcd, Writer: etcd})
	if err != nil {
		return nil, nil, err
	}
	return runtime, runtime, runtime.Announce(in, time.Duration(c.TTL))
}

// newRuntime makes a runtime that knows the chat nodes when REST asks for them, and
// its admin pages.
func (c *apiCommand) newRuntime(s *session, a *admin, cfg actors.Config) (*actors.Runtime, error) {
	cfg.Prefix, cfg.Seed, cfg.Observe = c.Prefix, seedOf(c.ID), a.observer(s.log)
	runtime, err := actors.New(cfg)
	if err != nil {
		return nil, err
	}
	commanding, err := c.commanding(a)
	if err != nil {
		return nil, err
	}
	a.follow(runtime)
	a.mux.Handle("/admin/", actorsadmin.HandlerWith(runtime, commanding))
	if c.REST == "" {
		return runtime, nil
	}
	a.metrics.MustRegister(observe.NewStates(runtime, nodeService))
	return runtime, runtime.Watch(nodeService)
}

// gateways is where REST sends clients; nil without a runtime, and without REST.
func (c *apiCommand) gateways(runtime *actors.Runtime) func() []string {
	if runtime == nil || c.REST == "" {
		return nil
	}
	list := &gatewayList{flag: texts(c.Gateway), directory: func() *registry.Snapshot { return runtime.Snapshot(nodeService) }}
	return list.urls
}

// incidentAnnouncer writes as the API node of 2020 did, and the record as ours do.
// What REST needs to know is read by a runtime that writes nothing.
func (c *apiCommand) incidentAnnouncer(s *session, a *admin, etcd *etcdv2.Registry, in registry.Instance) (announcer, *actors.Runtime, error) {
	key, err := registry.Key(c.Prefix, in.Service, in.ID)
	if err != nil {
		return nil, nil, err
	}
	value, err := registry.Encode(in)
	if err != nil {
		return nil, nil, err
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
	if err != nil || c.REST == "" {
		return &tornAnnouncer{torn: torn}, nil, err
	}
	runtime, err := c.newRuntime(s, a, actors.Config{Source: etcd})
	return &tornAnnouncer{torn: torn, runtime: runtime}, runtime, err
}

// tornAnnouncer runs [fault.TornAnnouncer] beside the node. It cannot fail, and
// it withdraws nothing: its record stays until its TTL is over.
type tornAnnouncer struct {
	torn    *fault.TornAnnouncer
	runtime *actors.Runtime // reads what REST needs to know; nil without REST
	task    *task
}

func (a *tornAnnouncer) Start(ctx context.Context) error {
	if a.runtime != nil {
		if err := a.runtime.Start(ctx); err != nil {
			return err
		}
	}
	a.task = background(ctx, func(ctx context.Context) error {
		a.torn.Run(ctx)
		return nil
	})
	return nil
}

func (a *tornAnnouncer) Stop(ctx context.Context) error {
	err := a.task.stop()
	if a.runtime != nil {
		err = errors.Join(err, a.runtime.Stop(ctx))
	}
	return err
}

func (a *tornAnnouncer) Failed() <-chan struct{} {
	if a.runtime == nil {
		return nil
	}
	return a.runtime.Failed()
}

func (a *tornAnnouncer) Err() error {
	if a.runtime == nil {
		return nil
	}
	return a.runtime.Err()
}
