package cluster

import (
	"context"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

const (
	monitorPeriod = 100 * time.Millisecond
	observeCall   = 2 * time.Second
	observeWait   = 20 * time.Second
)

// watchKey starts the observer of the poisoned record.
func (a *act) watchKey(ctx context.Context) error {
	source, err := etcdv2.New(etcdv2.Config{
		Endpoints: []string{a.maker.etcdURL()}, Timeout: observeCall, Wait: observeWait,
	})
	if err != nil {
		return err
	}
	directory, err := registry.Directory(registry.DefaultPrefix, apiService)
	if err != nil {
		return err
	}
	o := &observer{
		source: source, directory: directory, key: a.layout.key, id: a.layout.joiner.name, report: a.journal.add,
		saw: a.show.record,
	}
	a.monitor(ctx, func(ctx context.Context) {
		defer source.Close()
		o.run(ctx)
	})
	return nil
}

// showStatus feeds the status line until ctx ends.
func (a *act) showStatus(ctx context.Context, s *screen) {
	tick := time.NewTicker(monitorPeriod)
	defer tick.Stop()
	for {
		a.journal.look(func(b *board) {
			s.show(status{
				act: a.profile, connected: b.load.Connected, users: a.cfg.Users,
				ready: b.nodesReady(), nodes: len(b.nodes), badKeys: b.badKeys(),
			})
		})
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.show(status{over: true})
			return
		}
	}
}

// keepReadyFresh rewrites the ready file whenever a process came or went, so
// that the process IDs in it are those that run.
func (a *act) keepReadyFresh(ctx context.Context) {
	tick := time.NewTicker(monitorPeriod)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		changed := false
		a.journal.look(func(b *board) { changed, b.changed = b.changed, false })
		if !changed {
			continue
		}
		if err := a.writeReady(); err != nil {
			a.cfg.Log.Warn().Err(err).Msg("ready file not rewritten")
		}
	}
}

func (a *act) writeReady() error {
	if a.cfg.ReadyFile == "" {
		return nil
	}
	file := newReadyFile(a.profile, a.dir, a.present(), a.pids())
	file.Bots = a.cfg.bots()
	return writeJSON(a.cfg.ReadyFile, file)
}
