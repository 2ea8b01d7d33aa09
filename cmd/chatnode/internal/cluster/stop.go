package cluster

import (
	"fmt"
	"sync"
	"time"
)

// How long stopping an act may take: those who connect first, then etcd and the
// store, which close quickly once nobody asks them any more. Five seconds in all.
const (
	serverGrace = time.Second
	reapTime    = 250 * time.Millisecond // from SIGKILL to gone
)

// close stops everything of the act and waits until it is gone.
func (a *act) close() error {
	a.teller.silence()
	a.show.leave(a)
	for _, release := range a.releases {
		release()
	}
	var clients, servers []*process
	for _, p := range a.processes.all() {
		if p.spec.Role == roleEtcd || p.spec.Role == roleStore {
			servers = append(servers, p)
		} else {
			clients = append(clients, p)
		}
	}
	left := append(stopAll(clients, stopGrace), stopAll(servers, serverGrace)...)
	a.monitors.Wait()
	if a.proxy != nil {
		a.proxy.Close()
	}
	for _, link := range a.links {
		link.Close()
	}
	if len(left) > 0 {
		return fmt.Errorf("act %s: %s would not end even when killed", a.profile, list(left))
	}
	return nil
}

// stopAll stops processes at once and returns the names of those that are still there.
func stopAll(processes []*process, grace time.Duration) (left []string) {
	var stops sync.WaitGroup
	gone := make(chan struct{})
	for _, p := range processes {
		stops.Go(func() { p.stop(grace) })
	}
	go func() {
		stops.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-time.After(grace + reapTime):
	}
	for _, p := range processes {
		select {
		case <-p.done:
		default:
			left = append(left, p.spec.Name)
		}
	}
	return left
}
